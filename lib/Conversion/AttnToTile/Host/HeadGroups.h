//===- HeadGroups.h - Query heads that share a key head ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HEADGROUPS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HEADGROUPS_H

#include "../FunctionLowering.h"
#include "HostBuilder.h"

namespace attn {

/// Distributes the query heads of an attention over key heads and tiles. Where
/// a tile has several heads, tensors of query rows are seen with two dimensions
/// of heads: key heads, and the heads that share one.
class HostHeadGroups {
public:
  HostHeadGroups(HostBuilder &b, SdpaOp op, int64_t headsOfTile);

  /// Tiles of the query heads that share a key head, and of all query heads.
  mlir::Value tilesPerKeyHead() const { return tilesOfGroup; }
  mlir::Value headTiles() const { return allTiles; }

  /// A tensor of query rows as the kernel takes it; `headDim` is its dimension
  /// of heads.
  mlir::Value splitHeads(mlir::Value tensor, int64_t headDim);
  /// The tensor with one dimension of heads again, as `type`.
  mlir::Value mergeHeads(mlir::Value tensor, int64_t headDim, mlir::Type type);

private:
  HostBuilder &b;
  int64_t headsOfTile;
  mlir::Value keyHeads, group, tilesOfGroup, allTiles;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HEADGROUPS_H
