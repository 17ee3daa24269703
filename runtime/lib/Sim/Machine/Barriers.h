//===- Barriers.h - Arriving at the barriers of a CTA -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_BARRIERS_H
#define ATTNRT_SIM_MACHINE_BARRIERS_H

#include "Machine/Cta.h"

namespace attnrt::sim {

struct Arrival {
  uint32_t id = 0;
  bool counted = false; // the program gives the count
  uint32_t count = 0;   // threads
  Barrier::Use use = Barrier::Use::Sync;
  bool waits = true;
};

/// The lanes of the current fragment arrive. The caller has moved the program
/// counter on; a waiting fragment is parked.
void arrive(Warp &warp, const Op &op, uint32_t lanes, const Arrival &how);

/// Threads of the warp have exited: whoever waits for them goes on, since
/// barriers and operations of several lanes wait for living threads alone.
void noteExit(Warp &warp);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_BARRIERS_H
