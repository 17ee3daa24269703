//===- Variables.h - Memory of a program's variables ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_VARIABLES_H
#define ATTNRT_SIM_RUN_VARIABLES_H

#include "Decode/Program.h"
#include "Machine/Heap.h"

namespace attnrt::sim {

/// Module variables get their memory when a program first runs on a heap.
Status placeVariables(const Program &program, Heap &heap,
                      std::vector<uint64_t> &addresses);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_VARIABLES_H
