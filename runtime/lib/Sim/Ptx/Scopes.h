//===- Scopes.h - Names in the body of an entry --------------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers are numbered when they are first used, so `.reg .b32 %r<1000000>`
// costs nothing. Labels belong to the scope of their braces and may be used
// before they stand.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_SCOPES_H
#define ATTNRT_SIM_PTX_SCOPES_H

#include "Ptx/Module.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace attnrt::sim::ptx {

class Scopes {
public:
  /// A `{`, and its `}`.
  void open();
  void close() { current = scopes[current].parent; }

  /// `.reg .b32 %name;` and `.reg .b32 %name<count>;`.
  void declare(const std::string &name, Type type);
  void declareRange(const std::string &name, Type type, uint64_t count);
  /// The register of that name; one that is used first joins `registers`.
  std::optional<uint32_t> find(const std::string &name,
                               std::vector<Register> &registers);

  /// A variable of the current scope; returns a name that no other one of the
  /// body has.
  std::string declareVariable(const std::string &name);
  /// That name, or the name itself where it is none of the body's.
  std::string variable(const std::string &name) const;
  /// Where a .param variable of the current scope goes.
  uint32_t placeParam(uint64_t bytes, uint32_t align);
  uint32_t paramRoom() const { return room; }

  /// A label of the current scope; false when it stands twice.
  bool label(const std::string &name, uint32_t instruction);
  void branchTable(const std::string &name, uint32_t table);
  /// The scope at hand, to look up names from later.
  int here() const { return current; }
  std::optional<uint32_t> labelFrom(int scope, const std::string &name) const;
  std::optional<uint32_t> tableFrom(int scope, const std::string &name) const;

private:
  struct Range {
    Type type;
    uint64_t count;
  };
  using Places = std::unordered_map<std::string, uint32_t>;
  /// One `{ }`.
  struct Scope {
    int parent = -1;
    std::unordered_map<std::string, Type> names;
    std::unordered_map<std::string, Range> ranges;
    Places registers; // used so far
    Places labels, tables;
    std::unordered_map<std::string, std::string> variables;
    uint64_t paramEnd = 0;
  };
  std::optional<uint32_t> findFrom(int scope, Places Scope::*which,
                                   const std::string &name) const;
  static std::optional<Type> typeIn(const Scope &scope,
                                    const std::string &name);

  std::vector<Scope> scopes;
  int current = -1;
  std::unordered_map<std::string, uint32_t> timesDeclared; // variables
  uint32_t room = 0;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_SCOPES_H
