//===- Builtins.h - Functions that the simulator has ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_BUILTINS_H
#define ATTNRT_SIM_OPS_BUILTINS_H

#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// vprintf, __assertfail, malloc and free, lane by lane.
Step callBuiltin(Warp &warp, const Op &op, uint32_t mask, const CallSite &site);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_BUILTINS_H
