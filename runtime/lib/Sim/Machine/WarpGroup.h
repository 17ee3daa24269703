//===- WarpGroup.h - wgmma of four warps ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The four warps of a group issue the same wgmmas in the same order, each in
// its own time. An operation can begin when all four have issued it; it is done
// for a warp when that warp has waited for its group. Until then its registers
// are out of bounds.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_WARPGROUP_H
#define ATTNRT_SIM_MACHINE_WARPGROUP_H

#include "Decode/Program.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace attnrt::sim {

struct Cta;

struct WgmmaOp {
  static constexpr uint32_t kUncommitted = 0xffffffff;
  static constexpr uint8_t kAllWarps = 0xf;
  const Op *op = nullptr;
  Warp *warp = nullptr;           // that issued it first
  uint8_t issued = 0, waited = 0; // warps of the group
  bool done = false;
  bool accumulates = false; // scale-d
  uint64_t a = 0, b = 0;    // descriptors; a only where it is one
  uint32_t group[4] = {kUncommitted, kUncommitted, kUncommitted, kUncommitted};
  uint64_t number = 0; // of the warpgroup's operations
};

class WarpGroup {
public:
  explicit WarpGroup(unsigned firstWarp = 0) : firstWarp(firstWarp) {}
  void clear();
  /// The next operation of the warp; new where it is the first to issue it.
  WgmmaOp &issue(unsigned warp);
  void commit(unsigned warp);
  /// Operations that the warp waits for when it leaves the newest `left`
  /// groups, and has not waited for yet, in order.
  std::vector<WgmmaOp *> due(unsigned warp, uint32_t left);
  /// The warp has waited for the oldest operation that it had not waited for.
  void markWaited(unsigned warp);
  /// Operations that the warp issued and did not wait for.
  const WgmmaOp *unfinishedOf(unsigned warp) const;
  /// The operation that has the row in use, or null.
  const WgmmaOp *userOf(const Cta &cta, unsigned warp, uint16_t row) const;
  std::deque<WgmmaOp> &operations() { return ops; }
  /// Memory of the host.
  uint64_t bytes() const { return ops.size() * sizeof(WgmmaOp); }

  unsigned firstWarp;

private:
  std::deque<WgmmaOp> ops;
  uint64_t first = 0; // number of the front
  uint64_t issued[4] = {};
  uint32_t committed[4] = {};
};

/// Tracks, by row, what a warp must not do to registers of wgmmas. While an
/// operation is in flight, its accumulators hold NaN, and their values are kept
/// here: who does not wait computes with NaN, whatever is checked.
struct WgmmaRegisters {
  std::vector<uint16_t> inFlight; // operations that were not waited for
  std::vector<uint16_t> undone;   // operations with this accumulator
  std::vector<uint8_t> touched;   // since the last wgmma.fence
  std::vector<uint8_t> veiled;    // holds NaN

  static uint64_t bytesFor(uint64_t rows) {
    return rows * (2 * sizeof(uint16_t) + 2 + 32 * sizeof(uint32_t));
  }
  void reset(size_t rows) {
    inFlight.assign(rows, 0);
    undone.assign(rows, 0);
    touched.assign(rows, true);
    veiled.assign(rows, false);
    values.resize(rows * 32);
  }
  void fence() { touched.assign(touched.size(), false); }
  /// Hides the 32 values of row `r`, which are at `lanes`.
  void veil(uint16_t r, uint32_t *lanes);
  void unveil(uint16_t r, uint32_t *lanes);
  /// The values themselves.
  uint32_t *valuesOf(uint16_t r, uint32_t *lanes) {
    return veiled[r] ? &values[size_t(r) * 32] : lanes;
  }

private:
  std::vector<uint32_t> values;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_WARPGROUP_H
