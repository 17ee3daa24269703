//===- CheckSupport.cpp - Refuses what this version does not compile ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect can say more than the compiler can do. What lies between is
// refused here, by name, and nowhere else:
//
//   attn.sdpa %q, %k, %v keep {…}
// gives
//   error: 'attn.sdpa' op `keep` is not supported yet; nearest are `causal` …
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace attn {
#define GEN_PASS_DEF_CHECKSUPPORT
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

// - No region of the user's.
// - Stands directly in a func.func; operands are the function's arguments.
static LogicalResult checkSdpa(SdpaOp op) {
  for (auto [word, region] :
       {std::pair("keep", &op.getKeep()), std::pair("range", &op.getRange())})
    if (!region->empty())
      return op.emitOpError() << "`" << word
                              << "` is not supported yet; nearest are the "
                                 "clauses `causal` and `window`";
  auto function = dyn_cast<func::FuncOp>(op->getParentOp());
  if (!function)
    return op.emitOpError() << "is supported only directly in a `func.func`, "
                               "got `"
                            << op->getParentOp()->getName() << "`";
  for (auto [name, operand] :
       {std::pair("query", op.getQuery()), std::pair("key", op.getKey()),
        std::pair("value", op.getValue())}) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getOwner() != &function.getBody().front())
      return op.emitOpError()
             << "is supported only on arguments of the function, got " << name
             << " from another " << (argument ? "block" : "operation");
  }
  return success();
}

// - Only results of attn.sdpa are returned, each at most once.
static LogicalResult checkReturn(func::ReturnOp op) {
  llvm::SmallDenseSet<Value> returned;
  for (Value operand : op.getOperands()) {
    if (!operand.getDefiningOp<SdpaOp>())
      return op.emitOpError()
             << "is supported only of results of `attn.sdpa`, got "
             << (isa<BlockArgument>(operand) ? "an argument of the function"
                                             : "another value");
    if (!returned.insert(operand).second)
      return op.emitOpError()
             << "is supported only of each result once, got one twice";
  }
  return success();
}

// - One block, of nothing but attn.sdpa and the return.
static LogicalResult checkFunction(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError()
           << "with `attn.sdpa` is supported only with one block, got "
           << function.getBody().getBlocks().size();
  for (Operation &op : function.getBody().front()) {
    if (isa<SdpaOp>(op))
      continue;
    auto returnOp = dyn_cast<func::ReturnOp>(op);
    if (!returnOp)
      return op.emitOpError() << "is not supported beside `attn.sdpa` in a "
                                 "function; nearest is a function of its own";
    if (failed(checkReturn(returnOp)))
      return failure();
  }
  return success();
}

namespace {

struct CheckSupport : public attn::impl::CheckSupportBase<CheckSupport> {
  void runOnOperation() override {
    llvm::SmallSetVector<func::FuncOp, 4> functions;
    WalkResult result = getOperation().walk([&](SdpaOp op) {
      if (failed(checkSdpa(op)))
        return WalkResult::interrupt();
      functions.insert(cast<func::FuncOp>(op->getParentOp()));
      return WalkResult::advance();
    });
    if (result.wasInterrupted() ||
        !llvm::all_of(functions, [](func::FuncOp function) {
          return succeeded(checkFunction(function));
        }))
      signalPassFailure();
  }
};

} // namespace
