//===- Sum.h - Sums of tensors as a kernel ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_SUM_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_SUM_H

#include "../KernelSignature.h"

namespace attn {

/// The arguments of the kernel: tensors of one shape, and tiles along the
/// dimensions of the grid.
enum class SumArgument { Blocks, Others, Output, FirstAddend };

using SumSignature = KernelSignature<SumArgument>;

inline SumArgument addendArgument(size_t number) {
  return SumArgument(size_t(SumArgument::FirstAddend) + number);
}

/// Fills `kernel` with the sum of the addends that the signature has.
void emitSumKernel(tile::KernelOp kernel, SumOp op,
                   const SumSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_SUM_H
