//===- QueryTiles.h - The query tiles of a key tile -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_QUERYTILES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_QUERYTILES_H

#include "KeyRanges.h"

namespace attn {

/// A tile of queries of one head.
struct QueryTilePlace {
  mlir::Value head, firstQuery;
};

/// The walk of a key tile over the queries of all heads that share it: in each
/// segment, the tiles of one head after the other.
class QueryTiles {
public:
  /// `ofHead` are those of one head, `queries` each.
  QueryTiles(TileBuilder &b, const KeyRange &ofHead, mlir::Value firstHead,
             mlir::Value heads, int64_t queries);

  mlir::Value first() const { return begins.front(); }
  /// The bounds of the segments.
  mlir::ValueRange bounds() const {
    return mlir::ValueRange(begins).drop_front();
  }
  bool isMasked(unsigned segment) const { return segment != 1; }
  /// Where tile `tile` of the walk lies, whichever segment has it.
  QueryTilePlace place(mlir::Value tile);

private:
  TileBuilder &b;
  KeyRange range;
  mlir::Value firstHead, heads;
  int64_t queries;
  llvm::SmallVector<mlir::Value, 4> begins; // of segments, and the end
};

/// All tiles of the queries, each of which may be masked.
KeyRange emitAllTiles(TileBuilder &b, mlir::Value queryLength, int64_t queries);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_QUERYTILES_H
