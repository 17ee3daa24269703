//===- AttnOps.cpp - Attributes and interfaces of the attn ops ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionRules.h"
#include "AttnSyntax.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <algorithm>
#include <cmath>
#include <optional>

using namespace mlir;
using namespace attn;

#define GET_OP_CLASSES
#include "attn/Dialect/Attn/IR/AttnOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Causal and window, as clause and as attribute
//===----------------------------------------------------------------------===//

CausalAttr attn::parseCausalBody(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return {};
  std::optional<CausalKind> kind = symbolizeCausalKind(word);
  if (!kind) {
    parser.emitError(loc) << "expected `top_left`, `bottom_right` or "
                             "`offset = n` in `causal`, got `"
                          << word << "`";
    return {};
  }
  int64_t offset = 0;
  if (*kind == CausalKind::Offset &&
      (parser.parseEqual() || parser.parseInteger(offset)))
    return {};
  return CausalAttr::get(parser.getContext(), *kind, offset);
}

void attn::printCausalBody(AsmPrinter &printer, CausalAttr causal) {
  printer << stringifyCausalKind(causal.getKind());
  if (causal.getKind() == CausalKind::Offset)
    printer << " = " << causal.getOffset();
}

/// One side of a window: a count, or `inf`.
static ParseResult parseWindowSide(AsmParser &parser, int64_t &count) {
  SMLoc loc = parser.getCurrentLocation();
  if (succeeded(parser.parseOptionalKeyword("inf"))) {
    count = WindowAttr::kUnbounded;
    return success();
  }
  if (parser.parseInteger(count))
    return failure();
  if (count < 0)
    return parser.emitError(loc)
           << "expected a window count of at least 0, or `inf`, got " << count;
  return success();
}

WindowAttr attn::parseWindowBody(AsmParser &parser) {
  int64_t left, right;
  if (parseWindowSide(parser, left) || parser.parseComma() ||
      parseWindowSide(parser, right))
    return {};
  return WindowAttr::get(parser.getContext(), left, right);
}

static void printWindowSide(AsmPrinter &printer, int64_t count) {
  if (count == WindowAttr::kUnbounded)
    printer << "inf";
  else
    printer << count;
}

void attn::printWindowBody(AsmPrinter &printer, WindowAttr window) {
  printWindowSide(printer, window.getLeft());
  printer << ", ";
  printWindowSide(printer, window.getRight());
}

Attribute CausalAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  CausalAttr causal = parseCausalBody(parser);
  if (!causal || parser.parseGreater())
    return {};
  return causal;
}

void CausalAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printCausalBody(printer, *this);
  printer << ">";
}

Attribute WindowAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  WindowAttr window = parseWindowBody(parser);
  if (!window || parser.parseGreater())
    return {};
  return window;
}

void WindowAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printWindowBody(printer, *this);
  printer << ">";
}

//===----------------------------------------------------------------------===//
// attn.sdpa: interfaces and helpers
//===----------------------------------------------------------------------===//

void SdpaOp::getAsmResultNames(function_ref<void(Value, StringRef)> setNameFn) {
  setNameFn(getOutput(), "o");
  if (getLse())
    setNameFn(getLse(), "lse");
}

void attn::nameArguments(AttentionOp op, Region &region,
                         OpAsmSetValueNameFn setNameFn) {
  static constexpr StringLiteral kScoreNames[] = {"s", "b", "h", "i", "j"};
  static constexpr StringLiteral kRangeNames[] = {"b", "h", "i0", "i1"};
  static constexpr StringLiteral kQueryNames[] = {"b", "h", "j0", "j1"};
  ArrayRef<StringLiteral> names = kQueryNames;
  bool hasScore = !region.empty() && region.getNumArguments() == 5;
  if (hasScore)
    names = kScoreNames;
  else if (&region == &op.getKeep())
    names = ArrayRef(kScoreNames).drop_front();
  else if (&region == &op.getRange())
    names = kRangeNames;
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setNameFn(argument, name);
}

void SdpaOp::getAsmBlockArgumentNames(Region &region,
                                      OpAsmSetValueNameFn setNameFn) {
  nameArguments(*this, region, setNameFn);
}

float attn::scaleOrDefault(std::optional<APFloat> scale, int64_t dqk) {
  if (scale)
    return scale->convertToFloat();
  return static_cast<float>(1.0 / std::sqrt(double(dqk)));
}

/// What 16 random bits can be.
static constexpr int64_t kRandomNumbers = 1 << 16;

int64_t attn::dropThreshold(std::optional<APFloat> rate) {
  if (!rate)
    return 0;
  double rounded = std::floor(rate->convertToDouble() * kRandomNumbers + 0.5);
  return std::min(static_cast<int64_t>(rounded), kRandomNumbers - 1);
}

double attn::dropFactor(std::optional<APFloat> rate) {
  return double(kRandomNumbers) / double(kRandomNumbers - dropThreshold(rate));
}

RankedTensorType SdpaOp::inferOutputType(RankedTensorType query,
                                         RankedTensorType value) {
  SmallVector<int64_t, 4> shape(query.getShape());
  shape.back() = value.getShape().back();
  return RankedTensorType::get(shape, query.getElementType());
}

RankedTensorType SdpaOp::inferLseType(RankedTensorType query, Layout layout) {
  return RankedTensorType::get({query.getDimSize(batchDim(layout)),
                                query.getDimSize(headDim(layout)),
                                query.getDimSize(lengthDim(layout))},
                               Float32Type::get(query.getContext()));
}

LogicalResult SdpaOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  // The types say so already that O and LSE are dynamic where query is (C12).
  auto queryDim = [&](int64_t dim) {
    return tensor::getMixedSize(builder, getLoc(), getQuery(), dim);
  };
  SmallVector<OpFoldResult> output;
  for (int64_t dim = 0; dim < featureDim(); ++dim)
    output.push_back(queryDim(dim));
  output.push_back(builder.getIndexAttr(getHeadDimV()));
  shapes.push_back(std::move(output));
  if (getLse())
    shapes.push_back(
        {queryDim(batchDim()), queryDim(headDim()), queryDim(lengthDim())});
  return success();
}
