//===- HeadGroups.h - Rows of a tile as queries of heads --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_HEADGROUPS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_HEADGROUPS_H

#include "../Parts/TileBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The rows of a query tile. Where its `heads` are several, row r is query
/// `firstQuery` + r / heads of head `head` + r % heads; all of them share a key
/// head. With one head, row r is query `firstQuery` + r.
class HeadGroups {
public:
  HeadGroups(TileBuilder &b, int64_t rows, int64_t heads);

  int64_t rows() const { return tileRows; }
  /// Queries of each head in a tile.
  int64_t queries() const { return tileRows / heads; }

  /// Returns a memref of query rows in this layout as [batch, head, length, …],
  /// or, where heads share a tile, [batch, key head, length, head of the group,
  /// …].
  mlir::Value view(mlir::Value memref, Layout layout);
  /// The box of a tile in such a view; null where its rows are of one head.
  mlir::DenseI64ArrayAttr box() const { return tileBox; }
  /// The place of the tile's rows from `firstQuery` on in such a view.
  llvm::SmallVector<mlir::Value> indices(mlir::Value entry,
                                         mlir::Value firstQuery) const;

  /// Chooses the heads of a tile: tile `headTile` of all heads, of which every
  /// key head has `tilesPerKeyHead`.
  void select(mlir::Value headTile, mlir::Value tilesPerKeyHead,
              mlir::Value queryView);
  /// The number of query heads.
  mlir::Value numHeads() const { return allHeads; }
  mlir::Value head() const { return firstHead; }
  mlir::Value keyHead() const { return selectedKeyHead; }

  /// The head of each row as i32: one, or a column of them.
  mlir::Value rowHeads();
  /// The query of each row as a column of i32.
  mlir::Value rowQueries(mlir::Value firstQuery);

private:
  TileBuilder &b;
  int64_t tileRows, heads;
  mlir::DenseI64ArrayAttr tileBox;
  mlir::Value selectedKeyHead;
  mlir::Value firstHead; // of all heads
  mlir::Value allHeads;
  mlir::Value firstOfGroup; // of those that share the key head
};

/// `first` + 0, `first` + 1, … as i32 along the dimension of `type` that is not
/// 1, each `repeat` times.
mlir::Value emitPositions(TileBuilder &b, mlir::Value first,
                          mlir::RankedTensorType type, int64_t repeat = 1);

/// The memref, which has `layout`, as [batch, head, length, features].
mlir::Value viewAsBHSD(TileBuilder &b, mlir::Value memref, Layout layout);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_HEADGROUPS_H
