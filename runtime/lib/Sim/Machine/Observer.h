//===- Observer.h - What happens in a CTA -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations emit events; checkers turn them into hazards. Events that tell of
// a broken rule are rare and carry what a message needs. Events that merely
// tell what happens (Access, AsyncIssue, …) are emitted only when somebody
// listens, so that checkers which follow the whole trace cost nothing when off.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_OBSERVER_H
#define ATTNRT_SIM_MACHINE_OBSERVER_H

#include "Decode/Program.h"

#include <cstdint>
#include <string>
#include <vector>

namespace attnrt::sim {

struct AsyncLanding;
struct BulkCopy;
struct Cta;
struct WgmmaOp;

enum class EventKind : uint8_t {
  // Broken rules.
  OutOfBounds,
  Misaligned,
  PoisonUse,       // `role` says as what
  AsyncUnfinished, // access to the destination of a cp.async in flight
  AsyncUnshared,   // read by another lane, no barrier since the wait
  DivergentAligned,
  LanesCollide, // of one store, with different values
  LanesMissing, // members of a mask that never come
  BarrierMismatch,
  Deadlock,
  Budget,
  Trap,
  Assert,
  BarrierTouched, // an mbarrier by a plain access
  MBarrierMisuse,
  BulkMisuse,
  WgmmaMisuse, // of wgmma and its registers
  RegisterMisuse,
  GridUnfinished, // access to what the launch before writes
  // The trace.
  CtaBegin,
  CtaEnd, // when its cluster has ended
  Access, // `space` and `addresses` are those of one window
  AsyncIssue,
  AsyncComplete,
  AsyncArriveIssue,
  AsyncArrive, // at an mbarrier, with what the copies before it brought
  BarrierArrive,
  BarrierComplete,
  MBarrierInit,
  MBarrierUse, // by a warp, whatever it does
  MBarrierArrive,
  MBarrierWait, // saw `phase` complete
  ClusterArrive,
  ClusterWait,
  BulkIssue,
  BulkComplete,
  BulkWait,
  WgmmaIssue, // when all four warps have issued it
  WgmmaWait,
  ProxyFence,
  MemoryFence, // of a cluster or wider
  InitFence,   // of mbarrier.init alone
};
inline constexpr unsigned kEventKinds =
    static_cast<unsigned>(EventKind::InitFence) + 1;

enum class MemorySpace : uint8_t { Global, Shared, Local, Param };

struct Event {
  EventKind kind;
  const Warp *warp = nullptr;
  const Op *op = nullptr;
  uint32_t lanes = 0;
  MemorySpace space = MemorySpace::Global;
  const uint64_t *addresses = nullptr; // by lane
  unsigned bytes = 0;
  bool write = false;
  bool update = false;   // a write that reads: an atomic
  bool waits = false;    // an arrival that is a bar.sync
  bool relaxed = false;  // orders nothing by itself
  bool forgiven = false; // by known hardware: a warning
  const char *role = "";
  uint32_t barrier = 0;
  uint8_t shadow = 0;         // of the first offending byte
  const Cta *place = nullptr; // whose shared memory, where not the warp's
  uint64_t phase = 0;         // of an mbarrier or of the cluster's barrier
  uint64_t number = 0;        // of an asynchronous arrival
  uint64_t before = 0;        // the first copy that it does not wait for
  const std::vector<AsyncLanding> *landings = nullptr;
  const BulkCopy *bulk = nullptr;
  const WgmmaOp *wgmma = nullptr;
  const std::vector<uint32_t> *chunks = nullptr; // of 16 bytes that it reads
  std::string detail{};
};

class Observer {
public:
  virtual ~Observer() = default;
  /// Bit k set: wants events of kind k.
  virtual uint64_t interests() const = 0;
  virtual void on(const Event &event, const Cta &cta) = 0;
  /// Bytes it keeps that grow while a CTA runs.
  virtual uint64_t bytes() const { return 0; }
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_OBSERVER_H
