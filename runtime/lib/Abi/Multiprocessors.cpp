//===- Multiprocessors.cpp - How many CTAs run at a time ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Device/Current.h"

extern "C" int attnrtMultiprocessors(AttnrtDevice *device, int64_t *count) {
  *count = device->device->info().multiprocessors;
  return ATTNRT_OK;
}
