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

#include "attn/Target/MmaAtom.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <initializer_list>
#include <string>

namespace attn {

/// A mechanism that chips have or lack; see `Features.def`.
enum class Feature {
#define ATTN_FEATURE(Name, Words) Name,
#include "attn/Target/Features.def"
};

/// Completes "needs …, which this target does not have".
llvm::StringRef wordsOf(Feature feature);

/// A set of features, as a row of facts has it.
class FeatureSet {
public:
  constexpr FeatureSet(std::initializer_list<Feature> features) {
    for (Feature feature : features)
      bits |= bitOf(feature);
  }
  constexpr bool has(Feature feature) const { return bits & bitOf(feature); }

private:
  static constexpr uint64_t bitOf(Feature feature) {
    return uint64_t(1) << static_cast<unsigned>(feature);
  }

  uint64_t bits = 0;
};

/// Names the default schedules that suit products of a type on a target. Chips
/// that have the same mechanisms in about the same proportions share them.
enum class ScheduleFamily { Warps, Warpgroups, Processor };

/// What a processor has, and what its code is made with.
struct ProcessorDesc {
  llvm::StringRef triple;
  llvm::StringRef cpu;      // LLVM's `target-cpu`
  llvm::StringRef features; // LLVM's, beyond those of `cpu`
  llvm::StringRef tuning;   // LLVM's `tune-cpu`; empty where it is `cpu`
  /// What the system must say that the processor has (on Linux, `flags` or
  /// `Features` of /proc/cpuinfo).
  llvm::ArrayRef<llvm::StringRef> required;
  int64_t vectorBits;
  /// The part of a product that stays in registers: rows, and vectors of each.
  int64_t blockRows, blockVectors;
  /// Whether pairs of bf16 are multiplied and added in f32.
  bool hasBF16Dot;

  constexpr int64_t lanes() const { return vectorBits / 32; }
};

struct TargetDesc {
  llvm::StringRef name;        // of -mcpu and of --target
  llvm::StringRef ptxFeatures; // the oldest PTX ISA that has every mechanism
  int computeMajor, computeMinor;
  int64_t sharedBytesPerBlock; // with opt-in
  int64_t registersPerThread;
  int64_t registersPerBlock;
  int64_t threadsPerBlock;
  int64_t multiprocessors; // of the first chip that has these mechanisms
  int64_t cacheBytes;      // L2 budget for data that is read again
  /// Code runs on chips of exactly this compute capability.
  bool isArchitectureSpecific;
  FeatureSet features;
  llvm::ArrayRef<MmaAtom> atoms; // one for each type, the one to take
  /// Null where the target is a GPU.
  const ProcessorDesc *processor = nullptr;

  constexpr bool isProcessor() const { return processor; }
  constexpr bool has(Feature feature) const { return features.has(feature); }
  /// Null where the target has no matrix instruction for the type.
  const MmaAtom *atomOf(MmaType type) const;
  /// The schedules of kernels that multiply this type.
  ScheduleFamily schedulesOf(MmaType type) const;
};

/// Null when there is no such target.
const TargetDesc *lookupTarget(llvm::StringRef name);
/// The target of tools that name none and have no GPU to ask.
const TargetDesc &defaultTarget();
llvm::ArrayRef<TargetDesc> knownTargets();
/// The names of all targets, for messages.
std::string knownTargetNames();
/// The best target whose code a device of this compute capability runs; null
/// when there is none.
const TargetDesc *bestTargetFor(int computeMajor, int computeMinor);

/// Registers of a thread, where warpgroups hand some to others.
struct RegisterSplit {
  int64_t producer, consumer;
};

/// Divides the registers between `warps` consumers and one warpgroup of
/// producers, in multiples of eight. `consumer` is 0 where nothing is handed
/// over: either warps cannot, or a thread has all the registers it can address
/// from the start.
RegisterSplit splitRegisters(const TargetDesc &target, int64_t warps);

} // namespace attn

#endif // ATTN_TARGET_TARGETREGISTRY_H
