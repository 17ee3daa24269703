//===- Differentiate.cpp - Adds functions that compute gradients ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) {           func.func @f_vjp(%q, %k, %v, %do) {
//     %r = attn.rope %q                    %r = attn.rope %q
//     %o = attn.sdpa %r, %k, %v     =>     %o, %lse = attn.sdpa %r, %k, %v
//     return %o                            %dr, %dk, %dv = attn.sdpa_grad …
//   }                                      %dq = attn.rope %dr inverse
//                                          return %dq, %dk, %dv
//                                        }
//
// The operations of @f are copied in order, and their gradients follow in the
// opposite one: when an operation's turn comes, all that read its results have
// had theirs, and what each of them adds to a cotangent is added up. What an
// operation's gradients are, it says itself (GradientRules.cpp).
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/GradientOf.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

namespace attn {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

static bool isReal(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor && isa<FloatType>(tensor.getElementType());
}

namespace {

/// Writes the gradients of one function.
class Differentiator {
public:
  Differentiator(func::FuncOp function, bool isSaved)
      : function(function), isSaved(isSaved), builder(function.getContext()),
        returned(function.front().getTerminator()->getOperands()) {}

  /// Null after an error, which has been reported.
  func::FuncOp build(StringRef name);

private:
  func::FuncOp start(StringRef name);
  LogicalResult copyForward();
  LogicalResult takeSaved(DifferentiableOp op, ValueRange results);
  LogicalResult differentiate(DifferentiableOp op);
  Value cotangentOf(Value value);
  void finish(func::FuncOp vjp);

  func::FuncOp function;
  bool isSaved;
  OpBuilder builder;
  ValueRange returned;
  IRMapping copies; // of the values of the function
  SmallVector<DifferentiableOp> forward;
  llvm::DenseMap<Value, Value> saved; // what stands for a result
  /// What readers add to the cotangents of the values of the gradient.
  llvm::DenseMap<Value, SmallVector<Value, 2>> addends;
};

} // namespace

//===----------------------------------------------------------------------===//
// Forward
//===----------------------------------------------------------------------===//

func::FuncOp Differentiator::start(StringRef name) {
  SmallVector<Type> arguments(function.getArgumentTypes()), results;
  if (isSaved)
    llvm::append_range(arguments, returned.getTypes());
  for (Value value : returned)
    if (isReal(value))
      arguments.push_back(value.getType());
  for (Value argument : function.getArguments())
    if (isReal(argument))
      results.push_back(argument.getType());
  auto vjp = func::FuncOp::create(builder, function.getLoc(), name,
                                  builder.getFunctionType(arguments, results));
  vjp->setAttr(kGradientOfAttr, function.getSymNameAttr());
  Block *body = vjp.addEntryBlock();
  builder.setInsertionPointToStart(body);
  for (auto [argument, copy] :
       llvm::zip(function.getArguments(), body->getArguments()))
    copies.map(argument, copy);
  return vjp;
}

/// What the function returned stands for what the operation would compute
/// again.
LogicalResult Differentiator::takeSaved(DifferentiableOp op,
                                        ValueRange results) {
  Block::BlockArgListType given =
      builder.getBlock()->getArguments().drop_front(function.getNumArguments());
  for (auto [number, result] : llvm::enumerate(results)) {
    auto place = llvm::find(returned, result);
    if (place == returned.end())
      return op.emitOpError()
             << "is differentiated from what the function returns only where "
                "it returns both output and LSE";
    Value value = given[std::distance(returned.begin(), place)];
    saved[op->getResult(number)] = value;
    op->getResult(number).replaceAllUsesWith(value);
    copies.map(result, value);
  }
  return success();
}

LogicalResult Differentiator::copyForward() {
  for (Operation &op : function.front().without_terminator()) {
    if (!isa<DifferentiableOp>(op))
      return op.emitOpError()
             << "has no rule of differentiation; those with one are "
                "`attn.sdpa`, `attn.rope` and `attn.norm`";
    auto copy = cast<DifferentiableOp>(builder.clone(op, copies));
    copy = cast<DifferentiableOp>(copy.completeForGradients(builder));
    copies.map(op.getResults(),
               copy->getResults().take_front(op.getNumResults()));
    forward.push_back(copy);
    if (isSaved && copy.isSaved()) {
      SmallVector<Value> results(op.getResults());
      results.resize(copy->getNumResults());
      if (failed(takeSaved(copy, results)))
        return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Backward
//===----------------------------------------------------------------------===//

/// Null where nothing that has a cotangent depends on the value.
Value Differentiator::cotangentOf(Value value) {
  auto found = addends.find(value);
  if (found == addends.end())
    return {};
  ArrayRef<Value> parts = found->second;
  if (parts.size() == 1)
    return parts.front();
  return SumOp::create(builder, value.getLoc(), value.getType(), parts,
                       /*like=*/Value());
}

LogicalResult Differentiator::differentiate(DifferentiableOp op) {
  SmallVector<Value> results, cotangents;
  for (Value result : op->getResults()) {
    results.push_back(saved.contains(result) ? saved[result] : result);
    cotangents.push_back(cotangentOf(results.back()));
  }
  if (llvm::none_of(cotangents, [](Value each) { return bool(each); }))
    return success();
  if (failed(op.checkDifferentiable()))
    return failure();
  builder.setInsertionPointToEnd(builder.getBlock());
  for (auto [operand, gradient] : llvm::zip_equal(
           op->getOperands(), op.buildGradients(builder, results, cotangents)))
    if (gradient)
      addends[operand].push_back(gradient);
  return success();
}

/// What nothing depends on has a gradient of zeros.
void Differentiator::finish(func::FuncOp vjp) {
  SmallVector<Value> values;
  for (BlockArgument argument :
       vjp.getArguments().take_front(function.getNumArguments())) {
    if (!isReal(argument))
      continue;
    Value gradient = cotangentOf(argument);
    if (!gradient)
      gradient = SumOp::create(builder, function.getLoc(), argument.getType(),
                               ValueRange(), argument);
    values.push_back(gradient);
  }
  func::ReturnOp::create(builder, function.getLoc(), values);
  for (Operation *op : llvm::reverse(forward))
    if (op->use_empty())
      op->erase();
}

func::FuncOp Differentiator::build(StringRef name) {
  func::FuncOp vjp = start(name);
  auto fail = [&]() -> func::FuncOp {
    vjp.erase();
    return {};
  };
  if (failed(copyForward()))
    return fail();
  auto cotangents = vjp.getArguments().take_back(
      llvm::count_if(returned, [](Value value) { return isReal(value); }));
  auto next = cotangents.begin();
  for (Value value : returned)
    if (isReal(value))
      addends[copies.lookup(value)].push_back(*next++);
  for (DifferentiableOp op : llvm::reverse(forward))
    if (failed(differentiate(op)))
      return fail();
  finish(vjp);
  return vjp;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct Differentiate : public attn::impl::DifferentiateBase<Differentiate> {
  using DifferentiateBase::DifferentiateBase;
  void runOnOperation() override;

private:
  LogicalResult differentiate(func::FuncOp function, SymbolTable &symbols);
};

} // namespace

static bool hasAttention(func::FuncOp function) {
  return function.walk([](CompilableOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

// - It has one block, and some result and some argument are floats.
static LogicalResult checkFunction(func::FuncOp function) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitOpError()
           << "is differentiated only where it has one block";
  Operation *terminator = function.front().getTerminator();
  if (!llvm::any_of(function.getArguments(), isReal) ||
      !llvm::any_of(terminator->getOperands(), isReal))
    return function.emitOpError() << "is differentiated only where some of its "
                                     "arguments and results are tensors of "
                                     "floats";
  return success();
}

LogicalResult Differentiate::differentiate(func::FuncOp function,
                                           SymbolTable &symbols) {
  if (failed(checkFunction(function)))
    return failure();
  std::string name = (function.getSymName() + "_vjp").str();
  if (Operation *taken = symbols.lookup(name)) {
    InFlightDiagnostic diag = function.emitOpError() << "expected the name `"
                                                     << name << "` to be free";
    diag.attachNote(taken->getLoc()) << "it is taken here";
    return diag;
  }
  func::FuncOp vjp = Differentiator(function, saved).build(name);
  if (!vjp)
    return failure();
  symbols.insert(vjp, std::next(function->getIterator()));
  return success();
}

void Differentiate::runOnOperation() {
  SymbolTable symbols(getOperation());
  SmallVector<func::FuncOp> functions;
  for (auto each : getOperation().getOps<func::FuncOp>())
    if (function.empty() ? hasAttention(each) : each.getSymName() == function)
      functions.push_back(each);
  if (functions.empty()) {
    getOperation().emitError()
        << "expected a function `" << function << "` to differentiate";
    return signalPassFailure();
  }
  for (func::FuncOp each : functions)
    if (failed(differentiate(each, symbols)))
      return signalPassFailure();
}
