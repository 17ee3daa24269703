//===- Cluster.h - CTAs that share their shared memory ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel without clusters runs in clusters of one CTA. An address in another
// CTA's shared memory has bits 24 to 27 set to the exclusive or of the two
// ranks: a CTA's own addresses are the same under `shared::cta` and
// `shared::cluster`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_CLUSTER_H
#define ATTNRT_SIM_MACHINE_CLUSTER_H

#include "Machine/Adversary.h"
#include "Machine/AsyncArrival.h"
#include "Machine/BulkCopy.h"
#include "Machine/Cta.h"

#include <memory>
#include <vector>

namespace attnrt::sim {

inline constexpr unsigned kRankShift = 24;
inline constexpr unsigned kMaxClusterSize = 16;

/// barrier.cluster: one for all threads.
struct ClusterBarrier {
  uint64_t phase = 0;
  std::vector<uint32_t> arrived; // lanes, by warp of the cluster
};

class Cluster {
public:
  Cluster(const Launch &launch, const std::vector<Observer *> &observers,
          Completion completion, uint64_t seed);
  ~Cluster();
  /// Makes it the cluster of this index, whose first CTA is at `first`, fresh.
  void reset(uint64_t index, Dim3 first);

  /// The CTA that an address of `cta` points into, or null.
  Cta *owner(const Cta &cta, uint32_t address) const {
    unsigned rank = address >> kRankShift ^ cta.rank;
    return rank < ctas.size() ? ctas[rank].get() : nullptr;
  }
  static uint32_t offset(uint32_t address) {
    return address & ((1u << kRankShift) - 1);
  }

  /// Something happened that another warp may wait for.
  void note() { ++happenings; }
  uint64_t noted() const { return happenings; }

  void arrive(Warp &warp, const Op &op, uint32_t lanes, bool releases);
  /// Ends the barrier's phase when all threads are there or have exited. True
  /// when it does.
  bool completeIfAll();
  bool stopped() const;
  void stop();
  /// Bytes allocated since the cluster began.
  uint64_t grownBytes() const;

  Counters counters; // go on from one cluster to the next
  std::vector<std::unique_ptr<Cta>> ctas;
  Adversary adversary;
  BulkCopies copies;
  AsyncArrivals arrivals;
  ClusterBarrier barrier;
  bool outgrown = false; // its memory; stopped, too
  Status failure;        // of a program that cannot go on; stopped, too
  std::string printed;   // by printf
  void fail(const Op &op, const std::string &message);

private:
  std::vector<Observer *> observers;
  Dim3 shape;
  uint64_t happenings = 0;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_CLUSTER_H
