//===- NormOp.cpp - Rules and interfaces of attn.norm ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules are labelled as those of attn.sdpa are: (N1) in docs/AttnSpec.md,
// norm_n1 here and in the name of the negative test.
//
//===----------------------------------------------------------------------===//

#include "RowRules.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

// - [d], [H, d] or [H, 1] of f16, bf16 or f32, without an encoding.
LogicalResult attn::verifyFactors(Operation *op, StringRef name, Value operand,
                                  RankedTensorType rows, int64_t headDim) {
  if (!operand)
    return success();
  auto type = cast<RankedTensorType>(operand.getType());
  Type element = type.getElementType();
  bool matches = (element.isF16() || element.isBF16() || element.isF32()) &&
                 !type.getEncoding() &&
                 (type.getRank() == 1 || type.getRank() == 2);
  if (matches) {
    int64_t columns = type.getShape().back();
    bool hasHeads = type.getRank() == 2;
    matches = columns == rows.getShape().back() || (hasHeads && columns == 1);
    if (hasHeads)
      matches =
          matches && mayBeEqual(type.getDimSize(0), rows.getDimSize(headDim));
  }
  // norm_n6
  if (matches)
    return success();
  return op->emitOpError() << "expected `" << name
                           << "` to be [d], [H, d] or [H, 1] of f16, bf16 or "
                              "f32, with the sizes of "
                           << rows << ", got " << type;
}

LogicalResult attn::verifyNormNumbers(Operation *op, float eps, float scale) {
  // norm_n8
  if (!(eps >= std::ldexp(1.0f, -60) && eps <= 1))
    return op->emitOpError() << "expected `eps` to be from 2^-60 to 1";
  if (!(std::abs(scale) <= std::ldexp(1.0f, 64)))
    return op->emitOpError() << "expected `scale` to be from -2^64 to 2^64";
  return success();
}

LogicalResult NormOp::verify() {
  if (failed(verifyRows(*this)) ||
      failed(verifyFactors(*this, "weight", getWeight(), getRowsType(),
                           headDim())) ||
      failed(verifyFactors(*this, "bias", getBias(), getRowsType(), headDim())))
    return failure();
  // norm_n7
  if (getBias() && getKind() != NormKind::Layer)
    return emitOpError() << "expected `bias` beside `layer` only, got `"
                         << stringifyNormKind(getKind()) << "`";
  return verifyNormNumbers(*this, getEpsOrDefault(), getScaleOrDefault());
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

float attn::epsOrDefault(std::optional<APFloat> eps, NormKind kind) {
  if (eps)
    return eps->convertToFloat();
  switch (kind) {
  case NormKind::Rms:
    return 1e-6f;
  case NormKind::L2:
    return 1e-12f;
  case NormKind::Layer:
    return 1e-5f;
  }
  llvm_unreachable("every kind of norm has a case");
}

float NormOp::getEpsOrDefault() { return epsOrDefault(getEps(), getKind()); }

LogicalResult NormOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}
