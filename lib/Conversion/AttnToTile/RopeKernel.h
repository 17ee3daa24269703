//===- RopeKernel.h - Rotary positions as a kernel --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_ROPEKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_ROPEKERNEL_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// Arguments of the kernel: the memrefs of the operands, in their order, and
/// that of the result.
struct RopeArguments {
  mlir::Value input, positions, offsets; // null where the op has none
  mlir::Value output;
};

/// Fills `kernel` with the rotation that `op` says.
void emitRopeKernel(tile::KernelOp kernel, RopeOp op,
                    const RopeArguments &arguments);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_ROPEKERNEL_H
