//===- Declarations.cpp - Variables and parameters of PTX -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Declarations.h"

#include <cstring>
#include <optional>

using namespace attnrt;
using namespace attnrt::sim::ptx;

static constexpr uint64_t kMaxVariableBytes = uint64_t(1) << 30;
static constexpr uint64_t kMaxParameterElements = 32768;

static bool alignment(Tokens &in, uint32_t &align) {
  uint64_t value;
  if (!in.integer(value))
    return false;
  if (value == 0 || value > 65536 || (value & (value - 1)))
    return in.fail("expected .align to be a power of two up to 65536");
  align = static_cast<uint32_t>(value);
  return true;
}

namespace {
/// The properties that variables of one declaration share.
struct Declaration {
  Space space;
  bool isExtern;
  uint32_t align = 0;
  unsigned unit = 0, unitCount = 1;
};
} // namespace

/// The bits of a number, of which the element takes the low ones.
static bool initialNumber(Tokens &in, unsigned unit, uint64_t &value) {
  bool minus = in.accept('-');
  value = in.token.value;
  if (in.token.kind == TokenKind::Float64 && unit == 4) {
    double wide;
    std::memcpy(&wide, &value, sizeof(wide));
    float narrow = static_cast<float>(wide);
    value = 0;
    std::memcpy(&value, &narrow, sizeof(narrow));
  } else if (in.token.kind != TokenKind::Integer &&
             in.token.kind != TokenKind::Float32 &&
             in.token.kind != TokenKind::Float64) {
    return in.fail("expected a number in the initial value, got `" +
                   std::string(in.token.text) + "`");
  } else if (minus) {
    value = 0 - value;
  }
  in.advance();
  return true;
}

/// `name + number` or `generic(name) + number`; the bytes follow when the
/// module has its place.
static bool initialAddress(Tokens &in, unsigned unit, Variable &var) {
  Relocation address;
  address.offset = var.initial.size();
  address.bytes = unit;
  if (!in.word(address.symbol))
    return false;
  if (address.symbol == "generic" && in.accept('(') &&
      (!in.word(address.symbol) || !in.expect(')')))
    return false;
  if (!in.addends(address.addend))
    return false;
  if (unit != 8)
    return in.fail("expected 64 bits for the address of `" + address.symbol +
                   "`");
  var.relocations.push_back(std::move(address));
  return true;
}

static bool initialiser(Tokens &in, unsigned unit, Variable &var) {
  if (var.space != Space::Global && var.space != Space::Const)
    return in.fail("`" + var.name + "` cannot have an initial value");
  int depth = 0;
  do {
    while (in.accept('{'))
      ++depth;
    uint64_t value = 0;
    if (in.token.kind == TokenKind::Word ? !initialAddress(in, unit, var)
                                         : !initialNumber(in, unit, value))
      return false;
    for (unsigned i = 0; i < unit; ++i)
      var.initial.push_back(value >> (8 * i));
    while (depth && in.accept('}'))
      --depth;
  } while (in.accept(','));
  if (depth)
    return in.fail("expected `}` after the initial value");
  if (var.bytes == 0) {
    var.bytes = var.initial.size();
    var.isExtern = false;
  }
  if (var.initial.size() > var.bytes)
    return in.fail("more initial values than elements in `" + var.name + "`");
  return true;
}

/// The extents behind the name. False in `isSized` where one is left open.
static bool extents(Tokens &in, const std::string &name, uint64_t &count,
                    bool &isSized) {
  while (in.accept('[')) {
    uint64_t extent = 0;
    if (in.token.is(']'))
      isSized = false;
    else if (!in.integer(extent))
      return false;
    count = isSized && extent <= kMaxVariableBytes ? count * extent : 0;
    if (extent > kMaxVariableBytes || count > kMaxVariableBytes)
      return in.fail("array `" + name + "` is too large");
    if (!in.expect(']'))
      return false;
  }
  return true;
}

static bool declarator(Tokens &in, const Declaration &shared,
                       std::vector<Variable> &into) {
  Variable var;
  var.line = in.token.line;
  var.space = shared.space;
  if (!in.word(var.name))
    return false;
  uint64_t count = shared.unitCount;
  bool isSized = true;
  if (!extents(in, var.name, count, isSized))
    return false;
  var.align = shared.align ? shared.align : shared.unit * shared.unitCount;
  var.bytes = count * shared.unit;
  if (var.bytes > kMaxVariableBytes)
    return in.fail("array `" + var.name + "` is too large");
  var.isExtern = !isSized;
  if (!isSized && var.space != Space::Shared && !in.token.is('='))
    return in.fail("expected a size for `" + var.name + "`");
  if (shared.isExtern && var.space != Space::Shared)
    return in.fail("unsupported external variable `" + var.name + "`");
  if (in.accept('=') && !initialiser(in, shared.unit, var))
    return false;
  into.push_back(std::move(var));
  return true;
}

static bool declarationModifier(Tokens &in, Declaration &shared) {
  std::string name = in.takeModifier();
  if (name == "align")
    return alignment(in, shared.align);
  if (name == "v2" || name == "v4") {
    shared.unitCount = name[1] - '0';
    return true;
  }
  // `.ptr .global .align 16` tells about the pointee; the last .align in it is
  // not the parameter's.
  if (name == "ptr" || name == "attribute")
    return in.fail("unsupported `." + name + "` here");
  std::optional<Type> type = typeNamed(name);
  if (!type)
    return in.fail("unsupported `." + name + "` in a declaration");
  shared.unit = bytesOf(*type);
  return shared.unit || in.fail("a variable cannot be a predicate");
}

bool attnrt::sim::ptx::parseVariables(Tokens &in, Space space, bool isExtern,
                                      std::vector<Variable> &into) {
  Declaration shared{space, isExtern};
  while (in.token.kind == TokenKind::Modifier)
    if (!declarationModifier(in, shared))
      return false;
  if (!shared.unit)
    return in.fail("expected a type in the declaration");
  do {
    if (!declarator(in, shared, into))
      return false;
  } while (in.accept(','));
  return in.expect(';');
}

namespace {
struct ParameterType {
  unsigned unit = 0;
  uint32_t align = 0;
  bool isPointer = false;
};
} // namespace

static bool parameterModifier(Tokens &in, ParameterType &out) {
  std::string name = in.takeModifier();
  if (name == "align") {
    uint32_t align = 0;
    if (!alignment(in, align))
      return false;
    // The alignment after .ptr is that of the pointee.
    out.align = out.isPointer ? out.align : align;
    return true;
  }
  if (name == "ptr")
    return out.isPointer = true;
  if (out.isPointer && (name == "global" || name == "shared" ||
                        name == "const" || name == "local"))
    return true;
  std::optional<Type> type = typeNamed(name);
  if (!type)
    return in.fail("unsupported `." + name + "` in a parameter");
  out.unit = bytesOf(*type);
  return true;
}

static bool parameter(Tokens &in, Variable &var) {
  if (!in.token.isModifier("param"))
    return in.fail("expected .param, got `" + std::string(in.token.text) + "`");
  in.advance();
  var.space = Space::Param;
  var.line = in.token.line;
  ParameterType type;
  while (in.token.kind == TokenKind::Modifier)
    if (!parameterModifier(in, type))
      return false;
  if (!type.unit)
    return in.fail("expected a type in the parameter");
  uint64_t count = 1;
  if (!in.word(var.name))
    return false;
  if (in.accept('[')) {
    if (!in.integer(count) || !in.expect(']'))
      return false;
    if (count > kMaxParameterElements)
      return in.fail("parameter `" + var.name + "` is too large");
  }
  var.bytes = type.unit * count;
  var.align = type.align ? type.align : type.unit;
  return true;
}

bool attnrt::sim::ptx::parseParameters(Tokens &in,
                                       std::vector<Variable> &into) {
  if (!in.accept('(') || in.accept(')'))
    return true;
  do {
    Variable var;
    if (!parameter(in, var))
      return false;
    into.push_back(std::move(var));
  } while (in.accept(','));
  return in.expect(')');
}
