//===- Groups.cpp - What is computed a block of rows at a time ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Groups.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

Value RowItem::getInput() const {
  if (!op)
    return value;
  if (auto store = dyn_cast<StoreOp>(op))
    return store.getValue();
  return op->getOperand(0);
}

static bool isFloat(Value tile) { return isa<FloatType>(elementOf(tile)); }

static bool isConstant(Value tile) {
  return tile.getDefiningOp<arith::ConstantOp>();
}

/// Whether the operation is a step of a node whoever needs its result.
static bool isAnchor(Operation *op) {
  return isa<DotOp, ReduceOp, FoldOp, StoreOp>(op);
}

/// Whether an elementwise value must be in memory: products read it there, or
/// another basic block does.
static bool needsPlace(Value tile) {
  if (!isFloat(tile) || isConstant(tile))
    return false;
  if (auto load = tile.getDefiningOp<LoadOp>())
    if (isRowVector(load.getResult()))
      return true;
  return llvm::any_of(tile.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto dot = dyn_cast<DotOp>(user))
      if (use.get() == dot.getA() || use.get() == dot.getAcc())
        return true;
    return user->getBlock() != tile.getParentBlock() ||
           user->hasTrait<OpTrait::IsTerminator>() || user->getNumRegions();
  });
}

namespace {

class BlockPlanner {
public:
  BlockPlanner(Block &block, int64_t lanes) : block(block), lanes(lanes) {}
  FailureOr<std::vector<Step>> plan();

private:
  LogicalResult add(Operation *op);
  void addItem(RowItem item, int64_t rows);
  void addProduct(DotOp op);
  void openGroup(int64_t rows);
  void closeGroup();
  void keepRowVector(Value vector);
  void collectLeaves(Value tile, SmallVectorImpl<Value> &leaves);
  int earliestNode(Value input);
  void choosePlaces();
  bool isUsedOutside(Value tile, Group *group);

  /// Where a value with a place, or a kept row vector, is computed.
  struct Origin {
    Group *group;
    int node;
    bool isReadyAfter; // its node, not within
  };

  Block &block;
  int64_t lanes; // of a vector of f32
  std::vector<Step> steps;
  std::unique_ptr<Group> group;
  llvm::MapVector<Value, Origin> origins;
  llvm::DenseMap<Operation *, Group *> groupOf;
};

} // namespace

void BlockPlanner::closeGroup() {
  if (!group)
    return;
  steps.emplace_back();
  steps.back().group = std::move(group);
}

void BlockPlanner::openGroup(int64_t rows) {
  if (group && group->rows != rows)
    closeGroup();
  if (group)
    return;
  group = std::make_unique<Group>();
  group->rows = rows;
}

/// Values in this block that are computed in nodes and that `tile` is made of.
void BlockPlanner::collectLeaves(Value tile, SmallVectorImpl<Value> &leaves) {
  if (origins.contains(tile)) {
    leaves.push_back(tile);
    return;
  }
  Operation *op = tile.getDefiningOp();
  if (!op || !isElementwise(op))
    return;
  for (Value operand : op->getOperands())
    if (isTile(operand))
      collectLeaves(operand, leaves);
}

/// The first node in which `input` can be computed.
int BlockPlanner::earliestNode(Value input) {
  SmallVector<Value> leaves;
  collectLeaves(input, leaves);
  int earliest = 0;
  for (Value leaf : leaves) {
    Origin origin = origins[leaf];
    if (origin.group == group.get())
      earliest = std::max(earliest, origin.node + origin.isReadyAfter);
  }
  return earliest;
}

void BlockPlanner::addItem(RowItem item, int64_t rows) {
  openGroup(rows);
  int node = earliestNode(item.getInput());
  int count = group->nodes.size();
  while (node < count && group->nodes[node].product)
    ++node;
  if (node == count)
    group->nodes.emplace_back();
  group->nodes[node].items.push_back(item);
  if (item.op)
    groupOf[item.op] = group.get();
  if (item.op && isa<StoreOp>(item.op))
    return;
  Value result = item.op ? item.op->getResult(0) : item.value;
  origins[result] = {group.get(), node,
                     /*isReadyAfter=*/isRowVector(result)};
}

void BlockPlanner::addProduct(DotOp op) {
  int64_t rows = rowsOf(op.getResult());
  openGroup(rows);
  // All rows of the right operand must be there.
  SmallVector<Value> leaves;
  collectLeaves(op.getB(), leaves);
  if (llvm::any_of(leaves, [&](Value leaf) {
        return origins[leaf].group == group.get();
      })) {
    closeGroup();
    openGroup(rows);
  }
  group->nodes.emplace_back();
  group->nodes.back().product = op;
  group->products.push_back(op);
  groupOf[op] = group.get();
  origins[op.getResult()] = {group.get(), int(group->nodes.size()) - 1,
                             /*isReadyAfter=*/true};
}

void BlockPlanner::keepRowVector(Value vector) {
  openGroup(rowsOf(vector));
  group->keptRowVectors.push_back(vector);
  groupOf[vector.getDefiningOp()] = group.get();
}

/// Elementwise values are computed where they are needed; here only if they
/// need a place.
/// Columns that are whole vectors, or an equal share of the lanes.
static bool isFoldedEvenly(FoldOp op, int64_t lanes) {
  int64_t columns = columnsOf(op.getResult());
  return columns % lanes == 0 || lanes % columns == 0;
}

LogicalResult BlockPlanner::add(Operation *op) {
  if (auto fold = dyn_cast<FoldOp>(op); fold && !isFoldedEvenly(fold, lanes))
    return fold.emitOpError("to ")
           << columnsOf(fold.getResult())
           << " columns has no form for vectors of " << lanes;
  if (auto dot = dyn_cast<DotOp>(op)) {
    addProduct(dot);
    return success();
  }
  if (isAnchor(op)) {
    RowItem item;
    item.op = op;
    addItem(item, rowsOf(item.getInput()));
    return success();
  }
  bool isRowVectorLoad = isa<LoadOp>(op) && isRowVector(op->getResult(0));
  if (!isElementwise(op) && !isRowVectorLoad)
    return op->emitOpError("has no form for processors");
  for (Value result : op->getResults()) {
    if (!needsPlace(result))
      continue;
    if (isRowVector(result) && !isRowVectorLoad) {
      keepRowVector(result);
      continue;
    }
    RowItem item;
    item.value = result;
    addItem(item, rowsOf(result));
  }
  return success();
}

/// Whether somebody outside the group reads the tile, or a product or `any`
/// reads all its rows.
bool BlockPlanner::isUsedOutside(Value tile, Group *group) {
  return llvm::any_of(tile.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (user->getBlock() != &block || user->getNumRegions() ||
        isa<AnyOp>(user) || user->hasTrait<OpTrait::IsTerminator>())
      return true;
    if (auto dot = dyn_cast<DotOp>(user); dot && use.get() == dot.getB())
      return true;
    if (auto it = groupOf.find(user); it != groupOf.end())
      return it->second != group;
    return llvm::any_of(user->getResults(), [&](Value result) {
      auto origin = origins.find(result);
      if (origin != origins.end() && origin->second.group != group)
        return true;
      return isUsedOutside(result, group);
    });
  });
}

void BlockPlanner::choosePlaces() {
  for (auto &[tile, origin] : origins)
    origin.group->places[tile] = isUsedOutside(tile, origin.group);
  for (Step &step : steps)
    if (step.group)
      for (Value vector : step.group->keptRowVectors)
        step.group->places[vector] = true;
}

FailureOr<std::vector<Step>> BlockPlanner::plan() {
  for (Operation &op : block.without_terminator()) {
    bool hasTiles = llvm::any_of(op.getOperands(), isTile) ||
                    llvm::any_of(op.getResults(), isTile);
    if (op.getNumRegions() == 0 && hasTiles && !isa<AnyOp>(op)) {
      if (failed(add(&op)))
        return failure();
      continue;
    }
    if (op.getNumRegions() || hasTiles)
      closeGroup();
    steps.emplace_back();
    steps.back().op = &op;
  }
  closeGroup();
  choosePlaces();
  return std::move(steps);
}

FailureOr<std::vector<Step>> tile::planBlock(Block &block, int64_t lanes) {
  return BlockPlanner(block, lanes).plan();
}

bool tile::isReplacedInPlace(Value carried, Value yielded,
                             SmallVectorImpl<Value> &inPlace) {
  if (carried == yielded)
    return true;
  Operation *op = yielded.getDefiningOp();
  if (!op || op->getBlock() != carried.getParentBlock() ||
      !yielded.hasOneUse() || yielded.getType() != carried.getType() ||
      isRowVector(carried))
    return false;
  auto continuesWith = [&](Value operand) {
    bool isFirst = operand == carried && carried.hasOneUse();
    if (!isFirst &&
        (operand == carried || !isReplacedInPlace(carried, operand, inPlace)))
      return false;
    inPlace.push_back(yielded);
    return true;
  };
  if (auto dot = dyn_cast<DotOp>(op))
    return continuesWith(dot.getAcc());
  if (!isElementwise(op) || isa<DeinterleaveOp, InterleaveOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return isTile(operand) && operand.getType() == carried.getType() &&
           continuesWith(operand);
  });
}
