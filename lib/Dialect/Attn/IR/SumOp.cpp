//===- SumOp.cpp - Syntax, rules and interfaces of attn.sum ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules are labelled as those of attn.sdpa are: (S1) in docs/AttnSpec.md,
// sum_s1 here and in the name of the negative test.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

/// `attn.sum %a, %b : type`, or `attn.sum like %x : type`.
ParseResult SumOp::parse(OpAsmParser &parser, OperationState &result) {
  bool isLike = succeeded(parser.parseOptionalKeyword("like"));
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  Type type;
  if (parser.parseOperandList(operands, isLike ? 1 : -1) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type))
    return failure();
  for (const auto &operand : operands)
    if (parser.resolveOperand(operand, type, result.operands))
      return failure();
  int32_t count = operands.size();
  llvm::copy(
      isLike ? std::array<int32_t, 2>{0, count}
             : std::array<int32_t, 2>{count, 0},
      result.getOrAddProperties<Properties>().operandSegmentSizes.begin());
  result.addTypes(type);
  return success();
}

void SumOp::print(OpAsmPrinter &printer) {
  printer << (getLike() ? " like " : " ") << getOperands();
  printer.printOptionalAttrDict(
      (*this)->getDiscardableAttrDictionary().getValue());
  printer << " : " << getOutput().getType();
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

// - Addends, or `like`, and the sum have one type.
// - It is one of floats, without an encoding.
// - `like` stands where there are no addends.
LogicalResult SumOp::verify() {
  RankedTensorType type = getSumType();
  // sum_s1
  for (Type operand : getOperandTypes())
    if (operand != type)
      return emitOpError() << "expected operands of the type of the sum, "
                           << type << ", got " << operand;
  // sum_s2
  Type element = type.getElementType();
  if (!(element.isF16() || element.isBF16() || element.isF32()) ||
      type.getEncoding())
    return emitOpError() << "expected a tensor of f16, bf16 or f32 without an "
                            "encoding, got "
                         << type;
  // sum_s3
  if (getAddends().empty() != bool(getLike()))
    return emitOpError() << "expected either addends or `like`";
  return success();
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

LogicalResult SumOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getShaped()));
  return success();
}

bool SumOp::hasRows() {
  constexpr int64_t kMultiple = 8, kMost = 256;
  RankedTensorType type = getSumType();
  if (type.getRank() != SdpaOp::kRank)
    return false;
  int64_t features = type.getShape().back();
  return features > 0 && features <= kMost && features % kMultiple == 0;
}
