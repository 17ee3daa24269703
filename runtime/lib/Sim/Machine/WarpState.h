//===- WarpState.h - What decides what a warp does next ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp that comes back to a state in which it was, and has changed nothing
// that others see, does the same again until somebody else changes something.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_WARPSTATE_H
#define ATTNRT_SIM_MACHINE_WARPSTATE_H

#include "Machine/Warp.h"

namespace attnrt::sim {

struct WarpState {
  /// Local memory of a warp that is too much to keep.
  static constexpr uint64_t kMostLocal = uint64_t(1) << 20;
  /// Whether all that decides what the warp does is kept: not where there is
  /// too much of it, nor what functions that call themselves will restore.
  static bool holds(const Warp &warp);
  /// Bytes that it keeps of a warp of the kernel.
  static uint64_t bytesFor(const Kernel &kernel);

  std::vector<Fragment> fragments;
  std::vector<Meeting> meetings;
  size_t current = 0;
  std::vector<uint32_t> rows, poison;
  std::vector<Predicate> preds;
  std::vector<uint8_t> local;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_WARPSTATE_H
