//===- MergeKernel.h - Parts of a walk become results -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_MERGEKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_MERGEKERNEL_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// What the CTAs that share the keys of a query tile leave behind: states of
/// the softmax, as memrefs of f32 indexed by [part * batch + b, head, row].
struct SoftmaxParts {
  mlir::Value acc; // … and the column; null where the output is not used
  mlir::Value max, sums;
};

/// Arguments of the kernel.
struct MergeArguments {
  SoftmaxParts parts;
  mlir::Value splits;      // `index`
  mlir::Value output, lse; // memrefs; null where not used
};

/// Fills `kernel` with the merging of parts into the results of `op`.
void emitMergeKernel(tile::KernelOp kernel, SdpaOp op,
                     const MergeArguments &arguments);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_MERGEKERNEL_H
