//===- Clocks.cpp - Whose past a warp knows -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Clocks.h"

#include <algorithm>

using namespace attnrt::sim;

/// What is known of warps that do not exist: everything.
static constexpr uint32_t kNobody = 0xfffffffe;

void VectorClock::join(const VectorClock &other) {
  for (unsigned w = 0; w < kMaxWarps; ++w)
    at[w] = std::max(at[w], other.at[w]);
}

void Clocks::reset(unsigned warps) {
  for (unsigned w = 0; w < warps; ++w) {
    for (unsigned other = 0; other < kMaxWarps; ++other)
      known[w].at[other] = other < warps ? 0 : kNobody;
    known[w].at[w] = 1;
    floor[w] = warps > 1 ? 0 : kNobody;
  }
}

void Clocks::release(unsigned warp, VectorClock &into) {
  into.join(known[warp]);
  ++known[warp].at[warp];
}

void Clocks::acquire(unsigned warp, const VectorClock &from) {
  known[warp].join(from);
  uint32_t least = kNobody;
  for (unsigned w = 0; w < kMaxWarps; ++w)
    least = w == warp ? least : std::min(least, known[warp].at[w]);
  floor[warp] = least;
}

uint32_t Clocks::search(unsigned warp, uint32_t others, uint32_t clock) const {
  uint32_t out = 0;
  for (uint32_t rest = others; rest; rest &= rest - 1)
    if (known[warp].at[__builtin_ctz(rest)] < clock)
      out |= rest & (0 - rest);
  return out;
}
