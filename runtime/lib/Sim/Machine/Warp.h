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
#include "Machine/CallStack.h"
#include "Machine/Observer.h"
#include "Machine/WarpGroup.h"

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

namespace attnrt::sim {

/// Lanes that execute together.
struct Fragment {
  enum State : uint8_t {
    Ready,
    AtBarrier,    // `barrier` says which
    WaitingLanes, // for other members of the mask of a warp-wide operation
    AtAligned,    // for the other live lanes, at an `.aligned` instruction
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
  uint32_t passed = 0; // lanes that went on alone while this waits for lanes
  bool forced = false; // go on although lanes are missing
  bool inVain = false; // woken though the phase is not over
  bool asks = false;   // for a phase of the mbarrier at `barrier`
  uint64_t asked = 0;  // which one was going on then

  bool operator==(const Fragment &other) const {
    return pc == other.pc && mask == other.mask && meeting == other.meeting &&
           state == other.state && barrier == other.barrier &&
           passed == other.passed && forced == other.forced &&
           inVain == other.inVain && asks == other.asks && asked == other.asked;
  }
};

/// A place where the two sides of a branch come together again.
struct Meeting {
  uint32_t pc = 0;
  uint32_t expected = 0; // lanes still on their way or waiting
  uint32_t waiting = 0;
  int32_t parent = -1;
  bool isReturn = false; // behind a call, where the called function ends

  bool operator==(const Meeting &other) const {
    return pc == other.pc && expected == other.expected &&
           waiting == other.waiting && parent == other.parent &&
           isReturn == other.isReturn;
  }
};

struct Predicate {
  uint32_t value = 0, poison = 0;
  bool operator==(const Predicate &other) const {
    return value == other.value && poison == other.poison;
  }
};

/// What a warp reads again and again while it waits.
struct Polled {
  const Op *op = nullptr; // null where it doesn't
  MemorySpace space = MemorySpace::Global;
  uint64_t address = 0;
  unsigned bytes = 0;
  bool isMBarrier = false;
  const Cta *place = nullptr; // whose shared memory
};

struct WarpState;

class Warp {
public:
  Warp(Cta &cta, unsigned index);
  /// Bytes that a warp of the kernel allocates.
  static uint64_t bytesFor(const Kernel &kernel);
  /// Fresh registers for the next CTA; `lanes` exist.
  void reset(uint32_t lanes);

  uint32_t *row(uint16_t r) { return rows + size_t(r) * 32; }
  uint64_t *row64(uint16_t r) {
    return reinterpret_cast<uint64_t *>(rows + size_t(r) * 32);
  }
  /// Says for the lanes of `mask` which of them are undefined as a whole.
  void setPoison(uint16_t r, uint32_t mask, uint32_t value) {
    poison[r] = (poison[r] & ~mask) | (value & mask);
    if (__builtin_expect((value & mask) != 0, 0))
      partial[r] &= ~(value & mask);
  }
  /// The undefined bits of a lane, read as wide as the register is.
  template <typename T>
  T undefinedBits(uint16_t r, unsigned lane) const;
  /// Says for the lanes of `mask` which bits of them are undefined.
  template <typename T>
  void setUndefinedBits(uint16_t r, uint32_t mask, const T *bits);

  Fragment &fragment() { return fragments[current]; }
  bool finished() const { return live == 0; }
  /// The end of what a lane may access, the highest of `lanes`.
  uint32_t localEnd(uint32_t lanes) const;
  /// Another runnable fragment becomes the current one, round robin.
  bool pickReady();

  /// The lanes of `taken` go to `target`, the rest of the fragment on.
  void branch(const Op &op, uint32_t taken, uint32_t target);
  /// The current fragment stands where it meets its siblings.
  bool meetsHere() const {
    const Fragment &here = fragments[current];
    const Meeting &meeting = meetings[here.meeting];
    return meeting.pc == here.pc && !meeting.isReturn;
  }
  void arriveAtMeeting();
  void exitLanes(uint32_t lanes);
  /// The lanes of `taken` go to `target` and come back behind the call.
  void call(uint32_t taken, uint32_t target);
  /// Whether the current fragment is in a function that it will return from.
  bool isInFunction() const { return returnOf(fragments[current]) >= 0; }
  /// These lanes return from it.
  void returnLanes(uint32_t lanes);
  /// Lanes waiting at meetings go on alone, so that siblings which wait for
  /// them make progress.
  bool releaseMeetings();
  /// When no lane of the warp can go on because some wait for all others at an
  /// `.aligned` instruction, lets one of those fragments go on without them.
  bool forceAligned();
  /// Bytes allocated once some registers are partly undefined.
  uint64_t grownBytes() const;
  /// All that decides what the warp does next, but for what others see, too.
  void save(WarpState &state) const;
  bool is(const WarpState &state) const;
  /// Whether all lanes stand where they stood in `state`.
  bool standsAsIn(const WarpState &state) const;
  /// Local memory of a thread gets at least that size.
  void growLocal(uint32_t bytes);

  Cta &cta;
  unsigned index;
  uint32_t existing = 0; // lanes of the launch
  uint32_t live = 0;     // not exited
  uint32_t *rows = nullptr;
  /// Lanes of each row that have undefined bits.
  std::unique_ptr<uint32_t[]> poison;
  std::unique_ptr<Predicate[]> preds;
  std::vector<Fragment> fragments;
  size_t current = 0;
  AsyncQueue asyncs;
  WgmmaRegisters wgmma;
  /// The phase of the cluster's barrier that lanes arrived at last, plus one.
  uint64_t clusterPhase[32] = {};
  std::vector<uint8_t> local, localState; // lane-major
  uint32_t localBytes = 0;                // of a lane
  std::unique_ptr<CallStack> stack;       // where the kernel uses one
  /// The last load of bytes never written, for messages.
  const Op *undefinedLoad = nullptr;
  uint64_t instructions = 0;
  Polled polled;

private:
  int32_t newMeeting(const Meeting &meeting);
  int32_t returnOf(const Fragment &fragment) const;
  void settle(int32_t meeting);
  void dropCurrent();
  /// Takes lanes out of the current fragment; those that are left go on.
  void leave(uint32_t lanes);
  uint64_t bitsBytes() const;

  std::unique_ptr<uint32_t[]> storage;
  /// Lanes with undefined bits of which `undefined`, laid out as the rows are,
  /// says which; of the others all bits are.
  std::unique_ptr<uint32_t[]> partial;
  std::unique_ptr<uint32_t[]> undefined;
  std::vector<Meeting> meetings;
  std::vector<int32_t> freeMeetings;
};

template <typename T>
T Warp::undefinedBits(uint16_t r, unsigned lane) const {
  using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  if (!(poison[r] >> lane & 1))
    return 0;
  if (!(partial[r] >> lane & 1))
    return static_cast<T>(~T(0));
  const uint32_t *bits = undefined.get() + size_t(r) * 32;
  return static_cast<T>(reinterpret_cast<const Word *>(bits)[lane]);
}

template <typename T>
void Warp::setUndefinedBits(uint16_t r, uint32_t mask, const T *bits) {
  using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  if (!undefined)
    undefined.reset(new uint32_t[bitsBytes() / sizeof(uint32_t)]);
  auto *to = reinterpret_cast<Word *>(undefined.get() + size_t(r) * 32);
  uint32_t some = 0;
  for (unsigned i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    to[i] = bits[i];
    some |= uint32_t(bits[i] != 0) << i;
  }
  poison[r] = (poison[r] & ~mask) | some;
  partial[r] = (partial[r] & ~mask) | some;
}

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_WARP_H
