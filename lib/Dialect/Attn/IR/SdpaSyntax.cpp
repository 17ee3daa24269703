//===- SdpaSyntax.cpp - Parsers and printers of attention -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ClauseSyntax.h"

#include <optional>

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// What the ops have in common
//===----------------------------------------------------------------------===//

namespace {

/// Operands in front of the clauses, and their types behind them.
struct Operands {
  SMLoc loc;
  SmallVector<OpAsmParser::UnresolvedOperand, 7> names;
  SmallVector<Type, 7> types;
  SmallVector<Type, 3> results;
};

} // namespace

/// `operands clauses attributes : (types) -> types`; `least` and `most`
/// operands, which `words` lists.
static ParseResult parseAttention(OpAsmParser &parser, OperationState &state,
                                  Operands &operands, Clauses &clauses,
                                  size_t least, size_t most, StringRef words) {
  operands.loc = parser.getCurrentLocation();
  if (parser.parseOperandList(operands.names) || parseClauses(parser, clauses))
    return failure();
  size_t count = operands.names.size();
  if (count < least || count > most)
    return parser.emitError(operands.loc)
           << "expected " << words << ", got " << count;
  SMLoc dictLoc = parser.getCurrentLocation();
  if (parser.parseOptionalAttrDict(state.attributes))
    return failure();
  for (StringRef name : state.name.getAttributeNames())
    if (state.attributes.get(name))
      return parser.emitError(dictLoc)
             << "expected `" << name
             << "` as a clause, not in the attribute dictionary";
  SMLoc typeLoc = parser.getCurrentLocation();
  if (parser.parseColon() || parser.parseLParen() ||
      parser.parseTypeList(operands.types) || parser.parseRParen())
    return failure();
  SMLoc resultLoc = parser.getCurrentLocation();
  if (parser.parseArrowTypeList(operands.results))
    return failure();
  bool isGrad = clauses.differentiated;
  size_t results = operands.results.size();
  size_t gradients = 3 + (isGrad ? clauses.differentiated->names.size() : 0);
  if (isGrad && results != gradients)
    return parser.emitError(resultLoc)
           << "expected " << gradients
           << " results, the gradients of query, key, value and what "
              "`gradients_of` names, got "
           << results;
  if (!isGrad && (results == 0 || results > 2))
    return parser.emitError(resultLoc)
           << "expected one result, or two with the LSE, got " << results;
  if (operands.types.size() != count)
    return parser.emitError(typeLoc)
           << "expected " << count << " operand types, got "
           << operands.types.size();
  state.addTypes(operands.results);
  return parser.resolveOperands(operands.names, operands.types, operands.loc,
                                state.operands);
}

/// Resolves the operands of the clauses, behind `sizes` of the others.
template <typename PropertiesT>
static ParseResult resolveClauses(OpAsmParser &parser, const Clauses &clauses,
                                  SmallVector<int32_t> sizes,
                                  OperationState &state) {
  auto &properties = state.getOrAddProperties<PropertiesT>();
  clauses.moveTo(properties);
  for (const ClauseOperands &operands : clauses.operands) {
    if (parser.resolveOperands(operands.names, operands.types, operands.loc,
                               state.operands))
      return failure();
    sizes.push_back(operands.names.size());
  }
  if (const ClauseOperands *operands = clauses.differentiated) {
    if (parser.resolveOperands(operands->names, operands->types, operands->loc,
                               state.operands))
      return failure();
    sizes.push_back(operands->names.size());
  }
  llvm::copy(sizes, properties.operandSegmentSizes.begin());
  return success();
}

static void addRegions(OperationState &state, Clauses &clauses,
                       ArrayRef<StringRef> words) {
  for (StringRef word : words)
    clauses.regions.emplace_back(word, state.addRegion());
}

/// ` : (types) -> types`, behind the attributes.
static void printTypes(OpAsmPrinter &p, Operation *op, size_t operands) {
  p.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
  p << " : (";
  llvm::interleaveComma(op->getOperands().take_front(operands).getTypes(), p);
  p << ") -> ";
  bool isOne = op->getNumResults() == 1;
  p << (isOne ? "" : "(");
  llvm::interleaveComma(op->getResultTypes(), p);
  p << (isOne ? "" : ")");
}

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

ParseResult SdpaOp::parse(OpAsmParser &parser, OperationState &result) {
  Operands operands;
  Clauses clauses;
  addRegions(result, clauses, {"score", "keep", "range"});
  if (parseAttention(parser, result, operands, clauses, 3, 3,
                     "3 operands (query, key, value)"))
    return failure();
  return resolveClauses<Properties>(parser, clauses, {1, 1, 1}, result);
}

void SdpaOp::print(OpAsmPrinter &p) {
  p << ' ' << getQuery() << ", " << getKey() << ", " << getValue();
  printClauses(
      p, *this,
      {{"score", &getScore()}, {"keep", &getKeep()}, {"range", &getRange()}});
  printTypes(p, *this, 3);
}

//===----------------------------------------------------------------------===//
// attn.sdpa_grad
//===----------------------------------------------------------------------===//

ParseResult SdpaGradOp::parse(OpAsmParser &parser, OperationState &result) {
  Operands operands;
  Clauses clauses;
  ClauseOperands differentiated;
  clauses.differentiated = &differentiated;
  addRegions(result, clauses,
             {"score", "keep", "range", "query_range", "slope"});
  if (parseAttention(parser, result, operands, clauses, 6, 7,
                     "6 operands (query, key, value, output, LSE, output "
                     "gradient), or 7 with the LSE gradient"))
    return failure();
  SmallVector<int32_t> sizes(6, 1);
  sizes.push_back(operands.names.size() == 7);
  return resolveClauses<Properties>(parser, clauses, sizes, result);
}

void SdpaGradOp::print(OpAsmPrinter &p) {
  size_t operands = getLseGrad() ? 7 : 6;
  p << ' ';
  p.printOperands(getOperands().take_front(operands));
  if (!getDifferentiated().empty())
    p << " gradients_of(" << getDifferentiated() << " : "
      << getDifferentiated().getTypes() << ')';
  printClauses(p, *this,
               {{"score", &getScore()},
                {"keep", &getKeep()},
                {"range", &getRange()},
                {"query_range", &getQueryRange()},
                {"slope", &getSlope()}});
  printTypes(p, *this, operands);
}
