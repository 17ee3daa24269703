//===- Polling.h - Warps that wait by asking again and again ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp waits if it comes back to a state in which it was and has changed
// nothing in between. Whether it does is looked at seldom while it doesn't, and
// at each of its turns once it did: such a turn ends when the warp has gone
// round once.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_POLLING_H
#define ATTNRT_SIM_RUN_POLLING_H

#include "Machine/Cluster.h"
#include "Machine/WarpState.h"

namespace attnrt::sim {

/// When a warp, or a cluster, is to be looked at.
class Patience {
public:
  Patience(uint64_t first, uint64_t least, uint64_t most)
      : least(least), most(most), interval(4 * first), left(first) {}
  uint64_t untilDue() const { return left; }
  void spend(uint64_t instructions) {
    left = instructions < left ? left - instructions : 0;
  }
  /// It waits: looked at again at once, and soon when it has ceased to.
  void found() {
    interval = least;
    left = 0;
  }
  void foundNothing() {
    left = interval;
    interval = interval * 4 < most ? interval * 4 : most;
  }

private:
  uint64_t least, most, interval, left;
};

/// What one look at a warp, or a turn of it, found.
struct Look {
  bool waits = false;
  bool worked = false; // before it began to wait
  uint64_t instructions = 0;
};

/// Runs the warp, which is ready, until it has gone round once, does something
/// else or has executed `limit` instructions.
Look lookAt(Warp &warp, uint64_t limit, WarpState &scratch);

/// The same of all warps of a cluster together, which may meet at barriers.
Look lookAt(Cluster &cluster);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_POLLING_H
