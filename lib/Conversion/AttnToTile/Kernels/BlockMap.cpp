//===- BlockMap.cpp - Which key tiles a predicate keeps -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two kernels. In the first one, each CTA is one warp, which evaluates `keep`
// on a query tile and a key tile, some rows at a time. In the second one, each
// CTA lists what the first one found for a query tile.
//
//===----------------------------------------------------------------------===//

#include "BlockMap.h"

#include "../Index/BlockLists.h"
#include "../Index/HeadGroups.h"
#include "../Index/KeyRanges.h"
#include "../Index/TileOrder.h"
#include "../Parts/RegionTiles.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Which predicates need it
//===----------------------------------------------------------------------===//

/// Whether keep, or what it reads, depends on an argument.
static bool dependsOn(SdpaOp op, unsigned argument) {
  return !op.getKeep().empty() &&
         !op.getKeep().front().getArgument(argument).use_empty();
}

bool attn::keepDependsOnBatch(SdpaOp op) { return dependsOn(op, 0); }
bool attn::keepDependsOnHead(SdpaOp op) { return dependsOn(op, 1); }

bool attn::usesBlockMap(SdpaOp op, ScheduleAttr schedule) {
  bool visitsAllKeys = op.getMaskedRow() == MaskedRow::Uniform;
  bool haveHeadsDifferent = schedule.getHeads() > 1 && keepDependsOnHead(op);
  return !op.getKeep().empty() && !visitsAllKeys && !haveHeadsDifferent &&
         schedule.getSplit() == 1 &&
         !areDescribedByRange(analyzeKeep(op.getKeep()));
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

namespace {

class BlockClassesKernel {
public:
  BlockClassesKernel(KernelOp kernel, SdpaOp op, ScheduleAttr schedule,
                     const BlockClassesSignature &signature)
      : b(kernel), op(op), arguments(signature.bind(kernel)),
        rows(kernel.getSchedule().getTileRows()), keys(schedule.getKv()),
        queries(schedule.getQueries()), captures(bindCaptures()),
        regions(b, op, captures, rows) {}
  void emit();

private:
  using Argument = BlockClassesArgument;
  SmallVector<Value> bindCaptures() {
    SmallVector<Value> memrefs;
    for (size_t i = 0; i < op.getCaptures().size(); ++i)
      memrefs.push_back(arguments[blockCaptureArgument(i)]);
    return memrefs;
  }
  void locate();
  Value emitIsVisited();
  std::pair<Value, Value> emitFound();
  std::pair<Value, Value> emitRows(Value firstRow);
  void store(Value number);

  TileBuilder b;
  SdpaOp op;
  NamedValues<Argument> arguments;
  int64_t rows, keys, queries;
  SmallVector<Value> captures;
  RegionTiles regions;
  TileIndex tile;
  Value queryTile, keyTile, firstQuery, endQuery, firstKey;
  Value queryLength, keyLength;
};

} // namespace

void BlockClassesKernel::locate() {
  tile = tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]);
  queryLength = arguments[Argument::QueryLength];
  keyLength = arguments[Argument::KeyLength];
  queryTile = b.div(tile.block, arguments[Argument::KeyTiles]);
  keyTile = b.rem(tile.block, arguments[Argument::KeyTiles]);
  firstQuery = b.mul(queryTile, b.index(queries));
  endQuery = b.min(b.add(firstQuery, b.index(queries)), queryLength);
  firstKey = b.mul(keyTile, b.index(keys));
}

/// Whether the range has any key of the tile.
Value BlockClassesKernel::emitIsVisited() {
  QueryTile query = {tile.batch, tile.head,   firstQuery,
                     queries,    queryLength, keyLength};
  return emitVisits(b, emitKeyRange(b, op, query, keys), keyTile);
}

/// Whether any pair of some rows is kept, and whether any is dropped. Rows and
/// keys behind the last ones are taken as the last ones.
std::pair<Value, Value> BlockClassesKernel::emitRows(Value firstRow) {
  Value first = b.add(firstQuery, firstRow);
  Value query = emitPositions(b, first, b.tileType(rows, 1, b.getI32Type()));
  Value key = emitPositions(b, firstKey, b.tileType(1, keys, b.getI32Type()));
  regions.setRows({b.toI32(tile.batch), b.toI32(tile.head),
                   b.clampBelow(query, endQuery), /*key=*/{}, queryLength,
                   keyLength});
  Value kept = regions.emitKeep(b.clampBelow(key, keyLength), keys);
  Value ones =
      b.constant(b.tileType(rows, keys, b.getI1Type()), b.getBoolAttr(true));
  Value dropped = arith::XOrIOp::create(b, kept, ones);
  return {AnyOp::create(b, kept), AnyOp::create(b, dropped)};
}

/// The same of all rows.
std::pair<Value, Value> BlockClassesKernel::emitFound() {
  Value none = arith::ConstantIntOp::create(b, 0, 1);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(queries), b.index(rows),
                                 ValueRange{none, none});
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  auto [keeps, drops] = emitRows(loop.getInductionVar());
  Value kept = arith::OrIOp::create(b, loop.getRegionIterArg(0), keeps);
  Value dropped = arith::OrIOp::create(b, loop.getRegionIterArg(1), drops);
  scf::YieldOp::create(b, ValueRange{kept, dropped});
  return {loop.getResult(0), loop.getResult(1)};
}

void BlockClassesKernel::store(Value number) {
  memref::StoreOp::create(
      b, number, arguments[Argument::Classes],
      ValueRange{tile.batch, tile.head, queryTile, keyTile});
}

static Value numberOf(TileBuilder &b, BlockClass kind) {
  return arith::ConstantIntOp::create(b, static_cast<int64_t>(kind), 32);
}

/// A tile that reaches behind the last key needs a mask for that.
void BlockClassesKernel::emit() {
  locate();
  auto guard = scf::IfOp::create(b, emitIsVisited(), /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(guard.elseBlock());
    store(numberOf(b, BlockClass::Empty));
    b.setInsertionPointToStart(guard.thenBlock());
    auto [keeps, drops] = emitFound();
    Value end = b.add(firstKey, b.index(keys));
    Value isCut =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, end, keyLength);
    Value needsMask = arith::OrIOp::create(b, drops, isCut);
    Value kept =
        arith::SelectOp::create(b, needsMask, numberOf(b, BlockClass::Partial),
                                numberOf(b, BlockClass::Full));
    store(arith::SelectOp::create(b, keeps, kept,
                                  numberOf(b, BlockClass::Empty)));
  }
  ReturnOp::create(b);
}

void attn::emitBlockClassesKernel(KernelOp kernel, SdpaOp op,
                                  ScheduleAttr schedule,
                                  const BlockClassesSignature &signature) {
  BlockClassesKernel(kernel, op, schedule, signature).emit();
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

namespace {

class BlockListsKernel {
public:
  BlockListsKernel(KernelOp kernel, const BlockListsSignature &signature)
      : b(kernel), arguments(signature.bind(kernel)) {}
  void emit();

private:
  using Argument = BlockListsArgument;
  void store(Value number, Value place);
  Value addIf(Value isOf, Value place, Value keyTile, Value count);

  TileBuilder b;
  NamedValues<Argument> arguments;
  TileIndex tile;
};

} // namespace

void BlockListsKernel::store(Value number, Value place) {
  memref::StoreOp::create(b, b.toI32(number), arguments[Argument::Lists],
                          ValueRange{tile.batch, tile.head, tile.block, place});
}

/// Writes the key tile where it belongs, and counts it.
Value BlockListsKernel::addIf(Value isOf, Value place, Value keyTile,
                              Value count) {
  auto guard = scf::IfOp::create(b, isOf, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(guard.thenBlock());
    store(keyTile, place);
  }
  return arith::SelectOp::create(b, isOf, b.add(count, b.index(1)), count);
}

void BlockListsKernel::emit() {
  tile = tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]);
  Value keyTiles = arguments[Argument::KeyTiles];
  Value last = b.add(keyTiles, b.index(kBlockCounts - 1));
  auto loop = scf::ForOp::create(b, b.index(0), keyTiles, b.index(1),
                                 ValueRange{b.index(0), b.index(0)});
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    Value keyTile = loop.getInductionVar();
    Value number = ElementOp::create(
        b, arguments[Argument::Classes],
        ValueRange{tile.batch, tile.head, tile.block, keyTile});
    auto isOf = [&](BlockClass kind) -> Value {
      return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number,
                                   numberOf(b, kind));
    };
    Value partial = loop.getRegionIterArg(0), full = loop.getRegionIterArg(1);
    Value fromFront = b.add(partial, b.index(kBlockCounts));
    partial = addIf(isOf(BlockClass::Partial), fromFront, keyTile, partial);
    full = addIf(isOf(BlockClass::Full), b.sub(last, full), keyTile, full);
    scf::YieldOp::create(b, ValueRange{partial, full});
  }
  store(loop.getResult(0), b.index(0));
  store(loop.getResult(1), b.index(1));
  ReturnOp::create(b);
}

void attn::emitBlockListsKernel(KernelOp kernel,
                                const BlockListsSignature &signature) {
  BlockListsKernel(kernel, signature).emit();
}
