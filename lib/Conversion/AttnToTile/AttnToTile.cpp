//===- AttnToTile.cpp - Attention becomes kernels on tiles ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) {              tile.kernel @f_0(%Q, %K, %V, %group,
//     %o = attn.sdpa %q, %k, %v                              %O) { … }
//     return %o                      =>     func.func @f(%q, %k, %v) {
//   }                                         cf.assert …
//                                             %e = tensor.empty(…)
//                                             %o = tile.launch @f_0 grid(…)
//                                               ins(%q, %k, %v, %group)
//                                               outs(%e)
//                                             return %o
//                                           }
//
//===----------------------------------------------------------------------===//

#include "HostSide.h"

#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "llvm/Support/FormatVariadic.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTATTNTOTILE
#include "attn/Conversion/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

struct ConvertAttnToTile
    : public attn::impl::ConvertAttnToTileBase<ConvertAttnToTile> {
  void runOnOperation() override;
};

} // namespace

BlockArgument attn::rootOf(Value tensor) {
  while (!isa<BlockArgument>(tensor)) {
    Operation *producer = tensor.getDefiningOp();
    auto rope = dyn_cast<RopeOp>(producer);
    tensor = rope ? Value(rope.getInput())
                  : cast<tile::LaunchOp>(producer).getInputs().front();
  }
  return cast<BlockArgument>(tensor);
}

MemRefType attn::memrefOf(RankedTensorType tensor) {
  SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(),
                                       ShapedType::kDynamic, strides);
  return MemRefType::get(tensor.getShape(), tensor.getElementType(), layout);
}

/// What attn-check-support makes sure of, and the code above relies on.
static bool isSupported(func::FuncOp function) {
  auto isSource = [](Value value) {
    return isa<BlockArgument>(value) || value.getDefiningOp<RopeOp>();
  };
  bool areSources = llvm::all_of(function.front(), [&](Operation &op) {
    return !isa<SdpaOp, RopeOp>(op) || llvm::all_of(op.getOperands(), isSource);
  });
  return areSources && function.getBody().hasOneBlock() &&
         llvm::all_of(
             function.front().getTerminator()->getOperands(), [](Value value) {
               return isa_and_nonnull<SdpaOp, RopeOp>(value.getDefiningOp());
             });
}

static LogicalResult convert(Operation *op, func::FuncOp function,
                             unsigned number) {
  std::string name = llvm::formatv("{0}_{1}", function.getSymName(), number);
  if (auto sdpa = dyn_cast<SdpaOp>(op))
    return launchSdpa(sdpa, function, name);
  return launchRope(cast<RopeOp>(op), function, name);
}

void ConvertAttnToTile::runOnOperation() {
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp function : functions) {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<SdpaOp, RopeOp>(op))
        ops.push_back(op);
    });
    if (ops.empty())
      continue;
    if (!isSupported(function)) {
      ops.front()->emitOpError("stands in a function that attn-check-support "
                               "refuses");
      return signalPassFailure();
    }
    describeFunction(function);
    for (auto [number, op] : llvm::enumerate(ops))
      if (failed(convert(op, function, number)))
        return signalPassFailure();
  }
}
