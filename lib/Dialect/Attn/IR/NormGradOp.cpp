//===- NormGradOp.cpp - Rules and interfaces of attn.norm_grad ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules are labelled as those of attn.sdpa are: (D1) in docs/AttnSpec.md,
// norm_grad_d1 here and in the name of the negative test.
//
//===----------------------------------------------------------------------===//

#include "RowRules.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace attn;

// - Input, weight and numbers are those of a norm.
// - The cotangent is what the norm may return.
// - Gradients of weight and bias have their types, where there are such.
LogicalResult NormGradOp::verify() {
  RankedTensorType rows = getInput().getType();
  // norm_grad_d1
  if (failed(verifyInputRows(*this, rows, lengthDim())) ||
      failed(verifyFactors(*this, "weight", getWeight(), rows, headDim())) ||
      failed(verifyNormNumbers(*this, getEpsOrDefault(), getScaleOrDefault())))
    return failure();
  if (failed(verifyMappedRows(*this, "the cotangent", rows,
                              getOutputGrad().getType())))
    return failure();
  // norm_grad_d3
  if (getWeightGrad() &&
      (!getWeight() || getWeight().getType() != getWeightGrad().getType()))
    return emitOpError() << "expected `weight_grad` to have the type of a "
                            "`weight`";
  // norm_grad_d4
  if (getBiasGrad() && getKind() != NormKind::Layer)
    return emitOpError() << "expected `bias_grad` beside `layer` only, got `"
                         << stringifyNormKind(getKind()) << "`";
  return verifyFactors(*this, "bias_grad", getBiasGrad(), rows, headDim());
}

float NormGradOp::getEpsOrDefault() {
  return epsOrDefault(getEps(), getKind());
}

LogicalResult
NormGradOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> rows =
      tensor::getMixedSizes(builder, getLoc(), getInput());
  shapes.push_back(rows);
  for (Value gradient : {Value(getWeightGrad()), Value(getBiasGrad())}) {
    if (!gradient)
      continue;
    auto type = cast<RankedTensorType>(gradient.getType());
    SmallVector<OpFoldResult> sizes =
        getAsIndexOpFoldResult(getContext(), type.getShape());
    if (type.isDynamicDim(0)) // there are heads in front of static columns
      sizes[0] = rows[headDim()];
    shapes.push_back(sizes);
  }
  return success();
}
