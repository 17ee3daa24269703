//===- JudgeBuffers.cpp - The memrefs of a judge --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JudgeBuffers.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// What is computed first
//===----------------------------------------------------------------------===//

RopeOp attn::rotationOf(Value gradient) {
  if (!gradient.getDefiningOp<SdpaGradOp>() || !gradient.hasOneUse())
    return {};
  auto rope = dyn_cast<RopeOp>(*gradient.user_begin());
  bool isReturned = rope && llvm::all_of(rope.getOutput().getUsers(),
                                         llvm::IsaPred<func::ReturnOp>);
  return isReturned ? rope : RopeOp();
}

/// Whether a reader computes what it needs of a value itself: of an attention
/// that its gradient computes again, of rows that it maps as it loads them.
static bool isComputedByReader(OpOperand &use) {
  Operation *maker = use.get().getDefiningOp(), *reader = use.getOwner();
  if (isa<func::ReturnOp>(reader))
    return true;
  if (auto sum = dyn_cast<SumOp>(reader))
    return bool(sum.getLike()); // of which it needs the sizes
  if (isa<SdpaOp>(maker)) {
    auto grad = dyn_cast<SdpaGradOp>(reader);
    return grad &&
           (&use == &grad.getOutputMutable() || &use == &grad.getLseMutable());
  }
  if (isa<RowOp>(maker))
    return isa<RowOp, AttentionOp>(reader)
               ? use.getOperandNumber() < 3
               : isa<NormGradOp>(reader) && use.getOperandNumber() == 0;
  return bool(rotationOf(use.get()));
}

bool attn::isComputedFirst(Value value) {
  return !llvm::all_of(value.getUses(), isComputedByReader);
}

//===----------------------------------------------------------------------===//
// Memrefs
//===----------------------------------------------------------------------===//

Value JudgeBuffers::getArgument(Value operand, ValueRange arguments) {
  return operand ? arguments[cast<BlockArgument>(operand).getArgNumber()]
                 : Value();
}

Value JudgeBuffers::getValue(Value value, ValueRange arguments) {
  if (!value || isa<BlockArgument>(value))
    return getArgument(value, arguments);
  Value &buffer = computed[value];
  if (!buffer)
    buffer = allocate(value, arguments);
  return buffer;
}

SmallVector<Value> JudgeBuffers::getValues(ValueRange values,
                                           ValueRange arguments) {
  return llvm::map_to_vector(
      values, [&](Value value) { return getValue(value, arguments); });
}

Value JudgeBuffers::getBuffer(Value result, ValueRange arguments) {
  if (!isForReaders)
    return getResultBuffer(result, arguments);
  return result && isComputedFirst(result) ? getValue(result, arguments)
                                           : Value();
}

Value JudgeBuffers::allocate(Value value, ValueRange arguments) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(getSize(value, i, arguments));
  auto buffer = MemRefType::get(type.getShape(), builder.getF64Type());
  return memref::AllocOp::create(builder, loc, buffer, sizes);
}

Value JudgeBuffers::getSize(Value value, int64_t dim, ValueRange arguments) {
  if (isa<BlockArgument>(value))
    return memref::DimOp::create(builder, loc, getArgument(value, arguments),
                                 dim);
  if (auto rows = value.getDefiningOp<RowOp>())
    return getSize(rows.getInput(), dim, arguments);
  if (auto sum = value.getDefiningOp<SumOp>())
    return getSize(sum.getShaped(), dim, arguments);
  if (auto norm = value.getDefiningOp<NormGradOp>()) {
    bool isInput = value == norm.getInputGrad(); // others begin with heads
    return getSize(norm.getInput(), isInput ? dim : norm.headDim(), arguments);
  }
  if (auto grad = value.getDefiningOp<SdpaGradOp>())
    return getSize(getDifferentiated(value, grad), dim, arguments);
  auto sdpa = value.getDefiningOp<SdpaOp>();
  const int64_t ofQuery[] = {sdpa.batchDim(), sdpa.headDim(), sdpa.lengthDim()};
  bool isLse = value == sdpa.getLse();
  return getSize(sdpa.getQuery(), isLse ? ofQuery[dim] : dim, arguments);
}

Value JudgeBuffers::getDifferentiated(Value gradient, SdpaGradOp op) {
  if (Value tensor = op.getTensorOf(cast<OpResult>(gradient)))
    return tensor;
  return gradient == op.getQueryGrad() ? op.getQuery()
         : gradient == op.getKeyGrad() ? op.getKey()
                                       : op.getValue();
}

RowMap JudgeBuffers::getMap(RowOp op, Value buffer, ValueRange arguments) {
  RowMap map;
  map.op = op;
  map.length = memref::DimOp::create(builder, loc, buffer, op.lengthDim());
  if (auto rope = dyn_cast<RopeOp>(op.getOperation())) {
    map.positions = getArgument(rope.getPositions(), arguments);
    map.offsets = getArgument(rope.getOffsets(), arguments);
  }
  if (auto norm = dyn_cast<NormOp>(op.getOperation())) {
    map.weight = getArgument(norm.getWeight(), arguments);
    map.bias = getArgument(norm.getBias(), arguments);
  }
  return map;
}

Value JudgeBuffers::getStart(Value tensor, ValueRange arguments) {
  auto grad = tensor.getDefiningOp<SdpaGradOp>();
  if (grad && !isComputedFirst(tensor))
    return getChain(getDifferentiated(tensor, grad), arguments).buffer;
  return getValue(tensor, arguments);
}

RowChain JudgeBuffers::getChain(Value operand, ValueRange arguments) {
  SmallVector<RowOp> ops;
  while (auto op = operand.getDefiningOp<RowOp>()) {
    if (isComputedFirst(operand))
      break;
    ops.push_back(op);
    operand = op.getInput();
  }
  RowChain chain;
  chain.buffer = getStart(operand, arguments);
  for (RowOp op : llvm::reverse(ops))
    chain.maps.push_back(getMap(op, chain.buffer, arguments));
  return chain;
}

RowChain JudgeBuffers::getChainOf(RowOp op, ValueRange arguments) {
  RowChain chain = getChain(op.getInput(), arguments);
  chain.maps.push_back(getMap(op, chain.buffer, arguments));
  return chain;
}

void JudgeBuffers::addOperands(AttentionOp op, ValueRange arguments,
                               SdpaBuffers &buffers) {
  buffers.op = op;
  buffers.query = getChain(op.getQuery(), arguments);
  buffers.key = getChain(op.getKey(), arguments);
  buffers.value = getChain(op.getValue(), arguments);
  if (op.getSinks())
    buffers.sinks = getArgument(op.getSinks(), arguments);
  if (op.getDropout()) {
    buffers.seed = getArgument(op.getSeed(), arguments);
    buffers.offset = getArgument(op.getOffset(), arguments);
  }
  for (Value capture : op.getCaptures())
    buffers.captures[capture] = getArgument(capture, arguments);
}

SdpaBuffers JudgeBuffers::getBuffers(SdpaOp op, ValueRange arguments) {
  SdpaBuffers buffers;
  addOperands(op, arguments, buffers);
  buffers.output = getBuffer(op.getOutput(), arguments);
  buffers.lse = getBuffer(op.getLse(), arguments);
  return buffers;
}

GradientBuffer JudgeBuffers::getGradient(Value gradient, ValueRange arguments) {
  if (RopeOp rope = rotationOf(gradient)) {
    RowChain chain = getChain(rope.getOutput(), arguments);
    return {getBuffer(rope.getOutput(), arguments), chain.maps.front()};
  }
  return {getBuffer(gradient, arguments)};
}

NormGradBuffers JudgeBuffers::getBuffers(NormGradOp op, ValueRange arguments) {
  NormGradBuffers buffers;
  buffers.input = getChain(op.getInput(), arguments);
  buffers.outputGrad = getValue(op.getOutputGrad(), arguments);
  buffers.weight = getArgument(op.getWeight(), arguments);
  buffers.inputGrad = getBuffer(op.getInputGrad(), arguments);
  buffers.weightGrad = getBuffer(op.getWeightGrad(), arguments);
  buffers.biasGrad = getBuffer(op.getBiasGrad(), arguments);
  return buffers;
}

SdpaGradBuffers JudgeBuffers::getBuffers(SdpaGradOp op, ValueRange arguments) {
  SdpaGradBuffers buffers;
  addOperands(op, arguments, buffers);
  auto argument = [&](Value operand) {
    auto given = dyn_cast_if_present<BlockArgument>(operand);
    return given ? arguments[given.getArgNumber()] : Value();
  };
  buffers.output = argument(op.getOutput());
  buffers.lse = argument(op.getLse());
  buffers.outputGrad = getValue(op.getOutputGrad(), arguments);
  buffers.lseGrad = getValue(op.getLseGrad(), arguments);
  buffers.queryGrad = getGradient(op.getQueryGrad(), arguments);
  buffers.keyGrad = getGradient(op.getKeyGrad(), arguments);
  buffers.valueGrad = getGradient(op.getValueGrad(), arguments);
  for (Value gradient : op.getTensorGrads())
    buffers.tensorGrads.push_back(getBuffer(gradient, arguments));
  return buffers;
}

Value JudgeBuffers::getResultBuffer(Value result, ValueRange arguments) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (OpOperand &returned : terminator->getOpOperands()) {
    unsigned i = function.getNumArguments() + returned.getOperandNumber();
    if (returned.get() == result && i < arguments.size())
      return arguments[i];
  }
  return {};
}
