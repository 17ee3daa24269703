//===- CallGraph.h - Functions that an entry may call -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_CALLGRAPH_H
#define ATTNRT_SIM_DECODE_CALLGRAPH_H

#include "Ptx/Module.h"

#include <string_view>

namespace attnrt::sim {

/// The number of a function that the module defines, or -1.
int functionNamed(const ptx::Module &module, const std::string &name);

/// Whether some instruction of the body names `name`.
bool names(const ptx::Entry &body, std::string_view name);

/// The functions that an entry may come to, by number: those that it or one of
/// them names, and where a register says what is called, all whose address is
/// taken anywhere.
std::vector<int> functionsOf(const ptx::Module &module,
                             const ptx::Entry &entry);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_CALLGRAPH_H
