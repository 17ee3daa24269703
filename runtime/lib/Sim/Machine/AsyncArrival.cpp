//===- AsyncArrival.cpp - Arrivals behind copies --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/AsyncArrival.h"
#include "Machine/Cluster.h"

using namespace attnrt::sim;

void AsyncArrivals::clear() {
  pending.clear();
  issued = 0;
}

void AsyncArrivals::issue(AsyncArrival arrival) {
  arrival.number = issued++;
  cluster.note();
  Event event{EventKind::AsyncArriveIssue, arrival.warp, arrival.op,
              arrival.lanes};
  event.number = arrival.number;
  event.before = arrival.before;
  arrival.warp->cta.emit(event);
  pending.push_back(arrival);
  if (cluster.adversary.isEarly())
    finish(pending.size() - 1);
}

/// The first of those in flight that nothing tells from the one at `index`: a
/// warp's arrivals at one mbarrier.
size_t AsyncArrivals::firstLike(size_t index) const {
  const AsyncArrival &like = pending[index];
  size_t first = 0;
  while (pending[first].warp != like.warp ||
         pending[first].mbarrier != like.mbarrier)
    ++first;
  return first;
}

void AsyncArrivals::finish(size_t index) {
  index = firstLike(index);
  AsyncArrival done = pending[index];
  pending.erase(pending.begin() + index);
  Cta &cta = done.warp->cta;
  std::vector<AsyncLanding> landings =
      done.warp->asyncs.deliver(done.lanes, done.before, cta.shared);
  auto barrier = cta.mbarriers.find(done.mbarrier);
  Event event{EventKind::AsyncArrive, done.warp, done.op, done.lanes};
  event.place = &cta;
  event.barrier = done.mbarrier;
  event.phase = barrier == cta.mbarriers.end() ? 0 : barrier->second.phase;
  event.number = done.number;
  event.landings = &landings;
  cta.emit(event);
  MBarrierArrival how;
  how.count = __builtin_popcount(done.lanes);
  how.releases = false;
  arriveAtMBarrier({cta, done.mbarrier, nullptr, done.op, done.lanes}, how);
}
