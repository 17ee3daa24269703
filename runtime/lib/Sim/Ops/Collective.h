//===- Collective.h - Operations of several lanes ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_COLLECTIVE_H
#define ATTNRT_SIM_OPS_COLLECTIVE_H

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// True when every member has come, or never will and has been reported. False
/// when the fragment is parked until the others come.
bool gather(Warp &warp, const Op &op, uint32_t mask, uint32_t members);

/// The member mask of a `.sync` operation: the same in all its lanes.
uint32_t memberMask(Warp &warp, const Op &op, uint32_t mask, uint16_t row);

/// Reports an `.aligned` operation that not all live lanes execute.
inline void demandAligned(Warp &warp, const Op &op, uint32_t mask) {
  if (mask == warp.live)
    return;
  Event event{EventKind::DivergentAligned, &warp, &op, mask};
  warp.cta.emit(event);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_COLLECTIVE_H
