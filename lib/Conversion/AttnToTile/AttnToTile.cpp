//===- AttnToTile.cpp - Attention becomes kernels on tiles ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) {           tile.kernel @f_0(%Q, %K, %V, %tiles,
//     %o = attn.sdpa %q, %k, %v                           %O) { … }
//     return %o                     =>   func.func @f(%q, %k, %v) {
//   }                                      cf.assert …
//                                          %e = tensor.empty(…)
//                                          %o = tile.launch @f_0 grid(…)
//                                            ins(%q, %k, %v, %tiles)
//                                            outs(%e)
//                                          return %o
//                                        }
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"

#include "attn/Conversion/AttnToTile/Passes.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTATTNTOTILE
#include "attn/Conversion/AttnToTile/Passes.h.inc"
} // namespace attn

#include "attn/Conversion/AttnToTile/Interfaces.cpp.inc"

using namespace mlir;
using namespace attn;

namespace {

struct ConvertAttnToTile
    : public attn::impl::ConvertAttnToTileBase<ConvertAttnToTile> {
  void getDependentDialects(DialectRegistry &registry) const override;
  void runOnOperation() override;

private:
  LogicalResult convert(func::FuncOp function, SymbolTable &symbols);
};

} // namespace

static void attachLaunches(MLIRContext *context, AttnDialect *) {
  attachSdpaLaunch(context);
  attachSdpaGradLaunch(context);
  attachRowLaunches(context);
  attachSumLaunch(context);
  attachNormGradLaunch(context);
}

void ConvertAttnToTile::getDependentDialects(DialectRegistry &registry) const {
  ConvertAttnToTileBase::getDependentDialects(registry);
  registry.addExtension(attachLaunches);
}

/// Returns true if the function is as attn-check-support demands.
static bool isSupported(func::FuncOp function) {
  bool areSources = llvm::all_of(
      function.front().getOps<CompilableOp>(), [](CompilableOp op) {
        return llvm::all_of(op.getSources(), isSupportedSource);
      });
  return areSources && function.getBody().hasOneBlock() &&
         llvm::all_of(function.front().getTerminator()->getOperands(),
                      [](Value value) {
                        return bool(value.getDefiningOp<CompilableOp>());
                      });
}

LogicalResult ConvertAttnToTile::convert(func::FuncOp function,
                                         SymbolTable &symbols) {
  SmallVector<CompilableOp> ops;
  function.walk([&](CompilableOp op) { ops.push_back(op); });
  if (ops.empty())
    return success();
  if (!isSupported(function))
    return ops.front()->emitOpError("stands in a function that "
                                    "attn-check-support refuses");
  for (CompilableOp op : ops)
    if (!scheduleOf(op) || targetOf(op).empty())
      return op->emitOpError("has no schedule; run attn-select-schedule first");
  FunctionLowering lowering(function, symbols);
  describeFunction(lowering);
  // What reads a fused operation's result computes it.
  SmallVector<CompilableOp> fused;
  for (CompilableOp op : ops) {
    if (auto row = dyn_cast<RowOp>(op.getOperation()); row && row.getFused()) {
      fused.push_back(op);
      continue;
    }
    cast<LaunchableOp>(op.getOperation()).launch(lowering);
    lowering.finish(op);
  }
  for (CompilableOp op : llvm::reverse(fused))
    lowering.finish(op);
  return success();
}

void ConvertAttnToTile::runOnOperation() {
  SymbolTable symbols(getOperation());
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp function : functions)
    if (failed(convert(function, symbols)))
      return signalPassFailure();
}
