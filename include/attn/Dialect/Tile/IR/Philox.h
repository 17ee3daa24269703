//===- Philox.h - Random bits from counters ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 (J. K. Salmon et al., "Parallel random numbers: as easy as 1,
// 2, 3", 2011), in arith on i32 or on vectors of it. docs/AttnSpec.md says
// which bits of which call decide over a weight.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_PHILOX_H
#define ATTN_DIALECT_TILE_IR_PHILOX_H

#include "mlir/IR/Builders.h"
#include <array>

namespace attn::tile {

/// Weights of 32 keys take their bits from four calls.
inline constexpr int64_t kRandomBlock = 32;

using PhiloxKey = std::array<mlir::Value, 2>;
using PhiloxWords = std::array<mlir::Value, 4>;

/// The four words of a call. All values have one type.
PhiloxWords emitPhilox(mlir::OpBuilder &builder, mlir::Location loc,
                       PhiloxWords counter, PhiloxKey key);

/// The first word of the counter for the bits of key `key`.
mlir::Value emitRandomCounter(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value key);

/// The 16 bits of key `key`, of its call's words.
mlir::Value emitRandomBits(mlir::OpBuilder &builder, mlir::Location loc,
                           PhiloxWords words, mlir::Value key);

/// The low or the high half of a word.
mlir::Value emitHalf(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value word, bool isHigh);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_PHILOX_H
