//===- Body.cpp - The body of an entry ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Body.h"
#include "Ptx/Declarations.h"
#include "Ptx/Scopes.h"

#include <cstring>

using namespace attnrt;
using namespace attnrt::sim::ptx;

static constexpr int kMaxNesting = 256;
static constexpr size_t kMaxVector = 256;

namespace {
class BodyParser {
public:
  BodyParser(Tokens &in, Entry &entry) : in(in), entry(entry) {}
  bool run();

private:
  bool statement(int &depth);
  bool directive(std::string_view name);
  bool location();
  bool registerDeclaration();
  bool label(const std::string &name);
  bool branchTargets(const std::string &name);
  bool instruction(std::string opcode);
  bool guard(Instruction &inst, std::string &opcode);
  bool operand(Operand &out);
  bool primary(Operand &out);
  bool number(Operand &out);
  bool memory(Operand &out);
  bool vector(Operand &out);
  bool named(Operand &out);
  bool offset(int64_t &value);
  bool resolveLabels();

  Tokens &in;
  Entry &entry;
  Scopes scopes;
  int nesting = 0;
  struct PendingLabel {
    size_t instruction, operand;
    int scope;
  };
  std::vector<PendingLabel> pendingLabels;
  struct PendingTable {
    uint32_t table;
    std::vector<std::string> names;
    int scope, line;
  };
  std::vector<PendingTable> pendingTables;
};
} // namespace

bool BodyParser::run() {
  if (!in.token.is('{'))
    return in.fail("expected `{` before the body, got `" +
                   std::string(in.token.text) + "`");
  int depth = 0;
  do {
    if (in.token.kind == TokenKind::End)
      return in.fail("expected `}` before the end");
    if (!statement(depth))
      return false;
  } while (depth);
  return resolveLabels();
}

bool BodyParser::statement(int &depth) {
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
    return parseVariables(in, Space::Shared, false, entry.variables);
  if (name == "local")
    return parseVariables(in, Space::Local, false, entry.variables);
  if (name == "pragma")
    return in.skipUntil(';');
  if (name == "loc")
    return location();
  return in.fail("unsupported directive `." + std::string(name) +
                 "` in a body");
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
  if (!in.token.is(';')) {
    do {
      inst.operands.emplace_back();
      if (!operand(inst.operands.back()))
        return false;
    } while (in.accept(','));
  }
  if (!in.expect(';'))
    return false;
  for (size_t i = 0; i < inst.operands.size(); ++i)
    if (inst.operands[i].kind == Operand::Symbol)
      pendingLabels.push_back({entry.body.size(), i, scopes.here()});
  entry.body.push_back(std::move(inst));
  return true;
}

bool BodyParser::operand(Operand &out) {
  if (!primary(out))
    return false;
  if (!in.accept('|'))
    return true;
  Operand pair;
  pair.kind = Operand::Pair;
  pair.parts.resize(2);
  pair.parts[0] = std::move(out);
  if (!primary(pair.parts[1]))
    return false;
  out = std::move(pair);
  return true;
}

bool BodyParser::primary(Operand &out) {
  if (in.accept('[')) {
    out.kind = Operand::Memory;
    return memory(out);
  }
  if (in.accept('{'))
    return vector(out);
  if (in.accept('!')) {
    out.negated = true;
    return named(out);
  }
  return number(out);
}

/// A number with its sign, or else a name.
bool BodyParser::number(Operand &out) {
  bool minus = in.accept('-');
  bool complement = !minus && in.accept('~');
  switch (in.token.kind) {
  case TokenKind::Integer:
    out.kind = Operand::Integer;
    out.value = in.token.value;
    if (minus)
      out.value = static_cast<int64_t>(0 - in.token.value);
    if (complement)
      out.value = static_cast<int64_t>(~in.token.value);
    break;
  case TokenKind::Float32:
    out.kind = Operand::Float32;
    out.value = in.token.value ^ (minus ? 0x80000000u : 0u);
    break;
  case TokenKind::Float64:
    out.kind = Operand::Float64;
    out.value = in.token.value ^ (minus ? uint64_t(1) << 63 : 0);
    break;
  default:
    if (minus || complement)
      return in.fail("expected a number after the sign");
    return named(out);
  }
  in.advance();
  return true;
}

bool BodyParser::named(Operand &out) {
  std::string name;
  if (!in.word(name))
    return false;
  if (name == "_") {
    out.kind = Operand::Sink;
    return true;
  }
  if (name[0] == '%' && in.token.kind == TokenKind::Modifier &&
      in.token.text.size() == 1 && std::strchr("xyzw", in.token.text[0])) {
    out.kind = Operand::Special;
    out.name = name + "." + std::string(in.token.text);
    in.advance();
    return true;
  }
  if (std::optional<uint32_t> reg = scopes.find(name, entry.registers)) {
    out.kind = Operand::Reg;
    out.reg = *reg;
    return true;
  }
  out.kind = name[0] == '%' ? Operand::Special : Operand::Symbol;
  out.name = name;
  if (out.kind == Operand::Symbol && (in.token.is('+') || in.token.is('-')))
    return offset(out.value);
  return true;
}

bool BodyParser::offset(int64_t &value) {
  while (in.token.is('+') || in.token.is('-')) {
    bool minus = in.token.is('-');
    uint64_t part;
    in.advance();
    if (!in.integer(part))
      return false;
    value = static_cast<int64_t>(static_cast<uint64_t>(value) +
                                 (minus ? 0 - part : part));
  }
  return true;
}

bool BodyParser::memory(Operand &out) {
  out.parts.emplace_back();
  if (!primary(out.parts[0]))
    return false;
  Operand &base = out.parts[0];
  if (base.kind == Operand::Symbol) {
    out.value = base.value;
    base.value = 0;
  } else if (base.kind != Operand::Reg && base.kind != Operand::Integer) {
    return in.fail("expected a register, a symbol or a number as address");
  }
  if (!offset(out.value))
    return false;
  if (in.accept(',')) { // a tensor map and coordinates
    out.parts.emplace_back();
    if (!in.expect('{') || !vector(out.parts.back()))
      return false;
  }
  return in.expect(']');
}

bool BodyParser::vector(Operand &out) {
  out.kind = Operand::Vector;
  if (++nesting > kMaxNesting)
    return in.fail("vectors nest too deeply");
  do {
    out.parts.emplace_back();
    if (!primary(out.parts.back()))
      return false;
    if (out.parts.size() > kMaxVector)
      return in.fail("vector is too long");
  } while (in.accept(','));
  --nesting;
  return in.expect('}');
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
