//===- Rows.h - Norms and rotary positions as a kernel ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROWS_H

#include "../KernelSignature.h"
#include "../RowChain.h"

namespace attn {

/// The arguments of the kernel: memrefs, and counts of type `index`.
enum class RowArgument {
  Input,
  // Tiles along the dimensions of a folded grid.
  Blocks,
  Heads,
  Output,
  FirstSide // of each operation in order, two
};
using RowSignature = KernelSignature<RowArgument>;

/// Side operand `side`, 0 or 1, of operation `number` of a chain.
inline RowArgument rowArgument(size_t number, size_t side) {
  return RowArgument(size_t(RowArgument::FirstSide) + 2 * number + side);
}

/// Fills `kernel` with the operations of a chain.
void emitRowKernel(tile::KernelOp kernel, const RowChain &chain,
                   const RowSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_ROWS_H
