//===- Scheduler.h - Runs one cluster to its end ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_SCHEDULER_H
#define ATTNRT_SIM_RUN_SCHEDULER_H

#include "Check/HazardLog.h"
#include "Machine/Cluster.h"

namespace attnrt::sim {

struct Schedule {
  uint64_t seed = 0; // 0 starts with warp 0, others rotate
  uint64_t maxWarpInstructions = uint64_t(1) << 32;
};

/// Warps take turns; each runs until it waits or its slice ends. Nothing here
/// depends on time, so a run repeats exactly.
void runCluster(Cluster &cluster, const Schedule &schedule,
                const HazardLog &log);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_SCHEDULER_H
