//===- Variables.cpp - Memory of a program's variables --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Variables.h"

#include <cstring>

using namespace attnrt;
using namespace attnrt::sim;

/// What an initial value that names a variable or a function is.
static uint64_t addressOf(const Program &program,
                          const std::vector<uint64_t> &addresses,
                          const std::string &name) {
  for (size_t v = 0; v < program.variables.size(); ++v)
    if (program.variables[v].name == name)
      return addresses[v];
  for (size_t f = 0; f < program.functions.size(); ++f)
    if (program.functions[f] == name)
      return kCodeWindow | f;
  return 0;
}

Status attnrt::sim::placeVariables(const Program &program, sim::Heap &heap,
                                   std::vector<uint64_t> &addresses) {
  auto known = heap.modules.find(program.id);
  if (known != heap.modules.end()) {
    addresses = known->second;
    return Status::ok();
  }
  for (const ptx::Variable &var : program.variables) {
    if (var.space == ptx::Space::Shared) {
      addresses.push_back(0);
      continue;
    }
    Expected<uint64_t> address = heap.allocate(var.bytes);
    if (!address) {
      for (uint64_t placed : addresses)
        if (placed)
          (void)heap.drop(placed, /*owned=*/true);
      return address.status();
    }
    addresses.push_back(*address);
    // Variables without an initial value are zero, as the ISA says.
    std::memset(reinterpret_cast<void *>(*address), 0, var.bytes);
    if (!var.initial.empty())
      std::memcpy(reinterpret_cast<void *>(*address), var.initial.data(),
                  var.initial.size());
    heap.find(*address)->setInit(*address, var.bytes);
  }
  for (size_t v = 0; v < program.variables.size(); ++v)
    for (const ptx::Relocation &where : program.variables[v].relocations) {
      uint64_t value = addressOf(program, addresses, where.symbol) +
                       static_cast<uint64_t>(where.addend);
      std::memcpy(reinterpret_cast<void *>(addresses[v] + where.offset), &value,
                  where.bytes);
    }
  heap.modules[program.id] = addresses;
  return Status::ok();
}
