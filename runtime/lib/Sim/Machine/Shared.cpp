//===- Shared.cpp - The shared memory of one CTA --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Shared.h"

#include <cstring>

using namespace attnrt::sim;

static uint32_t endOf(const Kernel &kernel, uint32_t dynamicBytes) {
  return dynamicBytes ? kernel.dynamicBase + dynamicBytes : kernel.sharedEnd;
}

/// Vector accesses of stray lanes look at most 16 bytes further.
static size_t wholeSize(uint32_t end) { return (end + 64) & ~size_t(63); }

uint64_t SharedMemory::bytesFor(const Kernel &kernel, uint32_t dynamicBytes) {
  size_t whole = wholeSize(endOf(kernel, dynamicBytes));
  return whole * (2 + sizeof(uint32_t) / kCopiedWord) + whole / kSwizzled;
}

uint64_t SharedMemory::sizeFor(const Kernel &kernel, uint32_t dynamicBytes) {
  return wholeSize(endOf(kernel, dynamicBytes));
}

void SharedMemory::reset(const Kernel &kernel, uint32_t dynamicBytes) {
  end = endOf(kernel, dynamicBytes);
  size_t whole = wholeSize(end);
  data.assign(whole, 0xff);
  state.assign(whole, shadow::kRedZone);
  seenBy.resize(whole / kCopiedWord); // says something only where copies landed
  swizzles.assign(whole / kSwizzled, 0);
  hasSwizzles = false;
  for (const SharedVariable &var : kernel.shared)
    std::memset(&state[var.begin], shadow::kFresh, var.bytes);
  if (dynamicBytes)
    std::memset(&state[kernel.dynamicBase], shadow::kFresh, dynamicBytes);
}
