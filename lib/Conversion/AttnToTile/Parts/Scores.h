//===- Scores.h - Scores of a tile of queries and keys ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H

#include "Mask.h"
#include "Softmax.h"

namespace attn {

/// The products of the rows of `query` and `key`, scaled where the softmax
/// cannot do so. Those of keys that are not `needed` are undefined.
mlir::Value emitScores(TileBuilder &b, const ScoreScale &scale,
                       mlir::Value query, mlir::Value key,
                       std::optional<KeysOfRows> needed);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H
