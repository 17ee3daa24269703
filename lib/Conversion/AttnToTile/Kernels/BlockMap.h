//===- BlockMap.h - Which key tiles a predicate keeps -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_BLOCKMAP_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_BLOCKMAP_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Whether the key tiles of a query tile are found by evaluating `keep` on all
/// of them, before the attention. So they are where the range that follows from
/// the region says less: where `keep` reads captured tensors, or keeps several
/// runs of keys. Not where several heads share a tile and differ, or where keys
/// are split.
bool usesBlockMap(SdpaOp op, tile::ScheduleAttr schedule);

/// Whether `keep` depends on the entry of the batch, or on the head.
bool keepDependsOnBatch(SdpaOp op);
bool keepDependsOnHead(SdpaOp op);

/// The arguments of the kernel that evaluates `keep` on each pair of a query
/// tile and a key tile.
enum class BlockClassesArgument {
  QueryLength,
  KeyLength,
  QueryHeads,
  KeyTiles,
  Blocks, // of a folded grid, as Heads
  Heads,
  Classes,     // [entry, head, query tile, key tile] of i32
  FirstCapture // the captured tensors are this and the numbers behind
};
using BlockClassesSignature = KernelSignature<BlockClassesArgument>;

inline BlockClassesArgument blockCaptureArgument(size_t number) {
  return BlockClassesArgument(size_t(BlockClassesArgument::FirstCapture) +
                              number);
}

/// The arguments of the kernel that lists the tiles that are not empty.
enum class BlockListsArgument {
  KeyTiles,
  Blocks,
  Heads,
  Classes,
  Lists // [entry, head, query tile, …] of i32, see BlockLists.h
};
using BlockListsSignature = KernelSignature<BlockListsArgument>;

/// What `keep` does to a tile.
enum class BlockClass { Empty = 0, Partial = 1, Full = 2 };

void emitBlockClassesKernel(tile::KernelOp kernel, SdpaOp op,
                            tile::ScheduleAttr schedule,
                            const BlockClassesSignature &signature);
void emitBlockListsKernel(tile::KernelOp kernel,
                          const BlockListsSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_BLOCKMAP_H
