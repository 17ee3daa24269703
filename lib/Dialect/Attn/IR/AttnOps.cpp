//===- AttnOps.cpp - Syntax and interfaces of the attn ops ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttnSyntax.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringSwitch.h"
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
// attn.sdpa: clauses
//===----------------------------------------------------------------------===//

/// Returns the nearest form that this version has of a clause that a later
/// version will have, and an empty string for any other word.
static StringRef getNearestSupported(StringRef word) {
  return llvm::StringSwitch<StringRef>(word)
      .Cases({"score", "softcap", "bias", "alibi", "sinks"},
             "the score is `scale` times the dot product")
      .Case("captures", "regions see only their arguments")
      .Cases({"dropout", "seed"}, "probabilities are used as they are")
      .Case("precision",
            "f16 and bf16 operands with f32 scores and accumulators")
      .Cases({"qk_norm", "rope", "norm"}, "query and key are used as they are")
      .Cases({"segments", "document", "mask", "lengths", "prefix"},
             "masks are `causal` and `window`")
      .Cases({"pages", "page_table", "paged"},
             "keys and values are dense tensors")
      .Default("");
}

static constexpr StringLiteral kClauses =
    "`scale`, `causal`, `window`, `layout`, `masked_row`, `keep` or `range`";

namespace {

/// Parses the clauses of one `attn.sdpa`, in any order, each at most once.
class ClauseParser {
public:
  ClauseParser(OpAsmParser &parser, SdpaOp::Properties &properties,
               Region &keep, Region &range)
      : parser(parser), properties(properties), keep(keep), range(range) {}

  ParseResult parseAll() {
    SMLoc loc = parser.getCurrentLocation();
    StringRef word;
    while (succeeded(parser.parseOptionalKeyword(&word))) {
      if (llvm::is_contained(seen, word))
        return parser.emitError(loc) << "expected `" << word << "` only once";
      seen.push_back(word);
      if (parseClause(loc, word))
        return failure();
      loc = parser.getCurrentLocation();
    }
    return success();
  }

private:
  ParseResult parseClause(SMLoc loc, StringRef word) {
    if (word == "scale")
      return parseScale();
    if (word == "causal")
      return parseBracketed([&] {
        properties.causal = parseCausalBody(parser);
        return success(properties.causal != nullptr);
      });
    if (word == "window")
      return parseBracketed([&] {
        properties.window = parseWindowBody(parser);
        return success(properties.window != nullptr);
      });
    if (word == "layout")
      return parseEnum("`bhsd` or `bshd`", symbolizeLayout, properties.layout);
    if (word == "masked_row")
      return parseEnum("`zero`, `nan` or `uniform`", symbolizeMaskedRow,
                       properties.masked_row);
    if (word == "keep")
      return parseRegion(word, keep);
    if (word == "range")
      return parseRegion(word, range);
    if (StringRef nearest = getNearestSupported(word); !nearest.empty())
      return parser.emitError(loc)
             << "`" << word << "` is not supported yet; " << nearest;
    return parser.emitError(loc)
           << "expected a clause, " << kClauses << ", got `" << word << "`";
  }

  ParseResult parseBracketed(function_ref<ParseResult()> body) {
    return failure(parser.parseLParen() || body() || parser.parseRParen());
  }

  ParseResult parseScale() {
    return parseBracketed([&]() -> ParseResult {
      SMLoc loc = parser.getCurrentLocation();
      APFloat scale(0.0f);
      if (parser.parseFloat(APFloat::IEEEsingle(), scale))
        return failure();
      if (!scale.isFinite())
        return parser.emitError(loc)
               << "expected `scale` to be finite as an f32";
      properties.scale =
          parser.getBuilder().getF32FloatAttr(scale.convertToFloat());
      return success();
    });
  }

  template <typename EnumT, typename AttrT>
  ParseResult parseEnum(StringRef words,
                        std::optional<EnumT> (*symbolize)(StringRef),
                        AttrT &attribute) {
    return parseBracketed([&]() -> ParseResult {
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
    });
  }

  ParseResult parseRegion(StringRef word, Region &region) {
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseRegion(region))
      return failure();
    // A region without a block means that the op has no such region.
    if (region.empty())
      return parser.emitError(loc)
             << "expected the `" << word << "` region to have a block";
    return success();
  }

  OpAsmParser &parser;
  SdpaOp::Properties &properties;
  Region &keep;
  Region &range;
  SmallVector<StringRef> seen;
};

} // namespace

//===----------------------------------------------------------------------===//
// attn.sdpa: parser and printer
//===----------------------------------------------------------------------===//

/// `-> type` or `-> (type, …)`.
static ParseResult parseResultTypes(OpAsmParser &parser,
                                    SmallVectorImpl<Type> &types) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseArrowTypeList(types))
    return failure();
  if (types.empty() || types.size() > 2)
    return parser.emitError(loc)
           << "expected one result, or two with the LSE, got " << types.size();
  return success();
}

ParseResult SdpaOp::parse(OpAsmParser &parser, OperationState &result) {
  SMLoc operandLoc = parser.getCurrentLocation();
  SmallVector<OpAsmParser::UnresolvedOperand, 3> operands;
  Region *keep = result.addRegion(), *range = result.addRegion();
  auto &properties = result.getOrAddProperties<Properties>();
  ClauseParser clauses(parser, properties, *keep, *range);
  if (parser.parseOperandList(operands) || clauses.parseAll())
    return failure();
  if (operands.size() != 3)
    return parser.emitError(operandLoc)
           << "expected 3 operands (query, key, value), got "
           << operands.size();

  SMLoc dictLoc = parser.getCurrentLocation();
  if (parser.parseOptionalAttrDict(result.attributes))
    return failure();
  for (StringRef name : getAttributeNames())
    if (result.attributes.get(name))
      return parser.emitError(dictLoc)
             << "expected `" << name
             << "` as a clause, not in the attribute dictionary";

  SMLoc typeLoc = parser.getCurrentLocation();
  SmallVector<Type, 3> operandTypes;
  SmallVector<Type, 2> resultTypes;
  if (parser.parseColon() || parser.parseLParen() ||
      parser.parseTypeList(operandTypes) || parser.parseRParen() ||
      parseResultTypes(parser, resultTypes))
    return failure();
  if (operandTypes.size() != operands.size())
    return parser.emitError(typeLoc)
           << "expected 3 operand types, got " << operandTypes.size();
  result.addTypes(resultTypes);
  return parser.resolveOperands(operands, operandTypes, operandLoc,
                                result.operands);
}

void SdpaOp::print(OpAsmPrinter &p) {
  p << ' ' << getOperands();
  if (std::optional<APFloat> scale = getScale()) {
    p << " scale(";
    p.printFloat(*scale);
    p << ')';
  }
  if (CausalAttr causal = getCausalAttr()) {
    p << " causal(";
    printCausalBody(p, causal);
    p << ')';
  }
  if (WindowAttr window = getWindowAttr()) {
    p << " window(";
    printWindowBody(p, window);
    p << ')';
  }
  if (getLayout() != Layout::BHSD)
    p << " layout(" << stringifyLayout(getLayout()) << ')';
  if (getMaskedRow() != MaskedRow::Zero)
    p << " masked_row(" << stringifyMaskedRow(getMaskedRow()) << ')';
  for (auto [word, region] :
       {std::pair("keep", &getKeep()), std::pair("range", &getRange())}) {
    if (region->empty())
      continue;
    p << ' ' << word << ' ';
    p.printRegion(*region);
  }
  p.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
  p << " : ";
  p.printFunctionalType(*this);
}

//===----------------------------------------------------------------------===//
// attn.sdpa: interfaces and helpers
//===----------------------------------------------------------------------===//

void SdpaOp::getAsmResultNames(function_ref<void(Value, StringRef)> setNameFn) {
  setNameFn(getOutput(), "o");
  if (getLse())
    setNameFn(getLse(), "lse");
}

void SdpaOp::getAsmBlockArgumentNames(Region &region,
                                      OpAsmSetValueNameFn setNameFn) {
  static constexpr StringLiteral kKeepNames[] = {"b", "h", "i", "j"};
  static constexpr StringLiteral kRangeNames[] = {"b", "h", "i0", "i1"};
  ArrayRef<StringLiteral> names =
      &region == &getKeep() ? ArrayRef(kKeepNames) : ArrayRef(kRangeNames);
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setNameFn(argument, name);
}

float SdpaOp::getScaleOrDefault() {
  if (std::optional<APFloat> scale = getScale())
    return scale->convertToFloat();
  return static_cast<float>(1.0 / std::sqrt(double(getHeadDimQK())));
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
