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
// opposite one.
//
//===----------------------------------------------------------------------===//

#include "ScoreSlope.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

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
  LogicalResult copyAttention(SdpaOp op);
  LogicalResult differentiate(Operation *op);
  LogicalResult differentiate(SdpaOp op);
  LogicalResult differentiate(RopeOp op);
  LogicalResult addGradient(Operation *reader, Value value, Value gradient);
  LogicalResult finish();

  func::FuncOp function;
  bool isSaved;
  OpBuilder builder;
  ValueRange returned;
  IRMapping copies;                     // of the values of the function
  llvm::DenseMap<Value, Value> results; // of attentions: O and LSE
  llvm::DenseMap<Value, Value> gradients;
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
  Block *body = vjp.addEntryBlock();
  builder.setInsertionPointToStart(body);
  auto next = body->args_begin();
  for (Value argument : function.getArguments())
    copies.map(argument, *next++);
  if (isSaved)
    for (Value value : returned)
      copies.map(value, *next++);
  for (Value value : returned)
    if (isReal(value))
      gradients[value] = *next++;
  return vjp;
}

static SmallVector<Value> clauseOperands(SdpaOp op, const IRMapping &copies) {
  constexpr size_t kTensors = 3;
  return llvm::map_to_vector(
      op->getOperands().drop_front(kTensors),
      [&](Value operand) { return copies.lookup(operand); });
}

/// Each copy has values of its own.
static void cloneRegions(SdpaOp op, const IRMapping &copies,
                         OperationState &state) {
  for (Region &region : op->getRegions()) {
    IRMapping mapping = copies;
    region.cloneInto(state.addRegion(), mapping);
  }
}

/// An attention whose LSE is there, or what the function returned of it.
LogicalResult Differentiator::copyAttention(SdpaOp op) {
  if (isSaved) {
    for (Value result : {Value(op.getOutput()), Value(op.getLse())})
      if (!result || !copies.contains(result))
        return op.emitOpError()
               << "is differentiated from what the function returns only where "
                  "it returns both output and LSE";
    return success();
  }
  OperationState state(op.getLoc(), SdpaOp::getOperationName());
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    state.addOperands(copies.lookup(operand));
  state.addOperands(clauseOperands(op, copies));
  state.addTypes(
      {op.getOutput().getType(),
       SdpaOp::inferLseType(op.getQuery().getType(), op.getLayout())});
  state.getOrAddProperties<SdpaOp::Properties>() = op.getProperties();
  cloneRegions(op, copies, state);
  Operation *copy = builder.create(state);
  copies.map(op.getOutput(), copy->getResult(0));
  results[op.getOutput()] = copy->getResult(1);
  if (op.getLse())
    copies.map(op.getLse(), copy->getResult(1));
  return success();
}

LogicalResult Differentiator::copyForward() {
  for (Operation &op : function.front().without_terminator()) {
    if (auto attention = dyn_cast<SdpaOp>(op)) {
      if (failed(copyAttention(attention)))
        return failure();
      continue;
    }
    if (!isa<RopeOp>(op))
      return op.emitOpError() << "has no rule of differentiation; those with "
                                 "one are `attn.sdpa` and `attn.rope`";
    Operation *copy = builder.clone(op, copies);
    copies.map(op.getResult(0), copy->getResult(0));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Backward
//===----------------------------------------------------------------------===//

LogicalResult Differentiator::addGradient(Operation *reader, Value value,
                                          Value gradient) {
  if (gradients.try_emplace(value, gradient).second)
    return success();
  return reader->emitOpError()
         << "reads what is read or returned elsewhere, too, and sums of "
            "gradients are not supported yet; nearest are two arguments";
}

/// The tensors of floats that scores depend on, each once.
static llvm::SmallSetVector<Value, 4> tensorsOfScores(SdpaOp op) {
  llvm::SmallSetVector<Value, 4> tensors;
  for (auto capture : op.getScore().getOps<CaptureOp>())
    if (isReal(capture.getSource()))
      tensors.insert(capture.getSource());
  for (Value tensor : {Value(op.getAlibi()), Value(op.getRelativeBias()),
                       Value(op.getBias()), Value(op.getSinks())})
    if (tensor)
      tensors.insert(tensor);
  return tensors;
}

// - The score region has derivatives.
static LogicalResult checkClauses(SdpaOp op) {
  if (op.getMaskedRow() != MaskedRow::Zero)
    return op.emitOpError()
           << "with `masked_row(" << stringifyMaskedRow(op.getMaskedRow())
           << ")` is not differentiated yet; nearest is `masked_row(zero)`";
  return checkDifferentiable(op);
}

/// The clauses of an attention for its gradient.
static void copyClauses(SdpaOp op, SdpaGradOp::Properties &to, bool hasLseGrad,
                        int32_t differentiated) {
  const SdpaOp::Properties &from = op.getProperties();
  to.scale = from.scale;
  to.softcap = from.softcap;
  to.dropout = from.dropout;
  to.max_distance = from.max_distance;
  to.bidirectional = from.bidirectional;
  to.causal = from.causal;
  to.window = from.window;
  to.prefix = from.prefix;
  to.chunked = from.chunked;
  to.layout = from.layout;
  to.masked_row = from.masked_row;
  to.precision = from.precision;
  SmallVector<int32_t> sizes(6, 1);
  sizes.push_back(hasLseGrad);
  llvm::append_range(sizes, ArrayRef(from.operandSegmentSizes).drop_front(3));
  sizes.push_back(differentiated);
  llvm::copy(sizes, to.operandSegmentSizes.begin());
}

LogicalResult Differentiator::differentiate(SdpaOp op) {
  Value outputGrad = gradients.lookup(op.getOutput());
  Value lseGrad = op.getLse() ? gradients.lookup(op.getLse()) : Value();
  if (!outputGrad && !lseGrad)
    return success();
  if (!outputGrad)
    return op.emitOpError() << "is not differentiated by its LSE alone yet; "
                               "nearest is a function that returns the output, "
                               "too";
  if (failed(checkClauses(op)))
    return failure();
  OperationState state(op.getLoc(), SdpaGradOp::getOperationName());
  for (Value operand : {Value(op.getQuery()), Value(op.getKey()),
                        Value(op.getValue()), Value(op.getOutput())})
    state.addOperands(copies.lookup(operand));
  Value lse = isSaved ? copies.lookup(Value(op.getLse()))
                      : results.lookup(op.getOutput());
  state.addOperands({lse, outputGrad});
  if (lseGrad)
    state.addOperands(lseGrad);
  state.addOperands(clauseOperands(op, copies));
  SmallVector<Value> tensors = {op.getQuery(), op.getKey(), op.getValue()};
  auto ofScores = tensorsOfScores(op);
  for (Value tensor : ofScores) {
    state.addOperands(copies.lookup(tensor));
    tensors.push_back(tensor);
  }
  state.addTypes(TypeRange(ValueRange(tensors)));
  copyClauses(op, state.getOrAddProperties<SdpaGradOp::Properties>(),
              bool(lseGrad), ofScores.size());
  cloneRegions(op, copies, state);
  for (int derived = 0; derived < 2; ++derived)
    state.addRegion(); // query_range and slope
  Operation *grad = builder.create(state);
  for (auto [tensor, gradient] : llvm::zip_equal(tensors, grad->getResults()))
    if (failed(addGradient(op, tensor, gradient)))
      return failure();
  return success();
}

LogicalResult Differentiator::differentiate(RopeOp op) {
  Value gradient = gradients.lookup(op.getOutput());
  if (!gradient)
    return success();
  IRMapping mapping = copies;
  mapping.map(op.getInput(), gradient);
  auto turned = cast<RopeOp>(builder.clone(*op, mapping));
  turned.setInverse(!op.getInverse());
  return addGradient(op, op.getInput(), turned.getOutput());
}

LogicalResult Differentiator::differentiate(Operation *op) {
  if (auto attention = dyn_cast<SdpaOp>(op))
    return differentiate(attention);
  return differentiate(cast<RopeOp>(op));
}

LogicalResult Differentiator::finish() {
  SmallVector<Value> values;
  for (BlockArgument argument : function.getArguments()) {
    if (!isReal(argument))
      continue;
    Value gradient = gradients.lookup(argument);
    if (!gradient)
      return function.emitOpError()
             << "has no gradient for argument " << argument.getArgNumber()
             << ", which its results do not depend on";
    values.push_back(gradient);
  }
  func::ReturnOp::create(builder, function.getLoc(), values);
  return success();
}

func::FuncOp Differentiator::build(StringRef name) {
  func::FuncOp vjp = start(name);
  auto fail = [&]() -> func::FuncOp {
    vjp.erase();
    return {};
  };
  if (failed(copyForward()))
    return fail();
  for (Operation &op : llvm::reverse(function.front().without_terminator()))
    if (failed(differentiate(&op)))
      return fail();
  if (failed(finish()))
    return fail();
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
