//===- Multiprocessors.cpp - How many CTAs run at a time ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attnrt/Abi.h"
#include "attnrt/Device.h"

using namespace attnrt;

extern "C" int attnrtMultiprocessors(int64_t *count) {
  Expected<Device *> device = currentDevice();
  if (!device)
    return attnrtFail(static_cast<int>(device.status().code()), "%s",
                      device.status().message().c_str());
  *count = (*device)->info().multiprocessors;
  return ATTNRT_OK;
}
