//===- BlockLists.h - Lists of key tiles in memory --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A list has the number of tiles that need a mask, the number of those that do
// not, and room for all key tiles: the former from the front, in order, the
// latter from the back.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_BLOCKLISTS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_BLOCKLISTS_H

#include "../Parts/TileBuilder.h"

namespace attn {

/// Numbers of a list in front of the tiles.
inline constexpr int64_t kBlockCounts = 2;

/// The list of one query tile.
struct BlockList {
  mlir::Value memory, entry, head, queryTile; // null memory: there is none

  /// How many tiles need a mask, and how many do not.
  mlir::Value partialTiles(TileBuilder &b) const { return at(b, b.index(0)); }
  mlir::Value fullTiles(TileBuilder &b) const { return at(b, b.index(1)); }
  /// The key tile of number `tile`: first those that need a mask.
  mlir::Value tileAt(TileBuilder &b, mlir::Value tile,
                     mlir::Value partialTiles) const;

private:
  mlir::Value at(TileBuilder &b, mlir::Value place) const;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_BLOCKLISTS_H
