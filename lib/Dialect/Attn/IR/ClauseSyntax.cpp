//===- ClauseSyntax.cpp - Clauses of attention as text --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ClauseSyntax.h"

#include "AttnSyntax.h"
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
    "`range`, `dropout`, `captures`, `layout`, `masked_row` or `precision`";

namespace {

/// Parses the clauses of one op, in any order, each at most once.
class ClauseParser {
public:
  ClauseParser(OpAsmParser &parser, Clauses &clauses)
      : parser(parser), builder(parser.getBuilder()), clauses(clauses) {}

  ParseResult parseAll();

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
  ParseResult parseTensors(ClauseOperands &to);
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
  Clauses &clauses;
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
    return parseFinite(word, clauses.scale);
  if (word == "softcap")
    return parseFinite(word, clauses.softcap);
  if (word == "alibi")
    return parseTensor(kAlibi);
  if (word == "relative_bias")
    return parseRelativeBias();
  if (word == "bias")
    return parseTensor(kBias);
  if (word == "sinks")
    return parseTensor(kSinks);
  return std::nullopt;
}

std::optional<ParseResult> ClauseParser::parseMaskClause(StringRef word) {
  if (word == "causal")
    return parseBracketed([&] {
      clauses.causal = parseCausalBody(parser);
      return success(clauses.causal != nullptr);
    });
  if (word == "window")
    return parseBracketed([&] {
      clauses.window = parseWindowBody(parser);
      return success(clauses.window != nullptr);
    });
  if (word == "prefix")
    return parsePrefix();
  if (word == "chunked")
    return parseBracketed([&] { return parseCount(clauses.chunked); });
  if (word == "documents")
    return parseDocuments();
  if (word == "mask")
    return parseTensor(kMask);
  return std::nullopt;
}

std::optional<ParseResult> ClauseParser::parseOtherClause(StringRef word) {
  for (auto [name, region] : clauses.regions)
    if (word == name)
      return parseRegion(word, *region);
  if (word == "dropout")
    return parseDropout();
  if (word == "captures")
    return parseBracketed(
        [&] { return parseTensors(clauses.operands[kCaptures]); });
  if (word == "gradients_of" && clauses.differentiated)
    return parseBracketed(
        [&] { return parseTensors(*clauses.differentiated); });
  if (word == "layout")
    return parseEnum("`bhsd` or `bshd`", symbolizeLayout, clauses.layout);
  if (word == "masked_row")
    return parseEnum("`zero`, `nan` or `uniform`", symbolizeMaskedRow,
                     clauses.maskedRow);
  if (word == "precision")
    return parseEnum("`tf32x3` or `tf32`", symbolizePrecision,
                     clauses.precision);
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
ParseResult ClauseParser::parseTensors(ClauseOperands &to) {
  to.loc = parser.getCurrentLocation();
  return failure(parser.parseOperandList(to.names) ||
                 parser.parseColonTypeList(to.types));
}

/// `(%a : type)`
ParseResult ClauseParser::parseTensor(ClauseOperand which) {
  ClauseOperands &to = clauses.operands[which];
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
    bool isSecond = bool(clauses.bidirectional);
    clauses.bidirectional = builder.getUnitAttr();
    return refuseSecond(isSecond, "bidirectional");
  }
  if (parser.parseKeyword("max_distance") ||
      refuseSecond(bool(clauses.maxDistance), "max_distance") ||
      parser.parseEqual())
    return failure();
  return parseCount(clauses.maxDistance);
}

/// `(%t : type, max_distance = n, bidirectional)`
ParseResult ClauseParser::parseRelativeBias() {
  ClauseOperands &to = clauses.operands[kRelativeBias];
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
    ClauseOperands &to = clauses.operands[kPrefixLengths];
    to.loc = parser.getCurrentLocation();
    OpAsmParser::UnresolvedOperand name;
    OptionalParseResult operand = parser.parseOptionalOperand(name);
    if (!operand.has_value())
      return parseCount(clauses.prefix);
    to.names.push_back(name);
    return failure(*operand || parser.parseColonType(to.types.emplace_back()));
  });
}

/// `%a, %b : type, type`, or one type of both.
ParseResult ClauseParser::parsePair(StringRef what, ClauseOperand first,
                                    ClauseOperand second) {
  ClauseOperands both;
  SMLoc loc = parser.getCurrentLocation();
  if (parseTensors(both))
    return failure();
  if (both.types.size() == 1)
    both.types.push_back(both.types.front());
  if (both.names.size() != 2 || both.types.size() != 2)
    return parser.emitError(loc) << "expected " << what;
  clauses.operands[first] = {both.loc, {both.names[0]}, {both.types[0]}};
  clauses.operands[second] = {both.loc, {both.names[1]}, {both.types[1]}};
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
    clauses.dropout = builder.getF64FloatAttr(rate.convertToDouble());
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

ParseResult attn::parseClauses(OpAsmParser &parser, Clauses &clauses) {
  return ClauseParser(parser, clauses).parseAll();
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

static void printScoreClauses(OpAsmPrinter &p, AttentionOp op) {
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

static void printMaskClauses(OpAsmPrinter &p, AttentionOp op) {
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

static void printDropout(OpAsmPrinter &p, AttentionOp op) {
  if (!op.getDropout())
    return;
  p << " dropout(";
  p.printFloat(*op.getDropout());
  p << ", " << op.getSeed() << ", " << op.getOffset() << " : "
    << op.getSeed().getType() << ", " << op.getOffset().getType() << ')';
}

void attn::printClauses(OpAsmPrinter &p, AttentionOp op,
                        ArrayRef<NamedRegion> regions) {
  printScoreClauses(p, op);
  printMaskClauses(p, op);
  if (op.getLayout() != Layout::BHSD)
    p << " layout(" << stringifyLayout(op.getLayout()) << ')';
  if (op.getMaskedRow() != MaskedRow::Zero)
    p << " masked_row(" << stringifyMaskedRow(op.getMaskedRow()) << ')';
  printDropout(p, op);
  if (op.getPrecision())
    p << " precision(" << stringifyPrecision(*op.getPrecision()) << ')';
  if (!op.getCaptures().empty())
    p << " captures(" << op.getCaptures() << " : "
      << op.getCaptures().getTypes() << ')';
  for (auto [word, region] : regions) {
    if (region->empty())
      continue;
    p << ' ' << word << ' ';
    p.printRegion(*region);
  }
}
