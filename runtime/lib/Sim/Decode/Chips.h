//===- Chips.h - What chips have ------------------------------ -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_CHIPS_H
#define ATTNRT_SIM_DECODE_CHIPS_H

#include <cstdint>
#include <string_view>

namespace attnrt::sim {

/// The first chip of each target, with what a launch may ask of it.
struct Chip {
  unsigned target; // 90 of sm_90 and sm_90a
  const char *name;
  uint32_t sharedBytes; // of a block, with opt-in
  uint32_t multiprocessors;
  uint32_t threads, blocks; // of a multiprocessor at a time
  bool hasClusters;
};

/// The number of a target: 90 of "sm_90a"; 0 where there is none.
unsigned targetNumber(std::string_view target);

/// The chip of a target, or the newest one that is older.
const Chip &chipOf(std::string_view target);

/// The chip that a device without a program describes: the one with the most
/// shared memory whose instructions all exist here.
const Chip &largestChip();

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_CHIPS_H
