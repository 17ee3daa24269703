//===- Rotation.h - Rotary positions of pairs of elements -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROTATION_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROTATION_H

#include "TileBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Tiles of the first and of the second element of each pair.
struct ElementPairs {
  mlir::Value x, y;
};

/// Rotates pairs of f32, the first of which is number `firstPair` of a row, by
/// the angle of their row's position; `positions` is a column of i64.
ElementPairs emitRotated(TileBuilder &b, RopeOp op, const ElementPairs &pairs,
                         int64_t firstPair, mlir::Value positions);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROTATION_H
