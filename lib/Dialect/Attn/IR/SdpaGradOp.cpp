//===- SdpaGradOp.cpp - Rules and interfaces of attn.sdpa_grad ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules are labelled as those of attn.sdpa are: (G1) in docs/AttnSpec.md,
// sdpa_grad_g1 here, g1 in the name of the negative test.
//
//===----------------------------------------------------------------------===//

#include "AttentionRules.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace attn;

/// What an operand or a result must be, the type of another one.
static LogicalResult verifyType(SdpaGradOp op, StringRef name, Value value,
                                RankedTensorType expected) {
  if (!value || value.getType() == expected)
    return success();
  return op.emitOpError() << "expected type of " << name << " to be "
                          << expected << ", got " << value.getType();
}

static bool namesTensor(SdpaGradOp op, Value tensor) {
  Value clauses[] = {op.getAlibi(), op.getRelativeBias(), op.getBias(),
                     op.getSinks()};
  return llvm::is_contained(clauses, tensor) ||
         llvm::is_contained(op.getCaptures(), tensor);
}

// - Tensors with gradients are floats that clauses name, each once, and the
//   results are of their types.
static LogicalResult verifyTensors(SdpaGradOp op) {
  // sdpa_grad_g8
  llvm::SmallDenseSet<Value> seen;
  for (Value tensor : op.getDifferentiated()) {
    if (!isa<FloatType>(getElementTypeOrSelf(tensor)))
      return op.emitOpError() << "expected `gradients_of` to name tensors of "
                                 "floats, got "
                              << tensor.getType();
    if (!namesTensor(op, tensor))
      return op.emitOpError()
             << "expected tensors of `gradients_of` in `alibi`, "
                "`relative_bias`, `bias`, `sinks` or `captures`";
    if (!seen.insert(tensor).second)
      return op.emitOpError()
             << "expected `gradients_of` to name each tensor once";
  }
  // sdpa_grad_g9
  if (op.getTensorGrads().size() != op.getDifferentiated().size())
    return op.emitOpError() << "expected a result for each tensor of "
                               "`gradients_of`, "
                            << op.getDifferentiated().size() << ", got "
                            << op.getTensorGrads().size();
  for (auto [tensor, gradient] :
       llvm::zip_equal(op.getDifferentiated(), op.getTensorGrads()))
    if (failed(verifyType(op, "tensor gradient", gradient,
                          cast<RankedTensorType>(tensor.getType()))))
      return failure();
  return success();
}

// - The operands and clauses of an attention, see above.
// - Its results, their cotangents, and gradients have the types of what they
//   belong to.
LogicalResult SdpaGradOp::verify() {
  // sdpa_grad_g1
  if (failed(verifyAttention(*this)))
    return failure();
  RankedTensorType query = getQuery().getType();
  RankedTensorType output =
      SdpaOp::inferOutputType(query, getValue().getType());
  RankedTensorType lse = SdpaOp::inferLseType(query, getLayout());
  // sdpa_grad_g2
  if (failed(verifyType(*this, "output", getOutput(), output)) ||
      failed(verifyType(*this, "LSE", getLse(), lse)))
    return failure();
  // sdpa_grad_g3
  if (failed(verifyType(*this, "output gradient", getOutputGrad(), output)) ||
      failed(verifyType(*this, "LSE gradient", getLseGrad(), lse)))
    return failure();
  // sdpa_grad_g4
  if (failed(verifyType(*this, "query gradient", getQueryGrad(), query)) ||
      failed(verifyType(*this, "key gradient", getKeyGrad(),
                        getKey().getType())) ||
      failed(verifyType(*this, "value gradient", getValueGrad(),
                        getValue().getType())))
    return failure();
  // sdpa_grad_g6
  if (!getQueryRange().empty() && getKeep().empty())
    return emitOpError() << "expected `query_range` to stand beside `keep`";
  // sdpa_grad_g7
  if (!getSlope().empty() && getScore().empty())
    return emitOpError() << "expected `slope` to stand beside `score`";
  return verifyTensors(*this);
}

// - It stands in `slope`, of a tensor with a gradient, and has an index for
//   each dimension.
LogicalResult AddGradientOp::verify() {
  // sdpa_grad_g10
  auto grad = cast<SdpaGradOp>((*this)->getParentOp());
  if ((*this)->getParentRegion() != &grad.getSlope())
    return emitOpError() << "expected to stand in the `slope` region";
  if (!llvm::is_contained(grad.getDifferentiated(), getTensor()))
    return emitOpError() << "expected its tensor in `gradients_of`";
  RankedTensorType type = getTensor().getType();
  if (int64_t(getIndices().size()) != type.getRank())
    return emitOpError() << "expected " << type.getRank()
                         << " indices, as many as the rank of " << type
                         << ", got " << getIndices().size();
  return success();
}

SmallVector<CaptureOp> SdpaGradOp::getReadsOf(Value tensor) {
  SmallVector<CaptureOp> reads;
  for (auto capture : getScore().getOps<CaptureOp>())
    if (capture.getSource() == tensor)
      reads.push_back(capture);
  return reads;
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

void SdpaGradOp::getAsmResultNames(
    function_ref<void(Value, StringRef)> setNameFn) {
  setNameFn(getQueryGrad(), "dq");
  setNameFn(getKeyGrad(), "dk");
  setNameFn(getValueGrad(), "dv");
  for (Value gradient : getTensorGrads())
    setNameFn(gradient, "dt");
}

void SdpaGradOp::getAsmBlockArgumentNames(Region &region,
                                          OpAsmSetValueNameFn setNameFn) {
  nameArguments(*this, region, setNameFn);
}

LogicalResult
SdpaGradOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<Value> tensors = {getQuery(), getKey(), getValue()};
  llvm::append_range(tensors, getDifferentiated());
  for (Value tensor : tensors)
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), tensor));
  return success();
}
