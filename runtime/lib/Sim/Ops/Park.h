//===- Park.h - Fragments that wait -----------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_PARK_H
#define ATTNRT_SIM_OPS_PARK_H

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// The fragment waits in front of `op` and executes it again when it goes on.
inline Step park(Warp &warp, const Op &op, Fragment::State state) {
  Fragment &here = warp.fragment();
  here.pc = static_cast<uint32_t>(&op - warp.cta.launch.kernel.ops.data());
  here.state = state;
  return Step::Moved;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_PARK_H
