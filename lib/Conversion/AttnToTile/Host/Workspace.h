//===- Workspace.h - What kernels fill --------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_WORKSPACE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_WORKSPACE_H

#include "HostBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// A tensor of this type, whose dynamic sizes are those of `dims`.
mlir::Value emitDestination(HostBuilder &b, mlir::RankedTensorType type,
                            mlir::ValueRange dims);

/// Destinations of the results of an attention; null for a result that is not
/// used.
struct SdpaDestinations {
  mlir::Value output, lse;
};
SdpaDestinations emitDestinations(HostBuilder &b, SdpaOp op);

/// Partial results of an attention: [splits * batch, heads, length, …] of f32.
struct PartialResults {
  mlir::Value max, sums;
  mlir::Value acc; // null where the output is not used
};
/// Allocates the partial results; empty when there is one split.
PartialResults emitPartialResults(HostBuilder &b, SdpaOp op,
                                  mlir::Value splits);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_WORKSPACE_H
