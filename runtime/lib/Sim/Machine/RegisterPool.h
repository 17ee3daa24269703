//===- RegisterPool.h - Registers that move between warps -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// setmaxnreg.dec gives registers of a warp's threads to the pool of the CTA,
// setmaxnreg.inc takes some from there, and waits until there are enough. The
// warps of a warpgroup execute the same ones in the same order.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_REGISTERPOOL_H
#define ATTNRT_SIM_MACHINE_REGISTERPOOL_H

#include "Decode/Program.h"

#include <cstdint>
#include <vector>

namespace attnrt::sim {

/// Counts are for each thread of a warp.
class RegisterPool {
public:
  static constexpr uint32_t kLeast = 24, kMost = 256;

  /// Every warp has `entry`; where that is 0, nobody knows and nothing moves.
  void reset(uint32_t entry, unsigned warps);
  bool isKnown() const { return entry; }
  uint32_t held(unsigned warp) const { return warps[warp].registers; }
  /// Sum over warps of what nobody holds.
  uint32_t available() const { return left; }
  /// What each warp of a warpgroup could have if all others held the least.
  uint32_t most() const;
  /// The warp holds `count` from now on. There must be enough.
  void set(unsigned warp, uint32_t count);

  /// What is wrong with the warp executing `op` now, or empty.
  std::string outOfTurn(unsigned warp, const Op &op) const;
  /// The warp has executed `op`.
  void note(unsigned warp, const Op &op);
  /// The first instruction that others of the warpgroup executed and this warp
  /// did not, or null.
  const Op *missed(unsigned warp) const;

private:
  struct Holder {
    uint32_t registers = 0;
    size_t executed = 0; // of `orders` of its warpgroup
  };
  uint32_t entry = 0, left = 0;
  std::vector<Holder> warps;
  /// By warpgroup, what its warps execute.
  std::vector<std::vector<const Op *>> orders;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_REGISTERPOOL_H
