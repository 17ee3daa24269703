//===- Launch.h - What attnrtLaunch does besides ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Process-wide settings of the launch entry that packages call.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_LAUNCH_H
#define ATTNRT_LAUNCH_H

#include "attnrt/Device.h"

#include <optional>
#include <string>
#include <vector>

namespace attnrt {

/// Modules that load from now on take this PTX text in place of their own PTX
/// and cubin; none restores them. Modules already loaded load again.
void replacePtx(std::optional<std::string> text);

struct LaunchRecord {
  std::string kernel;
  LaunchShape shape;
};

/// Starts or stops keeping one record per kernel: that of its last launch.
void recordLaunches(bool on);
/// In the order of the kernels' first launches; forgets them.
std::vector<LaunchRecord> takeLaunches();

/// The most bytes of attnrtAllocate that were in use at a time since the last
/// call of this function.
uint64_t takePeakWorkspaceBytes();

} // namespace attnrt

#endif // ATTNRT_LAUNCH_H
