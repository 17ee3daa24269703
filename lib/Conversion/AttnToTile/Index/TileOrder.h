//===- TileOrder.h - Which query tiles a CTA computes -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_TILEORDER_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_TILEORDER_H

#include "../Parts/TileBuilder.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace attn {

/// A tile of the output, as `index`.
struct TileIndex {
  mlir::Value block, head, batch;
};

/// The numbers of tiles along each dimension, and the number of tiles of heads,
/// of all batches, that are worked on at a time. All are `index`.
struct TileCounts {
  mlir::Value blocks, heads, batches, section;
};

/// The one tile of a CTA in a grid of blocks, heads and batches, or, where
/// `blocks` and `heads` are given, in one that counts all of them along x.
TileIndex tileOfGrid(TileBuilder &b, mlir::Value blocks, mlir::Value heads);

/// Tiles that are computed at a time should share their keys, to find them in
/// the cache.
enum class TileOrder {
  /// Those of a head come one after the other.
  ByHead,
  /// Those of a section of heads come together, and of them the last rows
  /// first,
  /// which have most keys: no long tile is left for the end.
  LongestFirst,
  /// As LongestFirst in the last section and every second one before it; the
  /// sections between go from the shortest tile to the longest. A CTA that
  /// takes
  /// every n-th tile then has longer ones in one section and shorter ones in
  /// the
  /// next.
  Alternating
};

/// Tile number `tile` of all.
TileIndex tileInOrder(TileBuilder &b, const TileCounts &counts, TileOrder order,
                      mlir::Value tile);

/// Emits a loop in which CTA c computes tiles c, c + CTAs, …; `emitTile` writes
/// its body.
void emitTileLoop(TileBuilder &b, const TileCounts &counts, TileOrder order,
                  llvm::function_ref<void(TileIndex)> emitTile);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_TILEORDER_H
