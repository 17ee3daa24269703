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

// - The operands and clauses of an attention, see above.
// - Its results, their cotangents, and gradients have the types of what they
//   belong to.
// - Rows without a kept key are zero.
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
  // sdpa_grad_g5
  if (getMaskedRow() != MaskedRow::Zero)
    return emitOpError() << "`masked_row(" << stringifyMaskedRow(getMaskedRow())
                         << ")` is not supported yet; nearest is "
                            "`masked_row(zero)`";
  if (getDropout() || getSeed() || getOffset())
    return emitOpError() << "`dropout` is not supported yet; nearest is "
                            "attention without it";
  // sdpa_grad_g6
  if (!getQueryRange().empty() && getKeep().empty())
    return emitOpError() << "expected `query_range` to stand beside `keep`";
  // sdpa_grad_g7
  if (!getSlope().empty() && getScore().empty())
    return emitOpError() << "expected `slope` to stand beside `score`";
  return success();
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

void SdpaGradOp::getAsmResultNames(
    function_ref<void(Value, StringRef)> setNameFn) {
  setNameFn(getQueryGrad(), "dq");
  setNameFn(getKeyGrad(), "dk");
  setNameFn(getValueGrad(), "dv");
}

void SdpaGradOp::getAsmBlockArgumentNames(Region &region,
                                          OpAsmSetValueNameFn setNameFn) {
  nameArguments(*this, region, setNameFn);
}

LogicalResult
SdpaGradOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  for (Value tensor : {Value(getQuery()), Value(getKey()), Value(getValue())})
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), tensor));
  return success();
}
