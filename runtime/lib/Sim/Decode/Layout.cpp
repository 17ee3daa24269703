//===- Layout.cpp - Where the variables of an entry stand -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Layout.h"
#include "Decode/CallGraph.h"

#include <algorithm>

using namespace attnrt::sim;

/// Far above what any target has; what one has is a matter of the launch.
static constexpr uint64_t kMaxShared = uint64_t(1) << 24;
static constexpr uint64_t kMaxLocal = uint64_t(1) << 24;
/// The ISA's limit for sm_70 and newer.
static constexpr uint64_t kMaxParams = 32764;

bool attnrt::sim::layOutParams(const ptx::Entry &entry, Kernel &kernel,
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

static uint32_t aligned(uint64_t at, uint32_t align) {
  return static_cast<uint32_t>((at + align - 1) & ~uint64_t(align - 1));
}

static FramePart place(const ptx::Variable &var, Frame &frame,
                       Symbols &symbols) {
  uint32_t at = aligned(frame.bytes, var.align);
  frame.bytes =
      static_cast<uint32_t>(std::min<uint64_t>(at + var.bytes, kMaxLocal + 1));
  FramePart part{at, static_cast<uint32_t>(var.bytes)};
  symbols[var.name] = {ptx::Space::Local, at, part.bytes, true};
  return part;
}

bool attnrt::sim::layOutFrame(const ptx::Entry &body, bool isFunction,
                              Frame &frame, Symbols &symbols,
                              DecodeError &error) {
  if (isFunction) {
    for (const ptx::Variable &var : body.results)
      frame.results.push_back(place(var, frame, symbols));
    for (const ptx::Variable &var : body.params)
      frame.params.push_back(place(var, frame, symbols));
  }
  for (const ptx::Variable &var : body.variables)
    if (var.space == ptx::Space::Local)
      place(var, frame, symbols);
  uint32_t room = aligned(frame.bytes, 16);
  for (const ptx::Variable &var : body.variables)
    if (var.space == ptx::Space::Param)
      symbols[var.name] = {ptx::Space::Local, room + var.offset,
                           static_cast<uint32_t>(var.bytes), true};
  if (body.paramRoom)
    frame.bytes = room + body.paramRoom;
  return frame.bytes <= kMaxLocal || error.fail("too much local memory");
}

/// An address that has the declared alignment and no more.
static uint32_t placeExactly(uint32_t from, uint32_t align) {
  uint32_t at = (from + align - 1) & ~(align - 1);
  return at & align ? at : at + align;
}

namespace {
struct SharedVariables {
  std::vector<const ptx::Variable *> fixed, dynamic;
  void add(const ptx::Variable &var) {
    (var.isExtern || isMlirs(var) ? dynamic : fixed).push_back(&var);
  }
  /// What gpu.dynamic_shared_memory becomes: an array without elements, which
  /// LLVM gives a byte, in front of the dynamic part.
  static bool isMlirs(const ptx::Variable &var) {
    return var.bytes <= 1 && var.name.rfind("__dynamic_shmem__", 0) == 0;
  }
};
} // namespace

/// Only what the entry and what it calls name counts, as in ptxas.
static SharedVariables
sharedVariables(const ptx::Module &module,
                const std::vector<const ptx::Entry *> &bodies) {
  SharedVariables out;
  auto isNamed = [&](const ptx::Variable &var) {
    return std::any_of(bodies.begin(), bodies.end(),
                       [&](auto *body) { return names(*body, var.name); });
  };
  for (const ptx::Variable &var : module.variables)
    if (var.space == ptx::Space::Shared && isNamed(var))
      out.add(var);
  for (const ptx::Entry *body : bodies)
    for (const ptx::Variable &var : body->variables)
      if (var.space == ptx::Space::Shared)
        out.add(var);
  return out;
}

/// Where nothing stands before it, the dynamic part begins with the block's
/// shared memory, on every chip: compilers rely on that for swizzled tiles.
static uint32_t placeDynamic(const SharedVariables &variables, uint64_t end,
                             uint32_t align) {
  if (variables.fixed.empty() && align <= kSharedBase)
    return kSharedBase;
  return placeExactly(end, align);
}

static bool placeShared(const SharedVariables &variables, Kernel &kernel,
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
  kernel.dynamicBase = placeDynamic(variables, end, kernel.dynamicAlign);
  kernel.sharedEnd = end;
  for (const ptx::Variable *var : variables.dynamic)
    symbols[var->name] = {ptx::Space::Shared, kernel.dynamicBase};
  return true;
}

Symbols attnrt::sim::symbolsOf(const ptx::Module &module) {
  Symbols symbols;
  for (size_t v = 0; v < module.variables.size(); ++v)
    if (module.variables[v].space != ptx::Space::Shared)
      symbols[module.variables[v].name] = {module.variables[v].space, v};
  for (const auto &[name, number] : module.functionNumbers)
    symbols[name] = {ptx::Space::Code, static_cast<uint64_t>(number)};
  for (const auto &[alias, name] : module.aliases)
    if (int number = functionNamed(module, name); number >= 0)
      symbols[alias] = {ptx::Space::Code, static_cast<uint64_t>(number)};
  return symbols;
}

bool attnrt::sim::layOutShared(const ptx::Module &module,
                               const std::vector<const ptx::Entry *> &bodies,
                               Kernel &kernel, Symbols &symbols,
                               DecodeError &error) {
  return placeShared(sharedVariables(module, bodies), kernel, symbols, error);
}
