//===- AsyncArrival.h - Arrivals behind copies ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cp.async.mbarrier.arrive arrives when the cp.asyncs are complete that its
// threads issued before it. When that is, is up to the adversary, as it is of
// copies.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_ASYNCARRIVAL_H
#define ATTNRT_SIM_MACHINE_ASYNCARRIVAL_H

#include "Decode/Program.h"

#include <cstdint>
#include <vector>

namespace attnrt::sim {

class Cluster;

struct AsyncArrival {
  Warp *warp = nullptr;
  const Op *op = nullptr;
  uint32_t lanes = 0;
  uint32_t mbarrier = 0; // in the warp's CTA
  uint64_t before = 0;   // the first copy of the warp that is behind it
  uint64_t number = 0;   // of the cluster's arrivals
};

/// The arrivals of a cluster that are in flight.
class AsyncArrivals {
public:
  explicit AsyncArrivals(Cluster &cluster) : cluster(cluster) {}
  void clear();
  void issue(AsyncArrival arrival);
  /// The arrival at `index` is done, or one at the same mbarrier that its warp
  /// issued before.
  void finish(size_t index);
  const std::vector<AsyncArrival> &inFlight() const { return pending; }
  /// Memory of the host.
  uint64_t bytes() const { return pending.size() * sizeof(AsyncArrival); }

private:
  size_t firstLike(size_t index) const;

  Cluster &cluster;
  std::vector<AsyncArrival> pending;
  uint64_t issued = 0;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_ASYNCARRIVAL_H
