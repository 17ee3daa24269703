//===- Rows.h - Groups become loops over blocks of rows ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_ROWS_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_ROWS_H

#include "Groups.h"

namespace attn::tile {

/// Computes a group. `count` is the number of rows that are needed. Tiles get
/// places, except those that have one; kept row vectors go to their
/// `destinations`, where there are.
void emitGroup(Frame &frame, Values &values, const Group &group,
               mlir::Value count,
               const llvm::DenseMap<mlir::Value, mlir::Value> &destinations);

/// Memory for a tile, its rows in whole vectors.
mlir::Value allocateRows(Frame &frame, mlir::RankedTensorType tile,
                         int64_t rows);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_ROWS_H
