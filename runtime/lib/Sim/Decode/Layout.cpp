//===- Layout.cpp - Where the variables of an entry stand -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Layout.h"

#include <algorithm>

using namespace attnrt::sim;
using ptx::Operand;

/// Far above what any target has; what one has is a matter of the launch.
static constexpr uint64_t kMaxShared = uint64_t(1) << 24;
static constexpr uint64_t kMaxLocal = uint64_t(1) << 24;
/// The ISA's limit for sm_70 and newer.
static constexpr uint64_t kMaxParams = 32764;

static bool layOutParams(const ptx::Entry &entry, Kernel &kernel,
                         Symbols &symbols, DecodeError &error) {
  for (const ptx::Variable &param : entry.params) {
    uint32_t at = (kernel.paramBytes + param.align - 1) & ~(param.align - 1);
    if (at + param.bytes > kMaxParams)
      return error.fail("expected at most " + std::to_string(kMaxParams) +
                        " bytes of parameters");
    kernel.paramOffsets.push_back(at);
    kernel.paramBytes = at + param.bytes;
    symbols[param.name] = {ptx::Space::Param, at};
  }
  kernel.params = entry.params;
  return true;
}

static bool layOutLocal(const ptx::Entry &entry, Kernel &kernel,
                        Symbols &symbols, DecodeError &error) {
  for (const ptx::Variable &var : entry.variables) {
    if (var.space != ptx::Space::Local)
      continue;
    uint64_t at =
        (kernel.localBytes + var.align - 1) & ~uint64_t(var.align - 1);
    symbols[var.name] = {ptx::Space::Local, at};
    kernel.localBytes = std::min<uint64_t>(at + var.bytes, kMaxLocal + 1);
  }
  return kernel.localBytes <= kMaxLocal || error.fail("too much local memory");
}

/// An address that has the declared alignment and no more.
static uint32_t placeExactly(uint32_t from, uint32_t align) {
  uint32_t at = (from + align - 1) & ~(align - 1);
  return at & align ? at : at + align;
}

/// Only what the entry's own instructions name counts, as in ptxas.
static bool names(const ptx::Entry &entry, const std::string &name) {
  auto in = [&](const Operand &op, auto &self) -> bool {
    if (op.kind == Operand::Symbol && op.name == name)
      return true;
    for (const Operand &part : op.parts)
      if (self(part, self))
        return true;
    return false;
  };
  for (const ptx::Instruction &inst : entry.body)
    for (const Operand &op : inst.operands)
      if (in(op, in))
        return true;
  return false;
}

namespace {
struct SharedVariables {
  std::vector<const ptx::Variable *> fixed, dynamic;
  void add(const ptx::Variable &var) {
    (var.isExtern ? dynamic : fixed).push_back(&var);
  }
};
} // namespace

static SharedVariables sharedVariables(const ptx::Module &module,
                                       const ptx::Entry &entry) {
  SharedVariables out;
  for (const ptx::Variable &var : module.variables)
    if (var.space == ptx::Space::Shared && names(entry, var.name))
      out.add(var);
  for (const ptx::Variable &var : entry.variables)
    if (var.space == ptx::Space::Shared)
      out.add(var);
  return out;
}

static bool layOutShared(const SharedVariables &variables, Kernel &kernel,
                         Symbols &symbols, DecodeError &error) {
  uint64_t end = kSharedBase;
  for (const ptx::Variable *var : variables.fixed) {
    error.line = var->line;
    uint32_t at = placeExactly(end, var->align);
    if (end + var->bytes > kMaxShared)
      return error.fail("too much shared memory");
    kernel.shared.push_back({var->name, at, static_cast<uint32_t>(var->bytes)});
    symbols[var->name] = {ptx::Space::Shared, at};
    kernel.staticSharedBytes += var->bytes;
    end = at + var->bytes + 16; // a red zone
  }
  kernel.dynamicAlign = variables.dynamic.empty() ? 16 : 1;
  for (const ptx::Variable *var : variables.dynamic)
    kernel.dynamicAlign = std::max(kernel.dynamicAlign, var->align);
  kernel.dynamicBase = placeExactly(end, kernel.dynamicAlign);
  kernel.sharedEnd = end;
  for (const ptx::Variable *var : variables.dynamic)
    symbols[var->name] = {ptx::Space::Shared, kernel.dynamicBase};
  return true;
}

bool attnrt::sim::layOut(const ptx::Module &module, const ptx::Entry &entry,
                         Kernel &kernel, Symbols &symbols, DecodeError &error) {
  for (size_t v = 0; v < module.variables.size(); ++v)
    if (module.variables[v].space != ptx::Space::Shared)
      symbols[module.variables[v].name] = {module.variables[v].space, v};
  return layOutLocal(entry, kernel, symbols, error) &&
         layOutParams(entry, kernel, symbols, error) &&
         layOutShared(sharedVariables(module, entry), kernel, symbols, error);
}
