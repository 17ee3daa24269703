//===- Slices.cpp - What values are computed from -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/Analysis/Slices.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace attn::tile;

Value attn::tile::materialise(OpBuilder &builder, Value value, Region &region,
                              IRMapping &mapping) {
  Operation *def = value.getDefiningOp();
  if (!def || mapping.contains(value) ||
      !region.isAncestor(def->getParentRegion()))
    return mapping.lookupOrDefault(value);
  for (Value operand : def->getOperands())
    materialise(builder, operand, region, mapping);
  builder.clone(*def, mapping);
  return mapping.lookup(value);
}

bool attn::tile::canMaterialise(Value value, Region &region,
                                const DenseSet<Value> &known) {
  if (known.contains(value) || !region.isAncestor(value.getParentRegion()))
    return true;
  Operation *def = value.getDefiningOp();
  return def && isMemoryEffectFree(def) && def->getNumRegions() == 0 &&
         llvm::all_of(def->getOperands(), [&](Value operand) {
           return canMaterialise(operand, region, known);
         });
}

std::optional<int64_t> attn::tile::growthPerStep(Value value,
                                                 BlockArgument tile) {
  if (value == tile)
    return 1;
  if (!tile.getParentRegion()->isAncestor(value.getParentRegion()))
    return 0;
  Operation *def = value.getDefiningOp();
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp>(def))
    return std::nullopt;
  std::optional<int64_t> a = growthPerStep(def->getOperand(0), tile);
  std::optional<int64_t> b = growthPerStep(def->getOperand(1), tile);
  if (!a || !b)
    return std::nullopt;
  return isa<arith::AddIOp>(def) ? *a + *b : *a - *b;
}

bool attn::tile::isComputedAlike(Value a, Value b,
                                 ArrayRef<std::pair<Value, Value>> equal) {
  if (a == b || llvm::is_contained(equal, std::pair(a, b)))
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || x->getName() != y->getName() || !isMemoryEffectFree(x) ||
      x->getNumRegions() != 0 || x->getNumOperands() != y->getNumOperands() ||
      x->getAttrDictionary() != y->getAttrDictionary() ||
      x->getResultTypes() != y->getResultTypes() ||
      cast<OpResult>(a).getResultNumber() !=
          cast<OpResult>(b).getResultNumber())
    return false;
  return llvm::all_of(llvm::zip(x->getOperands(), y->getOperands()),
                      [&](auto operands) {
                        return isComputedAlike(std::get<0>(operands),
                                               std::get<1>(operands), equal);
                      });
}

SmallVector<Operation *>
attn::tile::feedsOnly(const DenseSet<Operation *> &users, Block &block,
                      function_ref<bool(Operation *)> isKept) {
  DenseSet<Operation *> taken(users);
  SmallVector<Operation *> found;
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    bool feeds = !taken.contains(&op) && !op.use_empty() && isPure(&op) &&
                 !isKept(&op) &&
                 llvm::all_of(op.getUsers(), [&](Operation *user) {
                   return taken.contains(user);
                 });
    if (!feeds)
      continue;
    taken.insert(&op);
    found.push_back(&op);
  }
  std::reverse(found.begin(), found.end());
  return found;
}
