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
//   attn.sdpa %q, %k, %v keep {…} range {…}
// gives
//   error: 'attn.sdpa' op `range` is not supported yet; nearest is `keep` …
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/SupportedForm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/YAMLParser.h"

namespace attn {
#define GEN_PASS_DEF_CHECKSUPPORT
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

// - Stands directly in a func.func.
static LogicalResult checkParent(Operation *op) {
  if (isa<func::FuncOp>(op->getParentOp()))
    return success();
  return op->emitOpError() << "is supported only directly in a `func.func`, "
                              "got `"
                           << op->getParentOp()->getName() << "`";
}

// - An operand is the function's argument, or the result of an operation that
// may
//   feed others.
static LogicalResult checkSource(Operation *op, const OpSource &source) {
  if (isSupportedSource(source))
    return success();
  return op->emitOpError()
         << "is supported only on arguments of the function, got "
         << source.name << " from another "
         << (isa<BlockArgument>(source.value) ? "block" : "operation");
}

static LogicalResult checkPlace(CompilableOp op) {
  if (failed(checkParent(op)))
    return failure();
  for (const OpSource &source : op.getSources())
    if (failed(checkSource(op, source)))
      return failure();
  return success();
}

static bool isRope(RowOp op) { return isa<RopeOp>(op.getOperation()); }

// - What reads a fused result computes it: an attention that of its query, an
//   operation on rows that of its input, one rotation at most with its own.
static LogicalResult checkFused(RowOp op) {
  if (!op.getFused())
    return success();
  bool isTaken = false;
  for (OpOperand &use : op.getOutput().getUses()) {
    auto sdpa = dyn_cast<SdpaOp>(use.getOwner());
    auto rows = dyn_cast<RowOp>(use.getOwner());
    isTaken = (sdpa && &use == &sdpa.getQueryMutable()) ||
              (rows && use.getOperandNumber() == 0);
  }
  if (!isTaken || !op.getOutput().hasOneUse())
    return op.emitOpError()
           << "is supported as `fused` only where nothing but "
              "the query of an `attn.sdpa`, or the input of an "
              "operation on rows, is its result";
  SmallVector<RowOp, 2> chain = fusedRowOps(op.getOutput());
  auto reader = dyn_cast<RowOp>(*op.getOutput().user_begin());
  if (llvm::count_if(chain, isRope) + (reader && isRope(reader)) > 1)
    return op.emitOpError() << "is supported as `fused` only beside one "
                               "`attn.rope`, got another one";
  return success();
}

static LogicalResult checkOp(CompilableOp op) {
  auto rows = dyn_cast<RowOp>(op.getOperation());
  return success(succeeded(checkPlace(op)) && succeeded(op.checkSupport()) &&
                 (!rows || succeeded(checkFused(rows))));
}

// - Only results of attn ops are returned, each at most once.
static LogicalResult checkReturn(func::ReturnOp op) {
  llvm::SmallDenseSet<Value> returned;
  for (Value operand : op.getOperands()) {
    if (!operand.getDefiningOp<CompilableOp>())
      return op.emitOpError()
             << "is supported only of results of `attn.sdpa`, `attn.rope` and "
                "`attn.norm`, got "
             << (isa<BlockArgument>(operand) ? "an argument of the function"
                                             : "another value");
    if (!returned.insert(operand).second)
      return op.emitOpError()
             << "is supported only of each result once, got one twice";
  }
  return success();
}

/// "'func.func' op with `attn.sdpa` is supported only " of a function that
/// holds attention.
static InFlightDiagnostic refuse(func::FuncOp function) {
  StringRef held = "attn";
  function.walk([&](CompilableOp op) {
    held = op->getName().getStringRef();
    return WalkResult::interrupt();
  });
  return function.emitOpError() << "with `" << held << "` is supported only ";
}

// - One block, of nothing but attn ops and the return.
static LogicalResult checkBody(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return refuse(function)
           << "with one block, got " << function.getBody().getBlocks().size();
  for (Operation &op : function.getBody().front()) {
    if (isa<CompilableOp>(op))
      continue;
    auto returnOp = dyn_cast<func::ReturnOp>(op);
    if (!returnOp)
      return op.emitOpError() << "is not supported beside `attn.sdpa` in a "
                                 "function; nearest is a function of its own, "
                                 "which attn-outline makes";
    if (failed(checkReturn(returnOp)))
      return failure();
  }
  return success();
}

/// Whether packages and callers have a word for the type of the elements.
static bool isDescribable(Type element) {
  return element.isF16() || element.isBF16() || element.isF32() ||
         element.isSignlessInteger(1) || element.isSignlessInteger(8) ||
         element.isSignlessInteger(32) || element.isSignlessInteger(64);
}

// - Every argument, used or not, is a tensor that a caller can pass.
static LogicalResult checkArguments(func::FuncOp function) {
  constexpr int64_t kMaxRank = 8;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() > kMaxRank)
      return refuse(function)
             << "on ranked tensors of rank at most " << kMaxRank
             << " as arguments, got " << type << " for argument " << i;
    if (!isDescribable(tensor.getElementType()))
      return refuse(function)
             << "on tensors of f16, bf16, f32, i1, i8, i32 or i64 as "
                "arguments, got "
             << type << " for argument " << i;
  }
  return success();
}

// - The name is text that descriptions and reports can show on one line.
// - A package exports the function: it is public, directly in the module that
// is
//   compiled, and has results.
static LogicalResult checkExport(func::FuncOp function, ModuleOp module) {
  StringRef name = function.getSymName();
  bool hasControl = llvm::any_of(
      name.bytes(), [](uint8_t byte) { return byte < 0x20 || byte == 0x7F; });
  if (hasControl || !llvm::json::isUTF8(name))
    return refuse(function)
           << "under a name of UTF-8 without control characters, got \""
           << llvm::yaml::escape(name, /*EscapePrintable=*/false) << "\"";
  if (function->getParentOp() != module)
    return refuse(function) << "directly in the outermost module, got it in `"
                            << function->getParentOp()->getName() << "`";
  if (!function.isPublic())
    return refuse(function)
           << "in a public function, which a package exports, got a "
           << (function.isPrivate() ? "private" : "nested") << " one";
  if (function.getNumResults() == 0)
    return refuse(function)
           << "where the function returns a result of it, got no results";
  return success();
}

static LogicalResult checkFunction(func::FuncOp function, ModuleOp module) {
  return success(succeeded(checkExport(function, module)) &&
                 succeeded(checkArguments(function)) &&
                 succeeded(checkBody(function)));
}

bool attn::hasSupportedForm(func::FuncOp function, ModuleOp module) {
  ScopedDiagnosticHandler silence(module.getContext(),
                                  [](Diagnostic &) { return success(); });
  WalkResult places =
      function.walk([](CompilableOp op) { return WalkResult(checkPlace(op)); });
  return !places.wasInterrupted() && succeeded(checkFunction(function, module));
}

namespace {

struct CheckSupport : public attn::impl::CheckSupportBase<CheckSupport> {
  void runOnOperation() override {
    llvm::SmallSetVector<func::FuncOp, 4> functions;
    WalkResult result = getOperation().walk([&](CompilableOp op) {
      if (failed(checkOp(op)))
        return WalkResult::interrupt();
      functions.insert(cast<func::FuncOp>(op->getParentOp()));
      return WalkResult::advance();
    });
    if (result.wasInterrupted() ||
        !llvm::all_of(functions, [&](func::FuncOp function) {
          return succeeded(checkFunction(function, getOperation()));
        }))
      signalPassFailure();
  }
};

} // namespace
