//===- Random.h - Random bits in vectors ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_RANDOM_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_RANDOM_H

#include "Frame.h"

#include "attn/Dialect/Tile/IR/Philox.h"

namespace attn::tile {

/// The indices of a `tile.random`: numbers or vectors of one length.
struct RandomPlace {
  mlir::Value batch, head, query, key;
};

/// The bits of one place, or of as many as the vectors have.
mlir::Value emitRandomEach(Frame &frame, const PhiloxKey &key,
                           const RandomPlace &place);

/// Columns whose bits are drawn together, of `columns` that are counted from a
/// multiple of `counted`; 0 where none are.
int64_t columnsDrawnTogether(Frame &frame, int64_t columns, int64_t counted);

/// The bits of that many keys from `place.key` on, a vector of columns each.
/// The place is numbers.
llvm::SmallVector<mlir::Value> emitRandomRun(Frame &frame, const PhiloxKey &key,
                                             const RandomPlace &place,
                                             int64_t columns);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_RANDOM_H
