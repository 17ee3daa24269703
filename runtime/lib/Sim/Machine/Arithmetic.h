//===- Arithmetic.h - How tensor cores compute ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_ARITHMETIC_H
#define ATTNRT_SIM_MACHINE_ARITHMETIC_H

#include <cstdint>

namespace attnrt::sim {

enum class Arithmetic : uint8_t {
  Fast,  // sums in f32, to nearest
  Exact, // to the bit as the hardware is known to align and truncate
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_ARITHMETIC_H
