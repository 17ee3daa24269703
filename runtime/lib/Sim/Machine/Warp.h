//===- Warp.h - The state of one warp ---------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_WARP_H
#define ATTNRT_SIM_MACHINE_WARP_H

#include "Machine/AsyncCopy.h"
#include "Machine/Observer.h"
#include "Machine/WarpGroup.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace attnrt::sim {

/// Lanes that execute together.
struct Fragment {
  enum State : uint8_t {
    Ready,
    AtBarrier,    // `barrier` says which
    WaitingLanes, // for other members of the mask of a warp-wide operation
    AtMBarrier,   // `barrier` is its address
    AtCluster,    // for the cluster's barrier
    AtWarpGroup,  // for other warps to issue the same wgmmas
    AtGrid,       // for the launch before to be over
    AtRegisters,  // for the CTA's pool to have enough
  };
  uint32_t pc = 0;
  uint32_t mask = 0;
  int32_t meeting = -1; // where it joins its siblings
  State state = Ready;
  uint32_t barrier = 0;
  uint32_t awaited = 0; // lanes
  bool forced = false;  // go on although lanes are missing
  bool inVain = false;  // woken though the phase is not over
  bool asks = false;    // for a phase of the mbarrier at `barrier`
  uint64_t asked = 0;   // which one was going on then
};

/// A place where the two sides of a branch come together again.
struct Meeting {
  uint32_t pc = 0;
  uint32_t expected = 0; // lanes still on their way or waiting
  uint32_t waiting = 0;
  int32_t parent = -1;
};

struct Predicate {
  uint32_t value = 0, poison = 0;
};

class Warp {
public:
  Warp(Cta &cta, unsigned index);
  /// What a warp of the kernel allocates.
  static uint64_t bytesFor(const Kernel &kernel);
  /// Fresh registers for the next CTA; `lanes` exist.
  void reset(uint32_t lanes);

  uint32_t *row(uint16_t r) { return rows + size_t(r) * 32; }
  uint64_t *row64(uint16_t r) {
    return reinterpret_cast<uint64_t *>(rows + size_t(r) * 32);
  }
  /// Writes a lane mask of undefined values for the lanes of `mask`.
  void setPoison(uint16_t r, uint32_t mask, uint32_t value) {
    poison[r] = (poison[r] & ~mask) | (value & mask);
  }

  Fragment &fragment() { return fragments[current]; }
  bool finished() const { return live == 0; }
  /// Another runnable fragment becomes the current one, round robin.
  bool pickReady();

  /// The lanes of `taken` go to `target`, the rest of the fragment on.
  void branch(const Op &op, uint32_t taken, uint32_t target);
  /// The current fragment stands where it meets its siblings.
  bool meetsHere() const {
    const Fragment &here = fragments[current];
    return meetings[here.meeting].pc == here.pc;
  }
  void arriveAtMeeting();
  void exitLanes(uint32_t lanes);
  /// Lanes waiting at meetings go on alone, so that siblings which wait for
  /// them make progress.
  bool releaseMeetings();

  Cta &cta;
  unsigned index;
  uint32_t existing = 0; // lanes of the launch
  uint32_t live = 0;     // not exited
  uint32_t *rows = nullptr;
  std::unique_ptr<uint32_t[]> poison;
  std::unique_ptr<Predicate[]> preds;
  std::vector<Fragment> fragments;
  size_t current = 0;
  AsyncQueue asyncs;
  TensorRegisters tensor;
  /// The phase of the cluster's barrier that lanes arrived at last, plus one.
  uint64_t clusterPhase[32] = {};
  std::vector<uint8_t> local, localState; // lane-major
  /// The last load of bytes never written, for messages.
  const Op *undefinedLoad = nullptr;
  uint64_t instructions = 0;

private:
  int32_t newMeeting(const Meeting &meeting);
  void settle(int32_t meeting);
  void dropCurrent();

  std::unique_ptr<uint32_t[]> storage;
  std::vector<Meeting> meetings;
  std::vector<int32_t> freeMeetings;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_WARP_H
