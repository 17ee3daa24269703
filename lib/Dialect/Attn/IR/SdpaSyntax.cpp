//===- SdpaSyntax.cpp - Parser and printer of attn.sdpa -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttnSyntax.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "llvm/ADT/StringSwitch.h"
#include <optional>

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Clauses
//===----------------------------------------------------------------------===//

/// Returns the nearest form that this version has of a clause that a later
/// version will have, and an empty string for any other word.
static StringRef getNearestSupported(StringRef word) {
  return llvm::StringSwitch<StringRef>(word)
      .Case("seed", "the nearest form is `dropout(rate, %seed, %offset)`")
      .Case("precision",
            "f16 and bf16 operands with f32 scores and accumulators")
      .Cases({"qk_norm", "rope", "norm"}, "query and key are used as they are")
      .Cases({"segments", "document"}, "the nearest form is `documents`")
      .Case("lengths", "the nearest form is `mask`")
      .Cases({"pages", "page_table", "paged"},
             "keys and values are dense tensors")
      .Default("");
}

static constexpr StringLiteral kClauses =
    "`scale`, `softcap`, `alibi`, `relative_bias`, `bias`, `score`, `sinks`, "
    "`causal`, `window`, `prefix`, `chunked`, `documents`, `mask`, `keep`, "
    "`range`, `dropout`, `captures`, `layout` or `masked_row`";

namespace {

/// The operands that clauses name, in the order of `attn.sdpa`.
enum ClauseOperand {
  kCaptures,
  kAlibi,
  kRelativeBias,
  kBias,
  kSinks,
  kPrefixLengths,
  kQueryDocuments,
  kKeyDocuments,
  kMask,
  kSeed,
  kOffset,
  kClauseOperands
};

/// Parses the clauses of one `attn.sdpa`, in any order, each at most once.
class ClauseParser {
public:
  ClauseParser(OpAsmParser &parser, OperationState &state)
      : parser(parser), builder(parser.getBuilder()),
        properties(state.getOrAddProperties<SdpaOp::Properties>()),
        score(*state.addRegion()), keep(*state.addRegion()),
        range(*state.addRegion()) {}

  ParseResult parseAll();

  /// The operands of a clause, with their types.
  struct Operands {
    SMLoc loc;
    SmallVector<OpAsmParser::UnresolvedOperand, 2> names;
    SmallVector<Type, 2> types;
  };
  Operands operands[kClauseOperands];

private:
  using Body = function_ref<ParseResult()>;
  ParseResult parseClause(SMLoc loc, StringRef word);
  std::optional<ParseResult> parseScoreClause(StringRef word);
  std::optional<ParseResult> parseMaskClause(StringRef word);
  std::optional<ParseResult> parseOtherClause(StringRef word);
  ParseResult parseBracketed(Body body) {
    return failure(parser.parseLParen() || body() || parser.parseRParen());
  }
  ParseResult parseFinite(StringRef word, FloatAttr &attribute);
  ParseResult parseCount(IntegerAttr &attribute);
  ParseResult parseTensors(Operands &to);
  ParseResult parseTensor(ClauseOperand which);
  ParseResult parseRelativeBias();
  ParseResult parseRelativeBiasOption();
  ParseResult parsePrefix();
  ParseResult parsePair(StringRef what, ClauseOperand first,
                        ClauseOperand second);
  ParseResult parseDocuments();
  ParseResult parseDropout();
  ParseResult parseRegion(StringRef word, Region &region);
  template <typename EnumT, typename AttrT>
  ParseResult parseEnum(StringRef words,
                        std::optional<EnumT> (*symbolize)(StringRef),
                        AttrT &attribute);

  OpAsmParser &parser;
  Builder &builder;
  SdpaOp::Properties &properties;
  Region &score, &keep, &range;
  SmallVector<StringRef> seen;
};

} // namespace

ParseResult ClauseParser::parseAll() {
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

ParseResult ClauseParser::parseClause(SMLoc loc, StringRef word) {
  for (auto parse :
       {&ClauseParser::parseScoreClause, &ClauseParser::parseMaskClause,
        &ClauseParser::parseOtherClause})
    if (std::optional<ParseResult> result = (this->*parse)(word))
      return *result;
  if (StringRef nearest = getNearestSupported(word); !nearest.empty())
    return parser.emitError(loc)
           << "`" << word << "` is not supported yet; " << nearest;
  return parser.emitError(loc)
         << "expected a clause, " << kClauses << ", got `" << word << "`";
}

std::optional<ParseResult> ClauseParser::parseScoreClause(StringRef word) {
  if (word == "scale")
    return parseFinite(word, properties.scale);
  if (word == "softcap")
    return parseFinite(word, properties.softcap);
  if (word == "alibi")
    return parseTensor(kAlibi);
  if (word == "relative_bias")
    return parseRelativeBias();
  if (word == "bias")
    return parseTensor(kBias);
  if (word == "sinks")
    return parseTensor(kSinks);
  if (word == "score")
    return parseRegion(word, score);
  return std::nullopt;
}

std::optional<ParseResult> ClauseParser::parseMaskClause(StringRef word) {
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
  if (word == "prefix")
    return parsePrefix();
  if (word == "chunked")
    return parseBracketed([&] { return parseCount(properties.chunked); });
  if (word == "documents")
    return parseDocuments();
  if (word == "mask")
    return parseTensor(kMask);
  if (word == "keep")
    return parseRegion(word, keep);
  if (word == "range")
    return parseRegion(word, range);
  return std::nullopt;
}

std::optional<ParseResult> ClauseParser::parseOtherClause(StringRef word) {
  if (word == "dropout")
    return parseDropout();
  if (word == "captures")
    return parseBracketed([&] { return parseTensors(operands[kCaptures]); });
  if (word == "layout")
    return parseEnum("`bhsd` or `bshd`", symbolizeLayout, properties.layout);
  if (word == "masked_row")
    return parseEnum("`zero`, `nan` or `uniform`", symbolizeMaskedRow,
                     properties.masked_row);
  return std::nullopt;
}

ParseResult ClauseParser::parseFinite(StringRef word, FloatAttr &attribute) {
  return parseBracketed([&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    APFloat value(0.0f);
    if (parser.parseFloat(APFloat::IEEEsingle(), value))
      return failure();
    if (!value.isFinite())
      return parser.emitError(loc)
             << "expected `" << word << "` to be finite as an f32";
    attribute = builder.getF32FloatAttr(value.convertToFloat());
    return success();
  });
}

ParseResult ClauseParser::parseCount(IntegerAttr &attribute) {
  int64_t count;
  if (parser.parseInteger(count))
    return failure();
  attribute = builder.getI64IntegerAttr(count);
  return success();
}

/// `%a, %b : type, type`
ParseResult ClauseParser::parseTensors(Operands &to) {
  to.loc = parser.getCurrentLocation();
  return failure(parser.parseOperandList(to.names) ||
                 parser.parseColonTypeList(to.types));
}

/// `(%a : type)`
ParseResult ClauseParser::parseTensor(ClauseOperand which) {
  Operands &to = operands[which];
  return parseBracketed([&]() -> ParseResult {
    to.loc = parser.getCurrentLocation();
    return failure(parser.parseOperand(to.names.emplace_back()) ||
                   parser.parseColonType(to.types.emplace_back()));
  });
}

/// `bidirectional` or `max_distance = n`, each at most once.
ParseResult ClauseParser::parseRelativeBiasOption() {
  SMLoc loc = parser.getCurrentLocation();
  auto refuseSecond = [&](bool isSecond, StringRef option) -> ParseResult {
    if (!isSecond)
      return success();
    return parser.emitError(loc) << "expected `" << option << "` only once";
  };
  if (succeeded(parser.parseOptionalKeyword("bidirectional"))) {
    bool isSecond = bool(properties.bidirectional);
    properties.bidirectional = builder.getUnitAttr();
    return refuseSecond(isSecond, "bidirectional");
  }
  if (parser.parseKeyword("max_distance") ||
      refuseSecond(bool(properties.max_distance), "max_distance") ||
      parser.parseEqual())
    return failure();
  return parseCount(properties.max_distance);
}

/// `(%t : type, max_distance = n, bidirectional)`
ParseResult ClauseParser::parseRelativeBias() {
  Operands &to = operands[kRelativeBias];
  return parseBracketed([&]() -> ParseResult {
    to.loc = parser.getCurrentLocation();
    if (parser.parseOperand(to.names.emplace_back()) ||
        parser.parseColonType(to.types.emplace_back()))
      return failure();
    while (succeeded(parser.parseOptionalComma()))
      if (failed(parseRelativeBiasOption()))
        return failure();
    return success();
  });
}

/// `(n)` or `(%n : type)`
ParseResult ClauseParser::parsePrefix() {
  return parseBracketed([&]() -> ParseResult {
    Operands &to = operands[kPrefixLengths];
    to.loc = parser.getCurrentLocation();
    OpAsmParser::UnresolvedOperand name;
    OptionalParseResult operand = parser.parseOptionalOperand(name);
    if (!operand.has_value())
      return parseCount(properties.prefix);
    to.names.push_back(name);
    return failure(*operand || parser.parseColonType(to.types.emplace_back()));
  });
}

/// `%a, %b : type, type`, or one type of both.
ParseResult ClauseParser::parsePair(StringRef what, ClauseOperand first,
                                    ClauseOperand second) {
  Operands both;
  SMLoc loc = parser.getCurrentLocation();
  if (parseTensors(both))
    return failure();
  if (both.types.size() == 1)
    both.types.push_back(both.types.front());
  if (both.names.size() != 2 || both.types.size() != 2)
    return parser.emitError(loc) << "expected " << what;
  operands[first] = {both.loc, {both.names[0]}, {both.types[0]}};
  operands[second] = {both.loc, {both.names[1]}, {both.types[1]}};
  return success();
}

ParseResult ClauseParser::parseDocuments() {
  return parseBracketed([&] {
    return parsePair("two tensors in `documents`, of queries and of keys",
                     kQueryDocuments, kKeyDocuments);
  });
}

/// `(rate, %seed, %offset : type, type)`
ParseResult ClauseParser::parseDropout() {
  return parseBracketed([&]() -> ParseResult {
    APFloat rate(0.0);
    if (parser.parseFloat(APFloat::IEEEdouble(), rate) || parser.parseComma())
      return failure();
    properties.dropout = builder.getF64FloatAttr(rate.convertToDouble());
    return parsePair("a seed and an offset in `dropout`", kSeed, kOffset);
  });
}

template <typename EnumT, typename AttrT>
ParseResult
ClauseParser::parseEnum(StringRef words,
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

ParseResult ClauseParser::parseRegion(StringRef word, Region &region) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseRegion(region))
    return failure();
  // A region without a block means that the op has no such region.
  if (region.empty())
    return parser.emitError(loc)
           << "expected the `" << word << "` region to have a block";
  return success();
}

//===----------------------------------------------------------------------===//
// Parser
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

/// Resolves the operands of the clauses behind query, key and value.
static ParseResult resolveClauses(OpAsmParser &parser, ClauseParser &clauses,
                                  OperationState &result) {
  auto &properties = result.getOrAddProperties<SdpaOp::Properties>();
  SmallVector<int32_t> sizes(3, 1);
  for (ClauseParser::Operands &operands : clauses.operands) {
    if (parser.resolveOperands(operands.names, operands.types, operands.loc,
                               result.operands))
      return failure();
    sizes.push_back(operands.names.size());
  }
  llvm::copy(sizes, properties.operandSegmentSizes.begin());
  return success();
}

ParseResult SdpaOp::parse(OpAsmParser &parser, OperationState &result) {
  SMLoc operandLoc = parser.getCurrentLocation();
  SmallVector<OpAsmParser::UnresolvedOperand, 3> operands;
  ClauseParser clauses(parser, result);
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
  return failure(parser.resolveOperands(operands, operandTypes, operandLoc,
                                        result.operands) ||
                 resolveClauses(parser, clauses, result));
}

//===----------------------------------------------------------------------===//
// Printer
//===----------------------------------------------------------------------===//

static void printFloat(OpAsmPrinter &p, StringRef word, FloatAttr value) {
  if (!value)
    return;
  p << ' ' << word << '(';
  p.printFloat(value.getValue());
  p << ')';
}

static void printTensor(OpAsmPrinter &p, StringRef word, Value tensor) {
  if (tensor)
    p << ' ' << word << '(' << tensor << " : " << tensor.getType() << ')';
}

static void printScoreClauses(OpAsmPrinter &p, SdpaOp op) {
  printFloat(p, "scale", op.getScaleAttr());
  printFloat(p, "softcap", op.getSoftcapAttr());
  printTensor(p, "alibi", op.getAlibi());
  if (Value table = op.getRelativeBias()) {
    p << " relative_bias(" << table << " : " << table.getType();
    if (op.getMaxDistance())
      p << ", max_distance = " << *op.getMaxDistance();
    if (op.getBidirectional())
      p << ", bidirectional";
    p << ')';
  }
  printTensor(p, "bias", op.getBias());
  printTensor(p, "sinks", op.getSinks());
}

static void printMaskClauses(OpAsmPrinter &p, SdpaOp op) {
  if (CausalAttr causal = op.getCausalAttr()) {
    p << " causal(";
    printCausalBody(p, causal);
    p << ')';
  }
  if (WindowAttr window = op.getWindowAttr()) {
    p << " window(";
    printWindowBody(p, window);
    p << ')';
  }
  if (op.getPrefix())
    p << " prefix(" << *op.getPrefix() << ')';
  printTensor(p, "prefix", op.getPrefixLengths());
  if (op.getChunked())
    p << " chunked(" << *op.getChunked() << ')';
  if (op.getQueryDocuments())
    p << " documents(" << op.getQueryDocuments() << ", " << op.getKeyDocuments()
      << " : " << op.getQueryDocuments().getType() << ", "
      << op.getKeyDocuments().getType() << ')';
  printTensor(p, "mask", op.getMask());
}

static void printDropout(OpAsmPrinter &p, SdpaOp op) {
  if (!op.getDropout())
    return;
  p << " dropout(";
  p.printFloat(*op.getDropout());
  p << ", " << op.getSeed() << ", " << op.getOffset() << " : "
    << op.getSeed().getType() << ", " << op.getOffset().getType() << ')';
}

void SdpaOp::print(OpAsmPrinter &p) {
  p << ' ' << getQuery() << ", " << getKey() << ", " << getValue();
  printScoreClauses(p, *this);
  printMaskClauses(p, *this);
  if (getLayout() != Layout::BHSD)
    p << " layout(" << stringifyLayout(getLayout()) << ')';
  if (getMaskedRow() != MaskedRow::Zero)
    p << " masked_row(" << stringifyMaskedRow(getMaskedRow()) << ')';
  printDropout(p, *this);
  if (!getCaptures().empty())
    p << " captures(" << getCaptures() << " : " << getCaptures().getTypes()
      << ')';
  for (auto [word, region] :
       {std::pair("score", &getScore()), std::pair("keep", &getKeep()),
        std::pair("range", &getRange())}) {
    if (region->empty())
      continue;
    p << ' ' << word << ' ';
    p.printRegion(*region);
  }
  p.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
  p << " : ";
  auto types = {getQuery().getType(), getKey().getType(), getValue().getType()};
  p << '(';
  llvm::interleaveComma(types, p);
  p << ") -> ";
  bool isOne = getNumResults() == 1;
  p << (isOne ? "" : "(");
  llvm::interleaveComma(getResultTypes(), p);
  p << (isOne ? "" : ")");
}
