//===- Mask.h - Masks on tiles of scores ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H

#include "TileBuilder.h"

namespace attn {

/// Columns before the end of the keys: `tensor<MxNxi1>`. `key` holds the index
/// of each column.
mlir::Value emitInsideTile(TileBuilder &b, mlir::Value key,
                           mlir::Value keyLength, int64_t rows);

/// Replaces scores where `kept` is false.
mlir::Value emitMaskedScores(TileBuilder &b, mlir::Value kept,
                             mlir::Value scores, float masked);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H
