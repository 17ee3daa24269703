//===- MemoryBudget.h - How much memory a device may take -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything whose size a program or its text decides is asked for here before
// it is allocated: arrays with their initialised bits, variables of modules,
// and what each worker of a launch keeps for its CTA (registers, local and
// shared memory, their shadows). What grows while a CTA runs, copies in flight
// above all, is held to what is left.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_MEMORYBUDGET_H
#define ATTNRT_SIM_MACHINE_MEMORYBUDGET_H

#include "attnrt/Status.h"

#include <atomic>
#include <cstdint>

namespace attnrt::sim {

class MemoryBudget {
public:
  explicit MemoryBudget(uint64_t limit) : limit(limit) {}

  Status take(uint64_t bytes) {
    uint64_t before = used;
    do {
      if (bytes > limit - before)
        return Status::device("out of device memory: asked for " +
                              std::to_string(bytes) + " bytes, there are " +
                              std::to_string(limit - before) + " of " +
                              std::to_string(limit));
    } while (!used.compare_exchange_weak(before, before + bytes));
    return Status::ok();
  }
  void give(uint64_t bytes) { used -= bytes; }
  uint64_t left() const { return limit - used; }

private:
  const uint64_t limit;
  std::atomic<uint64_t> used{0};
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_MEMORYBUDGET_H
