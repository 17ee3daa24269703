//===- Dispatch.h - The handlers for this host ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_DISPATCH_H
#define ATTNRT_SIM_OPS_DISPATCH_H

#include "Decode/Program.h"

namespace attnrt::sim {

/// Chooses handlers compiled for what this processor can do.
Binder hostBinder();

} // namespace attnrt::sim

#endif // ATTNRT_SIM_OPS_DISPATCH_H
