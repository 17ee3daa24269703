//===- TargetRegistry.h - What the chips have -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A target is a row of facts; no lowering compares chip numbers. Adding one is
// described in docs/AddingATarget.md.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_TARGETREGISTRY_H
#define ATTN_TARGET_TARGETREGISTRY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace attn {

struct TargetDesc {
  llvm::StringRef name;        // of -mcpu and of --target
  llvm::StringRef ptxFeatures; // the oldest PTX ISA that has every mechanism
  int computeMajor, computeMinor;
  int64_t sharedBytesPerBlock; // with opt-in
  int64_t registersPerThread;
  int64_t registersPerBlock;
  int64_t threadsPerBlock;
  int64_t multiprocessors; // of the first chip that has these mechanisms
  int64_t cacheBytes; // of the L2 that what is read again should stay in
  /// Code runs on chips of exactly this compute capability.
  bool isArchitectureSpecific;
  /// Warpgroups multiply from shared memory, a copy engine fills it, and warps
  /// hand each other registers.
  bool hasWarpgroups;
};

/// Null when there is no such target.
const TargetDesc *lookupTarget(llvm::StringRef name);
llvm::ArrayRef<TargetDesc> knownTargets();
/// "sm_80, …" for messages.
std::string knownTargetNames();
/// The best target whose code a device of this compute capability runs; null
/// when there is none.
const TargetDesc *bestTargetFor(int computeMajor, int computeMinor);

} // namespace attn

#endif // ATTN_TARGET_TARGETREGISTRY_H
