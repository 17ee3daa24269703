//===- Traffic.cpp - What memory operations move --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Request.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// How often lanes that go together must go to shared memory: different words
/// of one bank cost a wavefront each.
static unsigned wavefrontsOf(const uint64_t *addresses, uint32_t lanes,
                             unsigned words) {
  if (!lanes)
    return 0;
  uint32_t banks = 0, twice = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned bank = addresses[__builtin_ctz(rest)] >> 2 & 31;
    uint32_t span = ((1u << words) - 1) << bank;
    twice |= banks & span;
    banks |= span;
  }
  if (!twice)
    return 1;
  uint32_t seen[32][32];
  uint8_t count[32] = {};
  unsigned most = 1;
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    for (unsigned w = 0; w < words; ++w) {
      uint32_t word =
          static_cast<uint32_t>(addresses[__builtin_ctz(rest)] >> 2) + w;
      unsigned bank = word & 31, k = 0;
      while (k < count[bank] && seen[bank][k] != word)
        ++k;
      if (k == count[bank])
        seen[bank][count[bank]++] = word;
      most = count[bank] > most ? count[bank] : most;
    }
  return most;
}

/// 8- and 16-byte accesses go by half and quarter warps.
void countWavefronts(const Request &r, uint32_t lanes) {
  Cta &cta = r.warp.cta;
  unsigned group = r.bytes <= 4 ? 32 : r.bytes == 8 ? 16 : 8;
  unsigned words = r.bytes <= 4 ? 1 : r.bytes / 4;
  uint32_t together = group == 32 ? ~0u : (1u << group) - 1;
  SharedCounts &counts =
      cta.counters.shared[&r.op - cta.launch.kernel.ops.data()];
  ++counts.accesses;
  for (unsigned first = 0; first < 32; first += group) {
    unsigned wavefronts =
        wavefrontsOf(r.addresses, lanes & together << first, words);
    counts.wavefronts += wavefronts;
    counts.extra += wavefronts > 1 ? wavefronts - 1 : 0;
  }
}

/// By the space (memory of another CTA last) and the intent.
static constexpr Traffic kTraffic[][5] = {
    {Traffic::GlobalLoad, Traffic::GlobalStore, Traffic::GlobalAtomic,
     Traffic::GlobalStore, Traffic::CpAsyncLoad},
    {Traffic::SharedLoad, Traffic::SharedStore, Traffic::SharedAtomic,
     Traffic::CpAsyncStore, Traffic::SharedLoad},
    {Traffic::LocalLoad, Traffic::LocalStore, Traffic::LocalStore,
     Traffic::LocalStore, Traffic::LocalLoad},
    {Traffic::RemoteLoad, Traffic::RemoteStore, Traffic::RemoteAtomic,
     Traffic::RemoteStore, Traffic::RemoteLoad}};

void countTraffic(const Request &r, uint32_t lanes) {
  bool isRemote = r.home != &r.warp.cta;
  unsigned space = isRemote ? 3 : static_cast<unsigned>(r.space);
  Traffic which = kTraffic[space][static_cast<unsigned>(r.intent)];
  r.warp.cta.counters.traffic[which] +=
      uint64_t(__builtin_popcount(lanes)) * r.bytes;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
