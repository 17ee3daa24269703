//===- HeapAccess.h - What GlobalMemory hides -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_HEAPACCESS_H
#define ATTNRT_SIM_RUN_HEAPACCESS_H

#include "Machine/Heap.h"
#include "Run/Simulator.h"

struct attnrt::sim::GlobalMemory::Heap : attnrt::sim::Heap {
  using attnrt::sim::Heap::Heap;
};

#endif // ATTNRT_SIM_RUN_HEAPACCESS_H
