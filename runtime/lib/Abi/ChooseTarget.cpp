//===- ChooseTarget.cpp - The best code that runs here --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Fail.h"
#include "Device/Host/Processor.h"

#include <string>

using namespace attnrt;

static int32_t choose(const AttnrtTargets &targets) {
  for (int32_t i = 0; i < targets.count; ++i)
    if (missingFeature(targets.targets[i].features).empty())
      return i;
  // The last one asks for the least.
  const AttnrtTarget &least = targets.targets[targets.count - 1];
  std::string missing(missingFeature(least.features));
  attnrtFail(ATTNRT_DEVICE, "code is for %s; this machine has no %s",
             least.name, missing.c_str());
  return -1;
}

/// Threads that come here at the same time find the same.
extern "C" int32_t attnrtChooseTarget(AttnrtTargets *targets) {
  if (int32_t known = __atomic_load_n(&targets->chosen, __ATOMIC_RELAXED))
    return known - 1;
  int32_t chosen = -1;
  int code = guarded("targets", [&] {
    chosen = choose(*targets);
    return Status::ok();
  });
  if (code == ATTNRT_OK && chosen >= 0)
    __atomic_store_n(&targets->chosen, chosen + 1, __ATOMIC_RELAXED);
  return chosen;
}
