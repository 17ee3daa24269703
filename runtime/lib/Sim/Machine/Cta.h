//===- Cta.h - The state of one thread block --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_CTA_H
#define ATTNRT_SIM_MACHINE_CTA_H

#include "Machine/Arithmetic.h"
#include "Machine/Counters.h"
#include "Machine/Heap.h"
#include "Machine/MBarrier.h"
#include "Machine/RegisterPool.h"
#include "Machine/Warp.h"
#include "Machine/WarpGroup.h"
#include "attnrt/Device.h"

#include <memory>
#include <set>
#include <vector>

namespace attnrt::sim {

inline constexpr unsigned kMaxWarps = 32;

/// The parts of a launch that are the same for all CTAs.
struct Launch {
  const Program &program;
  const Kernel &kernel;
  LaunchShape shape;
  Heap &heap;
  std::vector<uint8_t> params;
  std::vector<uint64_t> variableAddresses;
  /// How far what a CTA keeps may grow while it runs.
  uint64_t growthLimit = UINT64_MAX;
  uint64_t turn = 0;
  /// Where allocations begin that the launch right before wrote to, for a
  /// kernel that says when it needs them (griddepcontrol.wait).
  std::set<uint64_t> writtenBefore{};
  Arithmetic arithmetic = Arithmetic::Fast;
};

struct Barrier {
  enum class Use : uint8_t { None, Sync, Reduce };
  Use use = Use::None;
  uint32_t expected = 0;           // threads
  bool counted = false;            // the program gave the count
  uint32_t arrived = 0;            // warps
  uint32_t lanes[kMaxWarps] = {};  // that have arrived, by warp
  uint64_t landed[kMaxWarps] = {}; // cp.asyncs finished before the arrival
  // bar.red: what came together so far, and who gets the result.
  uint32_t popc = 0;
  bool all = true, any = false;
  // Some predicate is undefined; some defined one is true, or false.
  bool undefined = false, surelyTrue = false, surelyFalse = false;
  struct Reader {
    unsigned warp;
    uint32_t lanes;
    const Op *op;
  };
  std::vector<Reader> readers;
};

class Cluster;

struct Cta {
  Cta(const Launch &launch, const std::vector<Observer *> &observers,
      Cluster &cluster, unsigned rank);
  ~Cta();
  static unsigned warpsOf(const LaunchShape &shape);
  /// Bytes that it allocates for a CTA of the launch.
  static uint64_t bytesFor(const Kernel &kernel, const LaunchShape &shape);
  /// Bytes allocated since the CTA began.
  uint64_t grownBytes() const;
  /// Makes it the CTA at `id`, fresh.
  void reset(Dim3 id);

  bool wants(EventKind kind) const {
    return interests >> static_cast<int>(kind) & 1;
  }
  void emit(const Event &event) {
    if (wants(event.kind))
      deliver(event);
  }
  void listen(Observer &observer);
  /// Of those that listen, the one that began last stops.
  void stopListening(Observer &observer);
  /// The launch before may still be writing there.
  bool isUnfinished(const Allocation &allocation) const {
    return !sawGrid && launch.writtenBefore.count(allocation.begin);
  }

  const Launch &launch;
  Cluster *cluster;
  unsigned rank; // in the cluster
  Dim3 id;
  uint32_t threads = 0;
  SharedMemory shared;
  std::vector<std::unique_ptr<Warp>> warps;
  Barrier barriers[kBarriers];
  MBarriers mbarriers;
  std::vector<WarpGroup> warpGroups;
  RegisterPool registers;
  Counters &counters;   // of the host thread
  bool sawGrid = false; // a warp was told that the launch before is over
  bool stopped = false; // too many hazards, trap or budget
  /// The allocation that an operation touched last, by operation.
  std::vector<Allocation *> lastTouched;

private:
  void deliver(const Event &event);
  void fillRows(Warp &warp);
  uint64_t interests = 0;
  std::vector<Observer *> listeners[kEventKinds];
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_CTA_H
