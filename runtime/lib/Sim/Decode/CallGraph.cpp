//===- CallGraph.cpp - Functions that an entry may call -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/CallGraph.h"

#include <functional>

using namespace attnrt::sim;
using ptx::Operand;

int attnrt::sim::functionNamed(const ptx::Module &module,
                               const std::string &name) {
  auto alias = module.aliases.find(name);
  const std::string &own = alias == module.aliases.end() ? name : alias->second;
  auto found = module.functionNumbers.find(own);
  return found == module.functionNumbers.end() ? -1 : found->second;
}

using Visit = std::function<void(const ptx::Instruction &, const Operand &)>;

static void visit(const ptx::Instruction &inst, const Operand &op,
                  const Visit &with) {
  if (op.kind == Operand::Symbol)
    with(inst, op);
  for (const Operand &part : op.parts)
    visit(inst, part, with);
}

/// Every symbol that an instruction of the body names.
static void forSymbols(const ptx::Entry &body, const Visit &with) {
  for (const ptx::Instruction &inst : body.body)
    for (const Operand &op : inst.operands)
      visit(inst, op, with);
}

bool attnrt::sim::names(const ptx::Entry &body, std::string_view name) {
  bool found = false;
  forSymbols(body, [&](const ptx::Instruction &, const Operand &op) {
    found |= op.name == name;
  });
  return found;
}

/// A call, and not through a register.
static bool isCallOf(const ptx::Instruction &inst, const Operand &op) {
  return inst.opcode == "call" && &inst.operands[1] == &op;
}

static bool callsThroughRegisters(const ptx::Entry &body) {
  for (const ptx::Instruction &inst : body.body)
    if (inst.opcode == "call" && inst.operands[1].kind == Operand::Reg)
      return true;
  return false;
}

/// Functions whose address some body or initial value takes.
static std::vector<int> takenAddresses(const ptx::Module &module) {
  std::vector<int> out;
  auto take = [&](const std::string &name) {
    if (int f = functionNamed(module, name); f >= 0)
      out.push_back(f);
  };
  auto look = [&](const ptx::Entry &body) {
    forSymbols(body, [&](const ptx::Instruction &inst, const Operand &op) {
      if (!isCallOf(inst, op))
        take(op.name);
    });
  };
  for (const ptx::Entry &entry : module.entries)
    look(entry);
  for (const ptx::Entry &function : module.functions)
    look(function);
  for (const ptx::Variable &var : module.variables)
    for (const ptx::Relocation &address : var.relocations)
      take(address.symbol);
  return out;
}

std::vector<int> attnrt::sim::functionsOf(const ptx::Module &module,
                                          const ptx::Entry &entry) {
  std::vector<int> out;
  std::vector<bool> known(module.functions.size(), false);
  bool addedTaken = false;
  auto add = [&](int function) {
    if (function < 0 || known[function])
      return;
    known[function] = true;
    out.push_back(function);
  };
  auto look = [&](const ptx::Entry &body) {
    if (module.functions.empty())
      return;
    forSymbols(body, [&](const ptx::Instruction &, const Operand &op) {
      add(functionNamed(module, op.name));
    });
    if (addedTaken || !callsThroughRegisters(body))
      return;
    addedTaken = true;
    for (int function : takenAddresses(module))
      add(function);
  };
  look(entry);
  for (size_t next = 0; next < out.size(); ++next)
    look(module.functions[out[next]]);
  return out;
}
