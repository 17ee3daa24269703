//===- WarpRun.h - Turns of warps -------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_WARPRUN_H
#define ATTNRT_SIM_RUN_WARPRUN_H

#include "Machine/Cluster.h"
#include "Run/Polling.h"

namespace attnrt::sim {

/// Makes a fragment that can go on the current one; false where there is none.
bool pickFragment(Warp &warp);

/// Runs the current fragment until it waits, ends, splits up or has executed
/// `limit` instructions and jumps. Returns how many it executed.
uint64_t runFragment(Warp &warp, uint64_t limit);

/// Gives the warp its turn, which ends when the warp waits in one way or
/// another or has executed that many instructions.
Look runWarp(Warp &warp, uint64_t slice, Patience &patience,
             WarpState &scratch);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_WARPRUN_H
