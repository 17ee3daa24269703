//===- Scopes.cpp - Names in the body of an entry -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Scopes.h"

#include <algorithm>
#include <cstdlib>

using namespace attnrt::sim::ptx;

void Scopes::open() {
  scopes.emplace_back();
  scopes.back().parent = current;
  if (current >= 0)
    scopes.back().paramEnd = scopes[current].paramEnd;
  current = static_cast<int>(scopes.size()) - 1;
}

void Scopes::declare(const std::string &name, Type type) {
  scopes[current].names[name] = type;
}

void Scopes::declareRange(const std::string &name, Type type, uint64_t count) {
  scopes[current].ranges[name] = {type, count};
}

/// The place of the digits that a name ends in.
static size_t digitsOf(const std::string &name) {
  size_t digits = name.size();
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  return digits;
}

/// Declared by itself, or one of a range: %r7 of %r<8>, but not %r07.
std::optional<Type> Scopes::typeIn(const Scope &scope,
                                   const std::string &name) {
  auto single = scope.names.find(name);
  if (single != scope.names.end())
    return single->second;
  size_t digits = digitsOf(name);
  bool canonical = digits < name.size() && name.size() - digits < 19 &&
                   (name[digits] != '0' || digits + 1 == name.size());
  auto range = scope.ranges.find(name.substr(0, digits));
  if (!canonical || range == scope.ranges.end())
    return std::nullopt;
  uint64_t number = std::strtoull(name.c_str() + digits, nullptr, 10);
  if (number >= range->second.count)
    return std::nullopt;
  return range->second.type;
}

std::optional<uint32_t> Scopes::find(const std::string &name,
                                     std::vector<Register> &registers) {
  for (int s = current; s >= 0; s = scopes[s].parent) {
    Scope &scope = scopes[s];
    auto used = scope.registers.find(name);
    if (used != scope.registers.end())
      return used->second;
    std::optional<Type> type = typeIn(scope, name);
    if (!type)
      continue;
    uint32_t reg = static_cast<uint32_t>(registers.size());
    registers.push_back({name, *type});
    scope.registers.emplace(name, reg);
    return reg;
  }
  return std::nullopt;
}

std::string Scopes::declareVariable(const std::string &name) {
  uint32_t before = timesDeclared[name]++;
  // No name that the text can have.
  std::string own = before ? name + "#" + std::to_string(before) : name;
  scopes[current].variables[name] = own;
  return own;
}

std::string Scopes::variable(const std::string &name) const {
  for (int s = current; s >= 0; s = scopes[s].parent) {
    auto found = scopes[s].variables.find(name);
    if (found != scopes[s].variables.end())
      return found->second;
  }
  return name;
}

/// Beyond any limit it stays there, and is refused with the frame.
static constexpr uint64_t kMostRoom = uint64_t(1) << 25;

uint32_t Scopes::placeParam(uint64_t bytes, uint32_t align) {
  Scope &scope = scopes[current];
  uint64_t at = (scope.paramEnd + align - 1) & ~uint64_t(align - 1);
  scope.paramEnd = std::min(at + bytes, kMostRoom);
  room = std::max(room, static_cast<uint32_t>(scope.paramEnd));
  return static_cast<uint32_t>(std::min(at, kMostRoom));
}

bool Scopes::label(const std::string &name, uint32_t instruction) {
  return scopes[current].labels.emplace(name, instruction).second;
}

void Scopes::branchTable(const std::string &name, uint32_t table) {
  scopes[current].tables[name] = table;
}

std::optional<uint32_t> Scopes::findFrom(int scope, Places Scope::*which,
                                         const std::string &name) const {
  for (int s = scope; s >= 0; s = scopes[s].parent) {
    auto found = (scopes[s].*which).find(name);
    if (found != (scopes[s].*which).end())
      return found->second;
  }
  return std::nullopt;
}

std::optional<uint32_t> Scopes::labelFrom(int scope,
                                          const std::string &name) const {
  return findFrom(scope, &Scope::labels, name);
}

std::optional<uint32_t> Scopes::tableFrom(int scope,
                                          const std::string &name) const {
  return findFrom(scope, &Scope::tables, name);
}
