//===- Progress.cpp - deadlock, budget, trap: kernels that do not end well ===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Machine/Cluster.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

using namespace attnrt::sim;

namespace {
class ProgressChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::Deadlock) | interest(EventKind::Budget) |
           interest(EventKind::Trap) | interest(EventKind::Assert);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

static unsigned arrivedThreads(const Barrier &barrier) {
  return 32 * __builtin_popcount(barrier.arrived);
}

/// "the mbarrier at … (phase 3, 1 of 2 arrivals and 8192 bytes pending)".
static std::string describeMBarrier(uint32_t address, const Cta &cta) {
  std::string out = "the mbarrier at " + describeShared(address, cta);
  auto found = cta.mbarriers.find(address);
  if (found == cta.mbarriers.end())
    return out;
  const MBarrier &barrier = found->second;
  return out + " (phase " + std::to_string(barrier.phase) + ", " +
         std::to_string(barrier.pending) + " of " +
         std::to_string(barrier.expected) + " arrivals and " +
         std::to_string(barrier.bytes) + " bytes pending)";
}

static std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
  return text;
}

/// What stands there now, of up to eight bytes.
static std::string valueAt(const void *at, unsigned bytes) {
  uint64_t value = 0;
  std::memcpy(&value, at, std::min(bytes, 8u));
  return std::to_string(value);
}

/// "4 bytes of global memory at 0x… (16 bytes into …), which stay 0".
static std::string describePolled(const Polled &polled) {
  if (polled.isMBarrier)
    return describeMBarrier(static_cast<uint32_t>(polled.address),
                            *polled.place);
  std::string out = std::to_string(polled.bytes) + " bytes of ";
  if (polled.space == MemorySpace::Shared)
    return out + describeShared(polled.address, *polled.place) +
           ", which stay " +
           valueAt(&polled.place->shared.data[polled.address], polled.bytes);
  return out + "global memory at " + hex(polled.address) + " (" +
         polled.place->launch.heap.describe(polled.address) + "), which stay " +
         valueAt(reinterpret_cast<const void *>(polled.address), polled.bytes);
}

/// "asks again and again for … at line 13 `ld.volatile…`".
static std::string describeAsking(const Warp &warp, const std::string &here) {
  const Polled &polled = warp.polled;
  if (!polled.op)
    return " goes round in a circle at " + here + " and asks for nothing";
  return " asks again and again for " + describePolled(polled) + ", at " +
         describeOp(*polled.op, warp.cta);
}

/// "warp 1 waits for barrier 2 (32 of 64 threads) at line 12 `bar.sync…`".
static std::string describeWaiter(const Warp &warp, const Fragment &fragment,
                                  const Cta &cta) {
  std::string out = "warp " + std::to_string(warp.index);
  if (fragment.mask != warp.existing)
    out += " (" + describeLanes(fragment.mask) + ")";
  const std::vector<Op> &ops = cta.launch.kernel.ops;
  if (fragment.state == Fragment::AtBarrier) {
    const Barrier &barrier = cta.barriers[fragment.barrier];
    out += " waits for barrier " + std::to_string(fragment.barrier) + " (" +
           std::to_string(arrivedThreads(barrier)) + " of " +
           std::to_string(barrier.expected) + " threads) at ";
    return out + describeOp(ops[fragment.pc ? fragment.pc - 1 : 0], cta);
  }
  std::string here = describeOp(ops[fragment.pc], cta);
  if (fragment.state == Fragment::Ready)
    return out + describeAsking(warp, here);
  if (fragment.state == Fragment::AtMBarrier)
    return out + " waits for " + describeMBarrier(fragment.barrier, cta) +
           " at " + here;
  if (fragment.state == Fragment::AtCluster)
    return out + " waits for the cluster's other threads at " + here;
  if (fragment.state == Fragment::AtWarpGroup)
    return out + " waits for its warpgroup to issue the same wgmmas at " + here;
  if (fragment.state == Fragment::AtRegisters)
    return out + " waits for registers (" +
           std::to_string(cta.registers.held(warp.index)) +
           " for each thread, and the pool of the CTA has " +
           std::to_string(cta.registers.available()) +
           " for the threads of one warp) at " + here;
  return out + " waits for other lanes at " + here;
}

static std::string describeDeadlock(const Cta &cta, const std::string &why) {
  std::string out = "nobody can go on: ";
  bool first = true;
  const auto &ctas = cta.cluster->ctas;
  for (const auto &member : ctas)
    for (const auto &warp : member->warps)
      for (const Fragment &fragment : warp->fragments) {
        out += first ? "" : "; ";
        if (ctas.size() > 1)
          out += "CTA " + std::to_string(member->rank) + " of the cluster, ";
        out += describeWaiter(*warp, fragment, *member);
        first = false;
      }
  return out + why;
}

void ProgressChecker::on(const Event &event, const Cta &cta) {
  const char *kind = event.kind == EventKind::Deadlock ? "deadlock"
                     : event.kind == EventKind::Budget ? "budget"
                     : event.kind == EventKind::Assert ? "assert"
                                                       : "trap";
  if (!log.isNew(kind, event))
    return;
  switch (event.kind) {
  case EventKind::Deadlock:
    log.add("deadlock", event, cta, describeDeadlock(cta, event.detail));
    break;
  case EventKind::Budget:
    log.add("budget", event, cta, event.detail);
    break;
  case EventKind::Assert:
    log.add("assert", event, cta, event.detail);
    break;
  default:
    log.add("trap", event, cta, "trap by " + describeLanes(event.lanes));
    break;
  }
}

std::unique_ptr<Checker> attnrt::sim::makeProgressChecker(HazardLog &log) {
  return std::make_unique<ProgressChecker>(log);
}
