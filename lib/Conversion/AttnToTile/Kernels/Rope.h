//===- Rope.h - Rotary positions as a kernel --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROPE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROPE_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel: memrefs, and counts of type `index`.
enum class RopeArgument {
  Input,
  Positions,
  Offsets,
  // Tiles along the dimensions of a folded grid.
  Blocks,
  Heads,
  Output
};
using RopeSignature = KernelSignature<RopeArgument>;

/// Fills `kernel` with the rotation that `op` describes.
void emitRopeKernel(tile::KernelOp kernel, RopeOp op,
                    const RopeSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROPE_H
