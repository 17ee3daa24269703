//===- RowRules.cpp - What attn.rope and attn.norm share ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowRules.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

template <typename AttrT, typename EnumT>
static ParseResult parseWord(OpAsmParser &parser, StringRef words,
                             std::optional<EnumT> (*symbolize)(StringRef),
                             AttrT &attribute) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<EnumT> value = symbolize(word);
  if (!value)
    return parser.emitError(loc)
           << "expected " << words << ", got `" << word << "`";
  attribute = AttrT::get(parser.getContext(), *value);
  return success();
}

ParseResult attn::parsePairing(OpAsmParser &parser, PairingAttr &pairing) {
  return parseWord(parser, "`half` or `interleaved`", symbolizePairing,
                   pairing);
}

void attn::printPairing(OpAsmPrinter &printer, Operation *,
                        PairingAttr pairing) {
  printer << stringifyPairing(pairing.getValue());
}

ParseResult attn::parseLayout(OpAsmParser &parser, LayoutAttr &layout) {
  return parseWord(parser, "`bhsd` or `bshd`", symbolizeLayout, layout);
}

void attn::printLayout(OpAsmPrinter &printer, Operation *, LayoutAttr layout) {
  printer << stringifyLayout(layout.getValue());
}

ParseResult attn::parseNormKind(OpAsmParser &parser, NormKindAttr &kind) {
  return parseWord(parser, "`rms`, `l2` or `layer`", symbolizeNormKind, kind);
}

void attn::printNormKind(OpAsmPrinter &printer, Operation *,
                         NormKindAttr kind) {
  printer << stringifyNormKind(kind.getValue());
}

ParseResult attn::parseRowTypes(OpAsmParser &parser, Type &input,
                                Type &output) {
  if (parser.parseType(input))
    return failure();
  output = input;
  return succeeded(parser.parseOptionalArrow()) ? parser.parseType(output)
                                                : ParseResult(success());
}

void attn::printRowTypes(OpAsmPrinter &printer, Operation *, Type input,
                         Type output) {
  printer << input;
  if (output != input)
    printer << " -> " << output;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static bool isRowElement(Type element) {
  return element.isF16() || element.isBF16() || element.isF32();
}

// - The input's dimensions, without an encoding.
// - The input's elements, f32 of 16-bit ones, or 16-bit ones of f32.
LogicalResult attn::verifyMappedRows(Operation *op, StringRef name,
                                     RankedTensorType input,
                                     RankedTensorType output) {
  Type from = input.getElementType(), to = output.getElementType();
  bool isConverted = isRowElement(to) && (from.isF32() || to.isF32());
  // rope_r12, norm_n5, norm_grad_d2
  if (output.getShape() == input.getShape() && !output.getEncoding() &&
      (to == from || isConverted))
    return success();
  return op->emitOpError() << "expected " << name
                           << " to be the input's type, or that with f32 in "
                              "place of 16-bit elements or the other way "
                              "round, got "
                           << output << " of " << input;
}

// - Rank 4, no encoding, elements of f16, bf16 or f32.
// - The head dim is a static multiple of 8 in 8..256; lengths are below 2^30.
LogicalResult attn::verifyInputRows(Operation *op, RankedTensorType type,
                                    int64_t lengthDim) {
  // rope_r1, norm_n1
  if (type.getRank() != SdpaOp::kRank || type.getEncoding())
    return op->emitOpError()
           << "expected input of rank 4 without an encoding, got " << type;
  // rope_r2, norm_n2
  Type element = type.getElementType();
  if (!isRowElement(element))
    return op->emitOpError()
           << "expected element type of input to be f16, bf16 or f32, got "
           << element;
  // rope_r3, norm_n3
  int64_t features = type.getShape().back();
  if (ShapedType::isDynamic(features) || features < 8 || features > 256 ||
      features % 8 != 0)
    return op->emitOpError()
           << "expected head_dim of input to be a static "
              "multiple of 8 from 8 to 256, got "
           << (ShapedType::isDynamic(features) ? std::string("?")
                                               : std::to_string(features));
  // rope_r4, norm_n4
  if (type.getDimSize(lengthDim) >= SdpaOp::kMaxLength)
    return op->emitOpError()
           << "expected length of input to be below 2^30, got "
           << type.getDimSize(lengthDim);
  return success();
}

LogicalResult attn::verifyRows(RowOp op) {
  if (failed(verifyInputRows(op, op.getRowsType(), op.lengthDim())))
    return failure();
  return verifyMappedRows(op, "the result", op.getRowsType(),
                          cast<RankedTensorType>(op.getOutput().getType()));
}
