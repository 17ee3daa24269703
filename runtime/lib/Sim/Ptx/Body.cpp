//===- Body.cpp - The body of an entry ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Body.h"
#include "Ptx/BodyParser.h"
#include "Ptx/Declarations.h"

#include <algorithm>

using namespace attnrt;
using namespace attnrt::sim::ptx;

bool BodyParser::run() {
  if (!in.token.is('{'))
    return in.fail("expected `{` before the body, got `" +
                   std::string(in.token.text) + "`");
  do {
    if (in.token.kind == TokenKind::End)
      return in.fail("expected `}` before the end");
    if (!statement())
      return in.isRefusal && skipRest();
  } while (depth);
  entry.paramRoom = scopes.paramRoom();
  return resolveLabels();
}

/// False, as the refusal stands, behind the body where its braces fit.
bool BodyParser::skipRest() {
  while (depth && in.token.kind != TokenKind::End) {
    depth += in.token.is('{') - in.token.is('}');
    in.advance();
  }
  in.isRefusal = !depth;
  return false;
}

bool BodyParser::statement() {
  if (in.accept('{')) {
    if (++depth > kMaxNesting)
      return in.fail("scopes nest too deeply");
    scopes.open();
    return true;
  }
  if (in.accept('}')) {
    --depth;
    scopes.close();
    return true;
  }
  if (in.accept(';'))
    return true;
  if (in.token.kind == TokenKind::Modifier)
    return directive(in.takeModifier());
  if (in.token.is('@'))
    return instruction("");
  std::string name;
  if (!in.word(name))
    return false;
  if (in.accept(':'))
    return label(name);
  return instruction(name);
}

bool BodyParser::directive(std::string_view name) {
  if (name == "reg")
    return registerDeclaration();
  if (name == "shared")
    return variables(Space::Shared);
  if (name == "local")
    return variables(Space::Local);
  if (name == "param")
    return variables(Space::Param);
  if (name == "pragma")
    return in.skipUntil(';');
  if (name == "loc")
    return location();
  return in.refuse("unsupported directive `." + std::string(name) +
                   "` in a body");
}

/// Names are of their scope; one that another scope has had gets another.
bool BodyParser::variables(Space space) {
  size_t first = entry.variables.size();
  if (!parseVariables(in, space, false, entry.variables))
    return false;
  for (size_t v = first; v < entry.variables.size(); ++v) {
    Variable &var = entry.variables[v];
    var.name = scopes.declareVariable(var.name);
    if (space == Space::Param)
      var.offset = scopes.placeParam(var.bytes, var.align);
  }
  return true;
}

bool BodyParser::location() {
  // .loc file line column [, function_name label[+n], inlined_at f l c]
  uint64_t ignored;
  if (!in.integer(ignored) || !in.integer(ignored) || !in.integer(ignored))
    return false;
  while (in.accept(',')) {
    std::string key;
    if (!in.word(key))
      return false;
    while (in.token.kind == TokenKind::Integer || in.token.is('+') ||
           (key == "function_name" && in.token.kind == TokenKind::Word)) {
      bool label = in.token.kind == TokenKind::Word;
      in.advance();
      if (label)
        key.clear();
    }
  }
  return true;
}

bool BodyParser::registerDeclaration() {
  if (in.token.kind != TokenKind::Modifier)
    return in.fail("expected a type after .reg");
  std::optional<Type> type = typeNamed(in.token.text);
  if (!type)
    return in.fail("unsupported register type `." + std::string(in.token.text) +
                   "`");
  in.advance();
  do {
    std::string name;
    if (!in.word(name))
      return false;
    if (in.accept('<')) {
      uint64_t count;
      if (!in.integer(count) || !in.expect('>'))
        return false;
      scopes.declareRange(name, *type, count);
    } else {
      scopes.declare(name, *type);
    }
  } while (in.accept(','));
  return in.expect(';');
}

bool BodyParser::label(const std::string &name) {
  if (in.token.isModifier("branchtargets"))
    return branchTargets(name);
  // Calls are held to the function that they reach.
  if (in.token.isModifier("callprototype") ||
      in.token.isModifier("calltargets"))
    return in.skipUntil(';');
  uint32_t index = static_cast<uint32_t>(entry.body.size());
  return scopes.label(name, index) ||
         in.fail("label `" + name + "` stands twice");
}

bool BodyParser::branchTargets(const std::string &name) {
  in.advance();
  PendingTable table;
  table.table = static_cast<uint32_t>(entry.branchTables.size());
  table.scope = scopes.here();
  table.line = in.token.line;
  do {
    std::string target;
    if (!in.word(target))
      return false;
    table.names.push_back(target);
  } while (in.accept(','));
  scopes.branchTable(name, table.table);
  entry.branchTables.emplace_back();
  pendingTables.push_back(std::move(table));
  return in.expect(';');
}

/// `@!%p opcode`.
bool BodyParser::guard(Instruction &inst, std::string &opcode) {
  in.advance(); // the @
  inst.guarded = true;
  inst.guardNegated = in.accept('!');
  std::string name;
  if (!in.word(name))
    return false;
  std::optional<uint32_t> reg = scopes.find(name, entry.registers);
  if (!reg)
    return in.fail("unknown register `" + name + "`");
  inst.guard = *reg;
  if (entry.registers[inst.guard].type != Type::Pred)
    return in.fail("expected a predicate after `@`, got `" + name + "`");
  inst.line = in.token.line;
  return in.word(opcode);
}

/// Carries in or out are of extended-precision arithmetic.
static bool usesCarry(const Instruction &inst) {
  if (inst.opcode == "addc" || inst.opcode == "subc" || inst.opcode == "madc")
    return true;
  return std::find(inst.modifiers.begin(), inst.modifiers.end(), "cc") !=
         inst.modifiers.end();
}

bool BodyParser::instruction(std::string opcode) {
  Instruction inst;
  inst.line = in.token.line;
  if (opcode.empty() && !guard(inst, opcode))
    return false;
  inst.opcode = std::move(opcode);
  while (in.token.kind == TokenKind::Modifier) {
    inst.modifiers.emplace_back(in.token.text);
    in.advance();
  }
  if (inst.opcode == "call") {
    if (!callOperands(inst))
      return false;
  } else if (!in.token.is(';')) {
    do {
      inst.operands.emplace_back();
      if (!operand(inst.operands.back()))
        return false;
    } while (in.accept(','));
  }
  if (!in.expect(';'))
    return false;
  if (usesCarry(inst) && entry.carry < 0) {
    entry.carry = static_cast<int>(entry.registers.size());
    entry.registers.push_back({"CC.CF", Type::Pred});
  }
  for (size_t i = 0; i < inst.operands.size(); ++i)
    if (inst.operands[i].kind == Operand::Symbol)
      pendingLabels.push_back({entry.body.size(), i, scopes.here()});
  entry.body.push_back(std::move(inst));
  return true;
}

bool BodyParser::resolveLabels() {
  for (const PendingLabel &use : pendingLabels) {
    Instruction &inst = entry.body[use.instruction];
    Operand &op = inst.operands[use.operand];
    std::optional<uint32_t> place = inst.opcode == "brx"
                                        ? scopes.tableFrom(use.scope, op.name)
                                        : scopes.labelFrom(use.scope, op.name);
    if (!place)
      continue; // a variable
    op.kind = Operand::Label;
    op.value = *place;
  }
  for (const PendingTable &table : pendingTables)
    for (const std::string &name : table.names) {
      std::optional<uint32_t> place = scopes.labelFrom(table.scope, name);
      if (!place) {
        in.token.line = table.line;
        return in.fail("unknown label `" + name + "`");
      }
      entry.branchTables[table.table].push_back(*place);
    }
  return true;
}

bool attnrt::sim::ptx::parseBody(Tokens &in, Entry &entry) {
  return BodyParser(in, entry).run();
}
