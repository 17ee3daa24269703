//===- Loops.cpp - Kernels, block by block --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Loops.h"

#include "RowMemory.h"
#include "Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

KernelLowering::KernelLowering(Frame &frame, KernelOp kernel)
    : frame(frame), b(frame.b), kernel(kernel), values(frame) {
  for (auto [argument, value] :
       llvm::zip_equal(kernel.getBody().getArguments(), frame.getArguments()))
    values.scalars.map(argument, value);
}

LogicalResult KernelLowering::lower() {
  Block &body = kernel.getBody().front();
  FailureOr<std::vector<Step>> steps = planBlock(body, frame.processor.lanes());
  if (failed(steps))
    return failure();
  neededRows = countNeededRows();
  return lowerBlock(body, *steps, Destinations());
}

//===----------------------------------------------------------------------===//
// Rows that are needed
//===----------------------------------------------------------------------===//

/// Copies what an index is computed from; null where it depends on a loop.
static Value cloneIndex(Frame &frame, Value value, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() || !isMemoryEffectFree(op))
    return {};
  for (Value operand : op->getOperands())
    if (!cloneIndex(frame, operand, mapping))
      return {};
  if (auto id = dyn_cast<BlockIdOp>(op))
    mapping.map(value, frame.blockId(id.getDim()));
  else if (auto dim = dyn_cast<GridDimOp>(op))
    mapping.map(value, frame.gridDim(dim.getDim()));
  else
    frame.b.clone(*op, mapping);
  return mapping.lookup(value);
}

/// Rows that no store keeps need not be computed, unless a product reads all
/// rows of what is computed.
Value KernelLowering::countNeededRows() {
  IRMapping mapping = values.scalars;
  Value most;
  int64_t rows = 0;
  bool isKnown = true;
  kernel.walk([&](Operation *op) {
    if (auto dot = dyn_cast<DotOp>(op)) {
      Operation *right = dot.getB().getDefiningOp();
      while (right && isElementwise(right) && right->getNumOperands() == 1)
        right = right->getOperand(0).getDefiningOp();
      isKnown &= isa_and_nonnull<LoadOp>(right);
    }
    auto store = dyn_cast<StoreOp>(op);
    if (!store || !isKnown)
      return;
    isKnown &= rows == 0 || rows == rowsOf(store.getValue());
    rows = rowsOf(store.getValue());
    for (Value operand : store->getOperands().drop_front())
      isKnown = isKnown && cloneIndex(frame, operand, mapping);
    if (!isKnown)
      return;
    Value count = RowMemory(frame, store, mapping).countRows();
    most = most ? Value(arith::MaxSIOp::create(b, most, count)) : count;
  });
  storedRows = rows;
  return isKnown ? most : Value();
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

Value KernelLowering::loadElement(ElementOp op) {
  SmallVector<Value> indices =
      llvm::map_to_vector(op.getIndices(), [&](Value index) {
        return values.scalars.lookup(index);
      });
  return memref::LoadOp::create(b, values.scalars.lookup(op.getSource()),
                                indices);
}

void KernelLowering::cloneScalar(Operation *op) {
  if (auto id = dyn_cast<BlockIdOp>(op))
    values.scalars.map(id.getResult(), frame.blockId(id.getDim()));
  else if (auto dim = dyn_cast<GridDimOp>(op))
    values.scalars.map(dim.getResult(), frame.gridDim(dim.getDim()));
  else if (auto element = dyn_cast<ElementOp>(op))
    values.scalars.map(element.getResult(), loadElement(element));
  else
    b.clone(*op, values.scalars);
}

LogicalResult KernelLowering::lowerBlock(Block &block,
                                         const std::vector<Step> &steps,
                                         const Destinations &destinations) {
  for (const Step &step : steps) {
    if (step.group) {
      emitGroup(frame, values, *step.group, countComputedRows(step.group->rows),
                destinations);
      continue;
    }
    if (step.op->getNumRegions() == 0 && !isa<AnyOp>(step.op))
      cloneScalar(step.op);
    else if (failed(lowerStep(step.op)))
      return failure();
  }
  return success();
}

LogicalResult KernelLowering::lowerStep(Operation *op) {
  if (auto any = dyn_cast<AnyOp>(op)) {
    lowerAny(any);
    return success();
  }
  if (auto walk = dyn_cast<WalkOp>(op))
    return lowerWalk(walk);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerFor(loop);
  if (auto choice = dyn_cast<scf::IfOp>(op))
    return lowerIf(choice);
  return op->emitOpError("has no form for processors");
}

/// Number of rows of a tile of `rows` rows that are computed.
Value KernelLowering::countComputedRows(int64_t rows) {
  return neededRows && rows == storedRows ? neededRows : frame.index(rows);
}

/// Asks every row that is computed.
void KernelLowering::lowerAny(AnyOp any) {
  Value no = arith::ConstantOp::create(b, b.getBoolAttr(false));
  auto loop = scf::ForOp::create(b, frame.index(0),
                                 countComputedRows(rowsOf(any.getInput())),
                                 frame.index(1), ValueRange(no));
  values.scalars.map(any.getResult(), loop.getResult(0));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  RowScope scope;
  scope.row = scope.rowOfBlock = loop.getInductionVar();
  Value yes = arith::OrIOp::create(b, loop.getRegionIterArg(0),
                                   anyOfRow(any.getInput(), scope));
  scf::YieldOp::create(b, yes);
}

/// Of one row. Columns of the last vector that are behind the tile repeat the
/// last one.
Value KernelLowering::anyOfRow(Value tile, RowScope &scope) {
  if (isRowVector(tile))
    return values.scalarOf(tile, scope);
  Value any;
  for (int64_t column = 0; column < columnsOf(tile);
       column += frame.processor.lanes()) {
    Value vector = values.vectorAt(tile, column, scope);
    any = any ? arith::OrIOp::create(b, any, vector).getResult() : vector;
  }
  return vector::ReductionOp::create(b, vector::CombiningKind::OR, any);
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// Whether `choice` is the last that reads a tile, so that its memory can
/// become that of a result.
static bool isLastReadIn(scf::IfOp choice, Value tile) {
  return llvm::all_of(tile.getUsers(), [&](Operation *user) {
    Operation *ancestor = choice->getBlock()->findAncestorOpInBlock(*user);
    if (!ancestor)
      return false;
    return ancestor->isBeforeInBlock(choice) ||
           (ancestor == choice && user->hasTrait<OpTrait::IsTerminator>());
  });
}

/// Results go where one of the branches has them already, or to new memory.
SmallVector<Value> KernelLowering::placeResults(scf::IfOp choice) {
  SmallVector<Value> memrefs;
  for (unsigned i = 0; i < choice.getNumResults(); ++i) {
    Value memref;
    for (scf::YieldOp yield : {choice.thenYield(), choice.elseYield()}) {
      Value yielded = yield.getOperand(i);
      const TilePlace *place = values.placeOf(yielded);
      if (place && place->hasAllRows && isLastReadIn(choice, yielded))
        memref = place->memref;
    }
    auto type = cast<RankedTensorType>(choice.getResult(i).getType());
    memrefs.push_back(memref ? memref
                             : allocateRows(frame, type, type.getDimSize(0)));
  }
  return memrefs;
}

LogicalResult KernelLowering::lowerBranch(Block &block,
                                          ArrayRef<Value> memrefs) {
  FailureOr<std::vector<Step>> steps =
      planBlock(block, frame.processor.lanes());
  if (failed(steps) || failed(lowerBlock(block, *steps, Destinations())))
    return failure();
  for (auto [yielded, memref] :
       llvm::zip_equal(block.getTerminator()->getOperands(), memrefs)) {
    const TilePlace *place = values.placeOf(yielded);
    if (!place || place->memref != memref)
      writeTile(yielded, memref);
  }
  return success();
}

LogicalResult KernelLowering::lowerIf(scf::IfOp choice) {
  if (!llvm::all_of(choice.getResults(), isTile))
    return choice.emitOpError("returns what is no tile, which has no form for "
                              "processors");
  SmallVector<Value> memrefs = placeResults(choice);
  Value condition = values.scalars.lookup(choice.getCondition());
  auto lowered = scf::IfOp::create(b, condition, choice.elseBlock() != nullptr);
  for (auto [from, to] :
       llvm::zip_equal(choice->getRegions(), lowered->getRegions())) {
    if (from.empty())
      continue;
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(&to.front());
    if (failed(lowerBranch(from.front(), memrefs)))
      return failure();
  }
  for (auto [result, memref] : llvm::zip_equal(choice.getResults(), memrefs))
    values.setPlace(result, {memref, /*hasAllRows=*/true});
  return success();
}

//===----------------------------------------------------------------------===//
// Loops that carry tiles
//===----------------------------------------------------------------------===//

void KernelLowering::copyTile(Value from, Value to) {
  memref::CopyOp::create(b, from, to);
}

/// A tile as it is computed, or a copy of it.
void KernelLowering::writeTile(Value tile, Value memref) {
  if (const TilePlace *place = values.placeOf(tile))
    return copyTile(place->memref, memref);
  auto loop = scf::ForOp::create(b, frame.index(0), frame.index(rowsOf(tile)),
                                 frame.index(1));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  RowScope scope;
  scope.row = scope.rowOfBlock = loop.getInductionVar();
  if (isRowVector(tile)) {
    memref::StoreOp::create(b, values.scalarOf(tile, scope), memref,
                            ValueRange(scope.row));
    return;
  }
  for (int64_t column = 0; column < columnsOf(tile);
       column += frame.processor.lanes())
    vector::StoreOp::create(b, values.vectorAt(tile, column, scope), memref,
                            ValueRange{scope.row, frame.index(column)});
}

/// Memory for carried tiles, with what they are at first.
SmallVector<Value> KernelLowering::startCarrying(ValueRange inits) {
  SmallVector<Value> memrefs;
  for (Value init : inits) {
    auto type = cast<RankedTensorType>(init.getType());
    memrefs.push_back(allocateRows(frame, type, type.getDimSize(0)));
    writeTile(init, memrefs.back());
  }
  return memrefs;
}

static bool hasOneGroup(const std::vector<Step> &steps) {
  return llvm::count_if(steps, [](const Step &step) {
           return step.group || step.op->getNumRegions();
         }) <= 1;
}

/// Whether the value is written to a place, and not computed where it is
/// needed.
static bool isWrittenIn(const std::vector<Step> &steps, Value value) {
  return llvm::any_of(steps, [&](const Step &step) {
    return step.group && step.group->places.contains(value);
  });
}

/// One loop whose body is `block`: its first argument is the number of the
/// step, the others are carried.
LogicalResult KernelLowering::lowerLoop(Block &block, Value first, Value last,
                                        Value step, ArrayRef<Value> memrefs) {
  FailureOr<std::vector<Step>> steps =
      planBlock(block, frame.processor.lanes());
  if (failed(steps))
    return failure();
  auto loop = scf::ForOp::create(b, first, last, step);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  values.scalars.map(block.getArgument(0), loop.getInductionVar());
  Destinations destinations;
  SmallVector<std::pair<Value, Value>> copies; // what is yielded, to where
  for (auto [carried, yielded, memref] :
       llvm::zip_equal(block.getArguments().drop_front(),
                       block.getTerminator()->getOperands(), memrefs)) {
    values.setPlace(carried, {memref, /*hasAllRows=*/true});
    SmallVector<Value> inPlace;
    if (isReplacedInPlace(carried, yielded, inPlace)) {
      for (Value value : inPlace)
        if (isWrittenIn(*steps, value))
          values.setPlace(value, {memref, /*hasAllRows=*/true});
      continue;
    }
    bool isWrittenLast =
        isRowVector(yielded) && hasOneGroup(*steps) &&
        !destinations.contains(yielded) && yielded.getParentBlock() == &block &&
        yielded.getDefiningOp() && isElementwise(yielded.getDefiningOp());
    if (isWrittenLast)
      destinations[yielded] = memref;
    else
      copies.emplace_back(yielded, memref);
  }
  if (failed(lowerBlock(block, *steps, destinations)))
    return failure();
  SmallVector<Value> sources;
  for (auto [yielded, memref] : copies) {
    const TilePlace *place = values.placeOf(yielded);
    if (!place)
      return kernel.emitOpError("carries a tile that has no place");
    Value source = place->memref;
    if (llvm::is_contained(memrefs, source)) { // of another carried tile
      auto type = cast<MemRefType>(source.getType());
      Value copy = frame.allocate(type.getShape(), type.getElementType());
      copyTile(source, copy);
      source = copy;
    }
    sources.push_back(source);
  }
  for (auto [copy, source] : llvm::zip_equal(copies, sources))
    copyTile(source, copy.second);
  return success();
}

LogicalResult KernelLowering::lowerWalk(WalkOp walk) {
  SmallVector<Value> memrefs = startCarrying(walk.getInits());
  for (unsigned segment = 0; segment < walk.getNumSegments(); ++segment) {
    Value lower = values.scalars.lookup(walk.getLower(segment));
    if (segment == 0 && walk.getSkip())
      lower = arith::AddIOp::create(b, lower, frame.index(walk.getSkip()));
    Value upper = values.scalars.lookup(walk.getUpper(segment));
    if (lower == upper)
      continue;
    if (failed(lowerLoop(*walk.getStep(segment), lower, upper, frame.index(1),
                         memrefs)))
      return failure();
  }
  for (auto [result, memref] : llvm::zip_equal(walk.getResults(), memrefs))
    values.setPlace(result, {memref, /*hasAllRows=*/true});
  return success();
}

/// A loop that carries numbers alone.
LogicalResult KernelLowering::lowerNumbers(scf::ForOp loop) {
  auto mapped = [&](ValueRange from) {
    return llvm::map_to_vector(
        from, [&](Value value) { return values.scalars.lookup(value); });
  };
  FailureOr<std::vector<Step>> steps =
      planBlock(*loop.getBody(), frame.processor.lanes());
  if (failed(steps))
    return failure();
  auto lowered = scf::ForOp::create(
      b, values.scalars.lookup(loop.getLowerBound()),
      values.scalars.lookup(loop.getUpperBound()),
      values.scalars.lookup(loop.getStep()), mapped(loop.getInitArgs()));
  values.scalars.map(loop.getBody()->getArguments(),
                     lowered.getBody()->getArguments());
  values.scalars.map(loop.getResults(), lowered.getResults());
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(lowered.getBody());
  if (failed(lowerBlock(*loop.getBody(), *steps, Destinations())))
    return failure();
  scf::YieldOp::create(b,
                       mapped(loop.getBody()->getTerminator()->getOperands()));
  return success();
}

LogicalResult KernelLowering::lowerFor(scf::ForOp loop) {
  if (loop.getNumResults() && llvm::none_of(loop.getInitArgs(), isTile))
    return lowerNumbers(loop);
  if (!llvm::all_of(loop.getInitArgs(), isTile))
    return loop.emitOpError("carries tiles and numbers, which has no form for "
                            "processors");
  SmallVector<Value> memrefs = startCarrying(loop.getInitArgs());
  auto bound = [&](Value value) { return values.scalars.lookup(value); };
  if (failed(lowerLoop(*loop.getBody(), bound(loop.getLowerBound()),
                       bound(loop.getUpperBound()), bound(loop.getStep()),
                       memrefs)))
    return failure();
  for (auto [result, memref] : llvm::zip_equal(loop.getResults(), memrefs))
    values.setPlace(result, {memref, /*hasAllRows=*/true});
  return success();
}
