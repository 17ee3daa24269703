//===- TargetRegistry.cpp - What the chips have ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Target/TargetRegistry.h"

#include "Processors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

#include <vector>

using namespace attn;

/// Warps multiply alone, both operands in registers.
static constexpr MmaAtom ofWarp(MmaType type) {
  return {type,
          /*warps=*/1,
          /*m=*/16,
          /*n=*/8,
          /*k=*/WarpFragment::depth(bitsOf(type)),
          /*mostColumns=*/8,
          /*left=*/kInRegisters,
          /*right=*/kInRegisters,
          /*result=*/kInRegisters};
}

/// Four warps multiply together, the right operand in shared memory.
static constexpr MmaAtom ofWarpgroup(MmaType type) {
  return {type,
          /*warps=*/4,
          /*m=*/64,
          /*n=*/8,
          /*k=*/WarpFragment::depth(bitsOf(type)),
          /*mostColumns=*/256,
          /*left=*/kInRegisters | kInShared,
          /*right=*/kInShared,
          /*result=*/kInRegisters};
}

static constexpr MmaAtom kWarpAtoms[] = {
    ofWarp(MmaType::F16),
    ofWarp(MmaType::BF16),
    ofWarp(MmaType::TF32),
};
/// Warpgroups take 32-bit operands as shared memory has them: not rounded, not
/// in two parts, and with the inner index along rows. Values have it across, so
/// warps multiply TF32.
static constexpr MmaAtom kWarpgroupAtoms[] = {
    ofWarpgroup(MmaType::F16),
    ofWarpgroup(MmaType::BF16),
    ofWarp(MmaType::TF32),
};

static const TargetDesc kTargets[] = {
    {/*name=*/"sm_80",
     /*ptxFeatures=*/"+ptx70",
     /*computeMajor=*/8,
     /*computeMinor=*/0,
     /*sharedBytesPerBlock=*/163 * 1024,
     /*registersPerThread=*/255,
     /*registersPerBlock=*/64 * 1024,
     /*threadsPerBlock=*/1024,
     /*multiprocessors=*/108,
     /*cacheBytes=*/24 << 20,
     /*isArchitectureSpecific=*/false,
     {Feature::CopyAsync, Feature::WarpProducts},
     kWarpAtoms},
    {/*name=*/"sm_90a",
     /*ptxFeatures=*/"+ptx80",
     /*computeMajor=*/9,
     /*computeMinor=*/0,
     /*sharedBytesPerBlock=*/227 * 1024,
     /*registersPerThread=*/255,
     /*registersPerBlock=*/64 * 1024,
     /*threadsPerBlock=*/1024,
     /*multiprocessors=*/132,
     /*cacheBytes=*/32 << 20,
     /*isArchitectureSpecific=*/true,
     {Feature::CopyAsync, Feature::WarpProducts, Feature::WarpgroupProducts,
      Feature::TensorMaps, Feature::ByteBarriers, Feature::StoreMatrix,
      Feature::RegisterHandover},
     kWarpgroupAtoms},
};

llvm::StringRef attn::wordsOf(Feature feature) {
  switch (feature) {
#define ATTN_FEATURE(Name, Words)                                              \
  case Feature::Name:                                                          \
    return Words;
#include "attn/Target/Features.def"
  }
  llvm_unreachable("every feature has words");
}

const MmaAtom *TargetDesc::atomOf(MmaType type) const {
  const auto *it = llvm::find_if(
      atoms, [&](const MmaAtom &atom) { return atom.type == type; });
  return it == atoms.end() ? nullptr : it;
}

ScheduleFamily TargetDesc::schedulesOf(MmaType type) const {
  if (isProcessor())
    return ScheduleFamily::Processor;
  const MmaAtom *atom = atomOf(type);
  return atom && atom->warps > 1 ? ScheduleFamily::Warpgroups
                                 : ScheduleFamily::Warps;
}

/// The code of the first target runs on the most chips.
const TargetDesc &attn::defaultTarget() { return kTargets[0]; }

llvm::ArrayRef<TargetDesc> attn::knownTargets() {
  static const std::vector<TargetDesc> all = [] {
    std::vector<TargetDesc> rows(std::begin(kTargets), std::end(kTargets));
    llvm::append_range(rows, processorTargets());
    return rows;
  }();
  return all;
}

const TargetDesc *attn::lookupTarget(llvm::StringRef name) {
  const auto *it = llvm::find_if(knownTargets(), [&](const TargetDesc &target) {
    return target.name == name;
  });
  return it == knownTargets().end() ? nullptr : it;
}

std::string attn::knownTargetNames() {
  return llvm::join(llvm::map_range(knownTargets(),
                                    [](const TargetDesc &target) {
                                      return target.name.str();
                                    }),
                    ", ");
}

const TargetDesc *attn::bestTargetFor(int computeMajor, int computeMinor) {
  const TargetDesc *best = nullptr;
  std::pair chip(computeMajor, computeMinor);
  for (const TargetDesc &target : kTargets) {
    std::pair needed(target.computeMajor, target.computeMinor);
    if (target.isArchitectureSpecific ? needed == chip : needed <= chip)
      best = &target;
  }
  return best;
}

RegisterSplit attn::splitRegisters(const TargetDesc &target, int64_t warps) {
  constexpr int64_t kThreads = 128, kMostConsumer = 240, kLeastProducer = 24;
  if (!target.has(Feature::RegisterHandover))
    return {0, 0};
  int64_t groups = warps / 4;
  int64_t atEntry =
      target.registersPerBlock / ((groups + 1) * kThreads) / 8 * 8;
  if (atEntry >= kMostConsumer)
    return {0, 0};
  // Consumers get no more than the CTA has when it starts.
  int64_t all = (groups + 1) * atEntry;
  int64_t consumer = (all - kLeastProducer) / groups / 8 * 8;
  consumer = std::min(consumer, kMostConsumer);
  return {all - groups * consumer, consumer};
}
