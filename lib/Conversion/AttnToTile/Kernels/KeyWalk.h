//===- KeyWalk.h - The walk over the keys of a query tile -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEYWALK_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEYWALK_H

#include "../Index/KeyRanges.h"
#include "../Index/Sequences.h"
#include "../Parts/Dropout.h"
#include "../Parts/Mask.h"
#include "../Parts/RegionTiles.h"
#include "../Parts/Softmax.h"
#include "ProductTypes.h"
#include "QueryRows.h"

#include "attn/Target/TargetRegistry.h"

namespace attn {

/// The online softmax of one query tile over its key tiles.
class KeyWalk {
public:
  /// Loads, or computes, the query tile that begins at `firstQuery`, and what
  /// all keys need of the captured tensors, whose memrefs are `captures`.
  KeyWalk(TileBuilder &b, SdpaOp op, tile::ScheduleAttr schedule,
          HeadGroups &groups, Sequences &sequences, mlir::ValueRange captures,
          const QueryChain &chain, Dropout &dropout, mlir::Value batch,
          mlir::Value firstQuery);

  /// The state over all keys of the range.
  SoftmaxState emit(const KeyRange &range);

private:
  void loadQuery();
  void computeQuery(const QueryChain &chain);
  bool holdsQuery();
  tile::TurnsAttr turns();
  SoftmaxState emitStep(mlir::Value firstKey, bool isMasked,
                        const SoftmaxState &state);
  mlir::Value emitMasked(mlir::Value scores, mlir::Value firstKey);
  mlir::Value emitKept(mlir::Value firstKey);
  mlir::Value emitInside(mlir::Value firstKey);
  ScoreIndices emitRowIndices();
  mlir::Value emitKeyIndices(mlir::Value firstKey, bool isMasked);
  KeysOfRows emitRun(mlir::Value firstKey);
  std::optional<KeysOfRows> emitNeededKeys(mlir::Value firstKey);
  mlir::Value emitLeftWeights(mlir::Value weights, mlir::Value key,
                              int64_t counted);
  mlir::Value emitKeptSum(const KeyRange &range, const SoftmaxState &state);

  TileBuilder &b;
  SdpaOp op;
  tile::ScheduleAttr schedule;
  HeadGroups &groups;
  Sequences &sequences;
  ScoreScale scale;
  OnlineSoftmax softmax;
  RegionTiles regions;
  Dropout &dropout;
  mlir::Value batch, firstQuery, query;
  const TargetDesc &target;
  ProductTypes types;
  int64_t rows, keys;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEYWALK_H
