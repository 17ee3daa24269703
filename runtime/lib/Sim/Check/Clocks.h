//===- Clocks.h - Whose past a warp knows -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector clocks of the warps of a CTA. A warp's own component goes up when it
// releases (arrives at a barrier, stores a flag), so an access is named by its
// warp and the component at that time, and it happened before whatever a warp
// does that knows this component.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_CLOCKS_H
#define ATTNRT_SIM_CHECK_CLOCKS_H

#include "Machine/Cta.h"

namespace attnrt::sim {

struct VectorClock {
  uint32_t at[kMaxWarps] = {};
  void join(const VectorClock &other);
};

class Clocks {
public:
  void reset(unsigned warps);
  uint32_t now(unsigned warp) const { return known[warp].at[warp]; }
  /// What the warp did and knows so far is passed on in `into`.
  void release(unsigned warp, VectorClock &into);
  void acquire(unsigned warp, const VectorClock &from);
  /// Whatever others did up to this clock happened before.
  uint32_t knownTo(unsigned warp) const { return floor[warp]; }
  /// Those of `warps` whose access at `clock` did not happen before what `warp`
  /// does now.
  uint32_t unordered(unsigned warp, uint32_t warps, uint32_t clock) const {
    if (clock <= floor[warp])
      return 0;
    return search(warp, warps & ~(1u << warp), clock);
  }

private:
  uint32_t search(unsigned warp, uint32_t others, uint32_t clock) const;
  VectorClock known[kMaxWarps];
  uint32_t floor[kMaxWarps] = {}; // the least that it knows of another warp
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_CLOCKS_H
