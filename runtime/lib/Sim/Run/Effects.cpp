//===- Effects.cpp - Whether warps change what others see -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Effects.h"

#include <cstring>

using namespace attnrt::sim;

static constexpr uint64_t bit(EventKind kind) {
  return uint64_t(1) << static_cast<int>(kind);
}

/// Operations besides loads and stores that others may notice; those that
/// Cluster::note tells of are seen there.
static constexpr uint64_t kChanges =
    bit(EventKind::AsyncIssue) | bit(EventKind::AsyncArriveIssue) |
    bit(EventKind::MBarrierInit) | bit(EventKind::BulkIssue) |
    bit(EventKind::BulkComplete) | bit(EventKind::WgmmaIssue);

Effects::Effects(Cluster &cluster)
    : cluster(cluster), noted(cluster.noted()),
      printed(cluster.printed.size()) {
  for (auto &cta : cluster.ctas)
    cta->listen(*this);
}

Effects::~Effects() {
  for (auto &cta : cluster.ctas)
    cta->stopListening(*this);
}

uint64_t Effects::interests() const {
  return kChanges | bit(EventKind::Access) | bit(EventKind::MBarrierUse);
}

/// Where a lane's address leads; null for memory of the thread alone.
static const uint8_t *placeOf(const Event &event, const Cta &home,
                              unsigned lane) {
  uint64_t address = event.addresses[lane];
  if (event.space == MemorySpace::Global)
    return reinterpret_cast<const uint8_t *>(address);
  if (event.space == MemorySpace::Shared)
    return &home.shared.data[address];
  return nullptr;
}

/// Notes what the warp reads; of memory that other clusters write, too, rather
/// than of the cluster's own.
static void ask(const Event &event, const Cta &cta, MemorySpace space,
                uint64_t address, bool isMBarrier) {
  if (space != MemorySpace::Global && space != MemorySpace::Shared)
    return;
  Polled &polled = cta.warps[event.warp->index]->polled;
  if (polled.op && space != MemorySpace::Global)
    return;
  if (polled.op && polled.space == MemorySpace::Global)
    return;
  polled = {event.op,    space,      address,
            event.bytes, isMBarrier, event.place ? event.place : &cta};
}

void Effects::on(const Event &event, const Cta &cta) {
  settle();
  if (event.kind == EventKind::MBarrierUse)
    return ask(event, cta, MemorySpace::Shared, event.barrier,
               /*isMBarrier=*/true);
  if (event.kind != EventKind::Access) {
    changed = true;
    return;
  }
  if (!event.lanes || !event.addresses)
    return;
  if (!event.write || event.update)
    ask(event, cta, event.space, event.addresses[__builtin_ctz(event.lanes)],
        /*isMBarrier=*/false);
  if (event.write)
    write(event, event.place ? *event.place : cta);
}

void Effects::write(const Event &event, const Cta &home) {
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    const uint8_t *at = placeOf(event, home, __builtin_ctz(rest));
    if (!at)
      return;
    Write write{at, event.bytes, {}};
    if (event.bytes > sizeof(write.before)) {
      changed = true;
      return;
    }
    std::memcpy(write.before, at, event.bytes);
    writes.push_back(write);
  }
}

/// What was told of has happened by now.
void Effects::settle() {
  for (const Write &write : writes)
    changed |= std::memcmp(write.at, write.before, write.bytes) != 0;
  writes.clear();
}

bool Effects::any() {
  settle();
  return changed || cluster.noted() != noted ||
         cluster.printed.size() != printed;
}
