//===- Threads.cpp - Threads of the host, as C sets them ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Threads.h"
#include "Abi/Fail.h"

using namespace attnrt;

extern "C" int attnrtSetThreads(int32_t threads) {
  return guarded("threads", [&] { return setLaunchThreads(threads); });
}

extern "C" int32_t attnrtThreads(void) {
  Expected<unsigned> threads = launchThreads();
  if (threads)
    return static_cast<int32_t>(*threads);
  fail(threads.status());
  return 0;
}

extern "C" void attnrtSetRunner(AttnrtRunner runner) {
  setLaunchRunner(runner);
}
