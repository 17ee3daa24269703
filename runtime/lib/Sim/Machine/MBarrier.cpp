//===- MBarrier.cpp - Barriers in shared memory ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/MBarrier.h"
#include "Machine/Cluster.h"

#include <cstring>

using namespace attnrt::sim;

void attnrt::sim::reportMisuse(const MBarrierUse &use, std::string detail) {
  Event event{EventKind::MBarrierMisuse, use.warp, use.op, use.lanes};
  event.place = &use.cta;
  event.barrier = use.address;
  event.detail = std::move(detail);
  use.cta.emit(event);
}

static void tell(const MBarrierUse &use, EventKind kind) {
  if (!use.warp || !use.cta.wants(kind))
    return;
  Event event{kind, use.warp, use.op, use.lanes};
  event.place = &use.cta;
  event.barrier = use.address;
  use.warp->cta.emit(event);
}

/// Observers are told of barriers that exist: any other address may lie outside
/// of shared memory.
MBarrier *attnrt::sim::findMBarrier(const MBarrierUse &use) {
  auto found = use.cta.mbarriers.find(use.address);
  if (found != use.cta.mbarriers.end()) {
    tell(use, EventKind::MBarrierUse);
    return &found->second;
  }
  reportMisuse(use, "there is no mbarrier; expected mbarrier.init before");
  return nullptr;
}

/// It must stand in a variable, and not in another barrier.
static bool hasRoom(const MBarrierUse &use) {
  SharedMemory &shared = use.cta.shared;
  if (use.address % MBarrier::kBytes) {
    reportMisuse(use, "expected an address that is a multiple of 8");
    return false;
  }
  bool inside = use.address >= kSharedBase &&
                use.address + MBarrier::kBytes <= shared.end;
  for (uint32_t b = 0; inside && b < MBarrier::kBytes; ++b)
    inside = shared.state[use.address + b] != shadow::kRedZone;
  if (!inside)
    reportMisuse(use, "the mbarrier is in no shared variable");
  return inside;
}

void attnrt::sim::initMBarrier(const MBarrierUse &use, uint32_t count) {
  if (!hasRoom(use))
    return;
  if (count == 0 || count > MBarrier::kMaxCount)
    reportMisuse(use, "expected a count from 1 to 1048575, got " +
                          std::to_string(count));
  if (use.cta.mbarriers.count(use.address))
    reportMisuse(
        use, "there is an mbarrier already; expected mbarrier.inval before");
  MBarrier barrier;
  barrier.expected = barrier.pending = count;
  barrier.made = use.op;
  use.cta.mbarriers[use.address] = barrier;
  std::memset(&use.cta.shared.state[use.address], shadow::kBarrier,
              MBarrier::kBytes);
  use.cta.cluster->note();
  tell(use, EventKind::MBarrierInit);
}

void attnrt::sim::invalidateMBarrier(const MBarrierUse &use) {
  if (!findMBarrier(use))
    return;
  use.cta.mbarriers.erase(use.address);
  std::memset(&use.cta.shared.state[use.address], shadow::kFresh,
              MBarrier::kBytes);
}

/// Ends the phase when nothing is pending.
static void settle(const MBarrierUse &use, MBarrier &barrier) {
  if (barrier.pending || barrier.bytes > 0)
    return;
  if (barrier.bytes < 0)
    reportMisuse(use,
                 std::to_string(-barrier.bytes) +
                     " bytes came that nobody expected; expected the sum of "
                     "expect_tx to be the bytes of the copies");
  barrier.bytes = 0;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.observed = false;
  for (auto &warp : use.cta.warps)
    for (Fragment &fragment : warp->fragments)
      if (fragment.state == Fragment::AtMBarrier &&
          fragment.barrier == use.address)
        fragment.state = Fragment::Ready;
}

uint64_t attnrt::sim::arriveAtMBarrier(const MBarrierUse &use,
                                       const MBarrierArrival &how) {
  MBarrier *barrier = findMBarrier(use);
  if (!barrier)
    return 0;
  use.cta.cluster->note();
  if (!barrier->observed && barrier->pending == barrier->expected)
    reportMisuse(use, "nobody has waited for phase " +
                          std::to_string(barrier->phase - 1) +
                          " and the next one begins");
  uint64_t before = stateOf(*barrier);
  use.cta.counters.mbarriers[use.address].arrivals += how.count;
  if (how.releases) {
    Event event{EventKind::MBarrierArrive, use.warp, use.op, use.lanes};
    event.place = &use.cta;
    event.barrier = use.address;
    event.phase = barrier->phase;
    use.cta.emit(event);
  }
  barrier->bytes += how.bytes;
  if (how.count > barrier->pending) {
    reportMisuse(use, std::to_string(how.count) + " arrivals where " +
                          std::to_string(barrier->pending) + " of " +
                          std::to_string(barrier->expected) + " are pending");
    barrier->pending = 0;
  } else {
    barrier->pending -= how.count;
  }
  if (how.drops)
    barrier->expected -= std::min(how.count, barrier->expected);
  if (!how.completes && !barrier->pending)
    reportMisuse(use, "arrive.noComplete completes the phase");
  settle(use, *barrier);
  return before;
}

void attnrt::sim::expectBytes(const MBarrierUse &use, uint32_t bytes) {
  MBarrier *barrier = findMBarrier(use);
  if (!barrier)
    return;
  use.cta.cluster->note();
  barrier->bytes += bytes;
  settle(use, *barrier);
}

void attnrt::sim::completeBytes(const MBarrierUse &use, uint64_t bytes) {
  MBarrier *barrier = findMBarrier(use);
  if (!barrier)
    return;
  use.cta.cluster->note();
  use.cta.counters.mbarriers[use.address].bytes += bytes;
  barrier->bytes -= static_cast<int64_t>(bytes);
  settle(use, *barrier);
}
