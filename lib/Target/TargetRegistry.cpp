//===- TargetRegistry.cpp - What the chips have ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Target/TargetRegistry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace attn;

static constexpr TargetDesc kTargets[] = {
    {/*name=*/"sm_80", /*ptxFeatures=*/"+ptx70",
     /*computeMajor=*/8, /*computeMinor=*/0,
     /*sharedBytesPerBlock=*/163 * 1024, /*registersPerThread=*/255,
     /*registersPerBlock=*/64 * 1024, /*threadsPerBlock=*/1024,
     /*multiprocessors=*/108, /*cacheBytes=*/24 << 20,
     /*isArchitectureSpecific=*/false, /*hasWarpgroups=*/false},
    {/*name=*/"sm_90a", /*ptxFeatures=*/"+ptx80",
     /*computeMajor=*/9, /*computeMinor=*/0,
     /*sharedBytesPerBlock=*/227 * 1024, /*registersPerThread=*/255,
     /*registersPerBlock=*/64 * 1024, /*threadsPerBlock=*/1024,
     /*multiprocessors=*/132, /*cacheBytes=*/32 << 20,
     /*isArchitectureSpecific=*/true, /*hasWarpgroups=*/true},
};

llvm::ArrayRef<TargetDesc> attn::knownTargets() { return kTargets; }

const TargetDesc *attn::lookupTarget(llvm::StringRef name) {
  const auto *it = llvm::find_if(
      kTargets, [&](const TargetDesc &target) { return target.name == name; });
  return it == std::end(kTargets) ? nullptr : it;
}

std::string attn::knownTargetNames() {
  return llvm::join(llvm::map_range(kTargets,
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
