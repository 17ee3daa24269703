//===- Turns.h - Who begins a round, and how long warps run -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_TURNS_H
#define ATTNRT_SIM_RUN_TURNS_H

#include <cstddef>
#include <cstdint>

namespace attnrt::sim {

/// Warp instructions before another warp or fragment has its turn.
inline constexpr uint64_t kSlice = 4096;
/// Slices of schedules that are drawn are this many times shorter at most.
inline constexpr unsigned kShortest = 64;

/// Seeds below the number of warps name the first warp; others draw anew in
/// every round.
class Turns {
public:
  Turns(uint64_t seed, size_t warps)
      : state(seed), warps(warps), drawn(seed >= warps),
        first(drawn ? 0 : seed) {}
  void nextRound() {
    if (!drawn)
      return;
    first = draw() % warps;
    slice = kSlice / (1 + draw() % kShortest);
  }
  size_t warp(size_t turn) const { return (first + turn) % warps; }
  uint64_t length() const { return slice; }

private:
  /// SplitMix64.
  uint64_t draw() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  uint64_t state;
  size_t warps;
  bool drawn;
  size_t first;
  uint64_t slice = kSlice;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_TURNS_H
