//===- Stop.cpp - The end of programs that read no status -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Stop.h"

#include "attnrt/Report.h"

#include <cstdio>

#include <unistd.h>

using namespace attnrt;

/// Without static destructors: other threads of the program may still run.
void attnrt::stop(const Status &status, Device *device) {
  std::fflush(nullptr);
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  if (device && status.code() == Code::Wrong)
    if (auto report = device->takeExecutionReport())
      printHazards(stderr, report->hazards);
  std::fflush(nullptr);
  _exit(static_cast<int>(status.code()));
}
