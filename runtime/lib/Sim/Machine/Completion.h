//===- Completion.h - Policies of asynchronous work -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_COMPLETION_H
#define ATTNRT_SIM_MACHINE_COMPLETION_H

#include <cstdint>

namespace attnrt::sim {

/// When an asynchronous operation is done.
enum class Completion : uint8_t {
  Late,   // when somebody waits for it and nobody else can go on
  Early,  // at issue
  Torn,   // in pieces out of order, while everybody goes on
  Random, // any of these, drawn anew each time
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_COMPLETION_H
