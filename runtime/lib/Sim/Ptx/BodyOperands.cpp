//===- BodyOperands.cpp - Operands in a body ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/BodyParser.h"

#include <cstring>

using namespace attnrt::sim::ptx;

/// What stands in parentheses.
bool BodyParser::list(Operand &out) {
  out.kind = Operand::Vector;
  if (!in.accept('('))
    return true;
  while (!in.token.is(')')) {
    out.parts.emplace_back();
    if (!primary(out.parts.back()))
      return false;
    if (out.parts.size() > kMaxVector)
      return in.fail("list is too long");
    if (!in.accept(','))
      break;
  }
  return in.expect(')');
}

/// `(results), function, (arguments), prototype`, always three operands.
bool BodyParser::callOperands(Instruction &inst) {
  inst.operands.resize(3);
  bool hasResults = in.token.is('(');
  if (!list(inst.operands[0]) || (hasResults && !in.expect(',')) ||
      !primary(inst.operands[1]))
    return false;
  std::string prototype;
  if (!in.accept(','))
    return list(inst.operands[2]);
  bool hasArguments = in.token.is('(');
  if (!list(inst.operands[2]))
    return false;
  return (hasArguments && !in.accept(',')) || in.word(prototype);
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

/// `b0`, `h1` or `b3210`: which parts of a register are meant.
static bool isSelector(const Token &token) {
  if (token.kind != TokenKind::Modifier || token.text.size() < 2 ||
      token.text.size() > 5 || !std::strchr("bh", token.text[0]))
    return false;
  return token.text.find_first_not_of("01234567", 1) == token.text.npos;
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
    if (isSelector(in.token)) {
      out.name = std::string(in.token.text);
      in.advance();
    }
    return true;
  }
  out.kind = name[0] == '%' ? Operand::Special : Operand::Symbol;
  out.name = scopes.variable(name);
  if (out.kind == Operand::Symbol && (in.token.is('+') || in.token.is('-')))
    return in.addends(out.value);
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
  if (!in.addends(out.value))
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
