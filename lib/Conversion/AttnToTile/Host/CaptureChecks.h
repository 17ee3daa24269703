//===- CaptureChecks.h - Checks of the sizes of captured tensors *- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CAPTURECHECKS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CAPTURECHECKS_H

#include "../FunctionLowering.h"
#include "HostBuilder.h"

namespace attn {

/// Asserts that captured tensors, and sinks, have the elements that the regions
/// read wherever sizes of the operands bound the indices, and at least one
/// element elsewhere.
void emitCaptureChecks(HostBuilder &b, AttentionOp op,
                       const FunctionLowering &lowering);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CAPTURECHECKS_H
