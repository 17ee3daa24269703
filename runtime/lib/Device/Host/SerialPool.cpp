//===- SerialPool.cpp - The caller's thread alone -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In place of TbbPool.cpp where the runtime is built without oneTBB.
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Pool.h"

using namespace attnrt;

struct Pool::Threads {};

bool Pool::isParallel() { return false; }

Pool::Pool(unsigned) {}
Pool::~Pool() = default;

void Pool::run(unsigned count, void (*work)(void *, unsigned), void *context) {
  for (unsigned i = 0; i < count; ++i)
    work(context, i);
}
