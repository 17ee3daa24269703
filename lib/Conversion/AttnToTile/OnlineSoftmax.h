//===- OnlineSoftmax.h - The body of an attention kernel --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_ONLINESOFTMAX_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_ONLINESOFTMAX_H

#include "MergeKernel.h"

namespace attn {

/// Query tiles that CTAs share one after the other (all `index`): how many along
/// each dimension that the grid would have, and how many tiles of heads, of all
/// batches, are worked on at a time.
struct TileCounts {
  mlir::Value blocks, heads, batches, section;
};

/// Arguments of an attention kernel: the memrefs of query, key and value, tiles of
/// query heads per key head (`index`), and the memrefs of those results that are
/// used. Where a tile has several heads, query and results have two dimensions of
/// heads: key heads, and the heads that share one.
struct KernelArguments {
  mlir::Value query, key, value, group;
  mlir::Value output, lse; // null where not used
  /// CTAs that share the keys of a query tile (`index`), and what they leave
  /// where they are more than one. Null where the schedule does not split.
  mlir::Value splits;
  /// Null where a CTA has one query tile.
  TileCounts tiles;
  SoftmaxParts parts;
};

/// Fills `kernel` with the forward pass of `op`.
void emitForwardKernel(tile::KernelOp kernel, SdpaOp op,
                       const KernelArguments &arguments);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_ONLINESOFTMAX_H
