//===- ControlOps.cpp - Walks and roles -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// WalkOp
//===----------------------------------------------------------------------===//

/// Steps are empty, to be filled.
void WalkOp::build(OpBuilder &builder, OperationState &state, Value first,
                   ValueRange bounds, ValueRange inits, int64_t stages) {
  state.addOperands(first);
  state.addOperands(bounds);
  state.addOperands(inits);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {1, static_cast<int32_t>(bounds.size()),
                                    static_cast<int32_t>(inits.size())};
  properties.stages = builder.getI64IntegerAttr(stages);
  state.addTypes(inits.getTypes());
  for (size_t i = 0; i < bounds.size(); ++i) {
    Block &step = state.addRegion()->emplaceBlock();
    step.addArgument(builder.getIndexType(), state.location);
    for (Value init : inits)
      step.addArgument(init.getType(), state.location);
  }
}

std::optional<unsigned> WalkOp::getSegmentOf(Block *block) {
  for (auto [i, segment] : llvm::enumerate(getSegments()))
    if (&segment.front() == block)
      return i;
  return std::nullopt;
}

/// `init` `(` values `:` types `)`
static ParseResult
parseInits(OpAsmParser &parser,
           SmallVectorImpl<OpAsmParser::UnresolvedOperand> &inits,
           SmallVectorImpl<Type> &types) {
  if (failed(parser.parseOptionalKeyword("init")))
    return success();
  return failure(parser.parseLParen() || parser.parseOperandList(inits) ||
                 parser.parseColonTypeList(types) || parser.parseRParen());
}

static ParseResult parseNumber(OpAsmParser &parser, StringRef keyword,
                               IntegerAttr &number) {
  if (failed(parser.parseOptionalKeyword(keyword)))
    return success();
  int64_t value = 0;
  if (parser.parseEqual() || parser.parseInteger(value))
    return failure();
  number = parser.getBuilder().getI64IntegerAttr(value);
  return success();
}

/// `to` bound `(` tile, carried… `)` region
static ParseResult
parseSegment(OpAsmParser &parser, OperationState &result, ArrayRef<Type> types,
             SmallVectorImpl<OpAsmParser::UnresolvedOperand> &bounds) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseOperand(bounds.emplace_back()) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren))
    return failure();
  if (arguments.size() != types.size() + 1)
    return parser.emitError(loc)
           << "expected the tile and " << types.size()
           << " carried values, got " << arguments.size() << " arguments";
  arguments.front().type = parser.getBuilder().getIndexType();
  for (size_t i = 0; i < types.size(); ++i)
    arguments[i + 1].type = types[i];
  Region *step = result.addRegion();
  if (parser.parseRegion(*step, arguments))
    return failure();
  WalkOp::ensureTerminator(*step, parser.getBuilder(), result.location);
  return success();
}

ParseResult WalkOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand first;
  SmallVector<OpAsmParser::UnresolvedOperand> bounds, inits;
  auto &properties = result.getOrAddProperties<Properties>();
  SMLoc loc;
  if (parser.parseKeyword("from") || parser.parseOperand(first) ||
      parser.getCurrentLocation(&loc) ||
      parseInits(parser, inits, result.types) ||
      parseNumber(parser, "stages", properties.stages) ||
      parseNumber(parser, "skip", properties.skip))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("turns")) &&
      (parser.parseEqual() || parser.parseAttribute(properties.turns)))
    return failure();
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseKeyword("to"))
    return failure();
  do {
    if (parseSegment(parser, result, result.types, bounds))
      return failure();
  } while (succeeded(parser.parseOptionalKeyword("to")));
  properties.operandSegmentSizes = {1, static_cast<int32_t>(bounds.size()),
                                    static_cast<int32_t>(inits.size())};
  Type index = parser.getBuilder().getIndexType();
  return failure(
      parser.resolveOperand(first, index, result.operands) ||
      parser.resolveOperands(bounds, index, result.operands) ||
      parser.resolveOperands(inits, result.types, loc, result.operands));
}

void WalkOp::print(OpAsmPrinter &printer) {
  printer << " from " << getFirst();
  if (!getInits().empty())
    printer << " init(" << getInits() << " : " << getInits().getTypes() << ")";
  if (getStages() != 1)
    printer << " stages = " << getStages();
  if (getSkip() != 0)
    printer << " skip = " << getSkip();
  if (getTurns())
    printer << " turns = " << getTurnsAttr();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getOperandSegmentSizesAttrName(), getStagesAttrName(), getSkipAttrName(),
       getTurnsAttrName()});
  for (auto [bound, segment] : llvm::zip(getBounds(), getSegments())) {
    printer << " to " << bound << " (";
    llvm::interleaveComma(segment.getArguments(), printer);
    printer << ") ";
    printer.printRegion(segment, /*printEntryBlockArgs=*/false,
                        /*printBlockTerminators=*/!getInits().empty());
  }
}

/// * a segment for each bound, and at least one;
/// * steps take the tile, and what they yield.
LogicalResult WalkOp::verify() {
  if (getSegments().empty() || getSegments().size() != getBounds().size())
    return emitOpError("expected a segment for each of ")
           << getBounds().size() << " bounds, got " << getSegments().size();
  SmallVector<Type> arguments = {IndexType::get(getContext())};
  llvm::append_range(arguments, getInits().getTypes());
  for (Region &segment : getSegments()) {
    if (segment.getArgumentTypes() != TypeRange(arguments))
      return emitOpError("expected steps that take ")
             << TypeRange(arguments) << ", got " << segment.getArgumentTypes();
    auto yield = cast<YieldOp>(segment.front().getTerminator());
    if (yield.getValues().getTypes() != getInits().getTypes())
      return yield.emitOpError("expected values of types ")
             << getInits().getTypes() << ", got "
             << yield.getValues().getTypes();
  }
  if (getResultTypes() != getInits().getTypes())
    return emitOpError("expected results of types ")
           << getInits().getTypes() << ", got " << getResultTypes();
  return success();
}

//===----------------------------------------------------------------------===//
// RolesOp
//===----------------------------------------------------------------------===//

/// Programs are empty, to be filled.
void RolesOp::build(OpBuilder &, OperationState &state, ArrayAttr names) {
  state.getOrAddProperties<Properties>().names = names;
  for (size_t i = 0; i <= names.size(); ++i)
    state.addRegion()->emplaceBlock();
}

/// Braces with nothing between are a program, too.
static ParseResult parseProgram(OpAsmParser &parser, OperationState &result) {
  Region *program = result.addRegion();
  if (parser.parseRegion(*program))
    return failure();
  if (program->empty())
    program->emplaceBlock();
  return success();
}

/// (`produce` (`(` name `)`)? region)* `consume` region
ParseResult RolesOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<Attribute> names;
  while (succeeded(parser.parseOptionalKeyword("produce"))) {
    std::string name;
    if (succeeded(parser.parseOptionalLParen()) &&
        (parser.parseString(&name) || parser.parseRParen()))
      return failure();
    names.push_back(parser.getBuilder().getStringAttr(name));
    if (parseProgram(parser, result))
      return failure();
  }
  result.getOrAddProperties<Properties>().names =
      parser.getBuilder().getArrayAttr(names);
  return failure(parser.parseKeyword("consume") ||
                 parseProgram(parser, result) ||
                 parser.parseOptionalAttrDict(result.attributes));
}

void RolesOp::print(OpAsmPrinter &printer) {
  for (auto [name, region] :
       llvm::zip(getNames().getAsValueRange<StringAttr>(), getProducers())) {
    printer << " produce";
    if (!name.empty())
      printer << "(\"" << name << "\")";
    printer << ' ';
    printer.printRegion(region);
  }
  printer << " consume ";
  printer.printRegion(getConsumer());
  printer.printOptionalAttrDict((*this)->getAttrs(), {getNamesAttrName()});
}

/// * a name of its own for each program that copies;
/// * as many of them as warps that do so, and at least one.
LogicalResult RolesOp::verify() {
  if (getNames().size() + 1 != getPrograms().size())
    return emitOpError("expected a name for each program but the last of ")
           << getPrograms().size() << ", got " << getNames().size();
  llvm::StringSet<> names;
  for (StringRef name : getNames().getAsValueRange<StringAttr>())
    if (!names.insert(name).second)
      return emitOpError("expected one program for the role `") << name << "`";
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (!kernel)
    return success();
  int64_t warps = kernel.getCta().getProducers();
  if (getProducers().empty() ||
      static_cast<int64_t>(getProducers().size()) > warps)
    return emitOpError("expected programs for 1..")
           << warps << " warps that copy, got " << getProducers().size();
  return success();
}
