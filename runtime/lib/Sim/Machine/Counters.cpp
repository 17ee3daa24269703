//===- Counters.cpp - What a host thread counts while it runs CTAs --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Counters.h"

using namespace attnrt::sim;

Counters::Counters(const Kernel &kernel, unsigned warps)
    : shared(kernel.ops.size()),
      executed(warpgroupOf(warps - 1) + 1,
               std::vector<OpCounts>(kernel.ops.size() + 1)) {}

uint64_t Counters::bytesFor(const Kernel &kernel, unsigned warps) {
  return kernel.ops.size() * sizeof(SharedCounts) +
         (warpgroupOf(warps - 1) + 1) * (kernel.ops.size() + 1) *
             sizeof(OpCounts);
}

void Counters::add(const Counters &other) {
  for (size_t i = 0; i < shared.size(); ++i) {
    shared[i].accesses += other.shared[i].accesses;
    shared[i].wavefronts += other.shared[i].wavefronts;
    shared[i].extra += other.shared[i].extra;
  }
  for (size_t group = 0; group < executed.size(); ++group)
    for (size_t i = 0; i < executed[group].size(); ++i) {
      OpCounts &into = executed[group][i];
      const OpCounts &from = other.executed[group][i];
      into.runs += from.runs;
      into.lanes += from.lanes;
      into.skipped += from.skipped;
      into.idle += from.idle;
    }
  traffic.add(other.traffic);
  for (unsigned id = 0; id < kBarriers; ++id)
    barriers[id].add(other.barriers[id]);
  clusterBarrier.add(other.clusterBarrier);
  for (const auto &[address, counts] : other.mbarriers) {
    MBarrierCounts &into = mbarriers[address];
    into.add(counts);
    into.bytes += counts.bytes;
  }
}
