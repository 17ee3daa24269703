//===- Sequences.h - Queries and keys of a batch entry ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_SEQUENCES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_SEQUENCES_H

#include "HeadGroups.h"

namespace attn {

/// The query, key and value of an attention as a CTA sees them: where a row
/// lies in memory, and how many there are.
class Sequences {
public:
  Sequences(TileBuilder &b, Layout layout, HeadGroups &groups,
            mlir::Value query, mlir::Value key, mlir::Value value);

  mlir::Value queryView() const { return query; }
  mlir::Value queryLength() const { return queries; }
  mlir::Value keyLength() const { return keys; }

  /// Rows are read whole, or `type` says how many columns from `firstColumn`
  /// on.
  tile::LoadOp loadQuery(mlir::RankedTensorType type, mlir::Value batch,
                         mlir::Value firstQuery,
                         mlir::Value firstColumn = nullptr);
  /// The rows of a query tile that the kernel computed into shared memory,
  /// which stand for those of memory.
  void setComputedQuery(mlir::Value tile) { computedQuery = tile; }
  /// Some columns of the query's rows.
  mlir::Value queryColumns(mlir::RankedTensorType type, mlir::Value batch,
                           mlir::Value firstQuery, mlir::Value firstColumn);
  mlir::Value loadKey(mlir::RankedTensorType type, mlir::Value batch,
                      mlir::Value firstKey, mlir::Value firstColumn = nullptr);
  mlir::Value loadValue(mlir::RankedTensorType type, mlir::Value batch,
                        mlir::Value firstKey,
                        mlir::Value firstColumn = nullptr);
  /// The index of each of `columns` keys as a row of i32.
  mlir::Value keyIndices(mlir::Value firstKey, int64_t columns);

private:
  TileBuilder &b;
  HeadGroups &groups;
  mlir::Value query, key, value, queries, keys;
  mlir::Value computedQuery;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_SEQUENCES_H
