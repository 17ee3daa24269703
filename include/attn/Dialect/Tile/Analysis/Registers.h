//===- Registers.h - What a thread's registers can hold ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_ANALYSIS_REGISTERS_H
#define ATTN_DIALECT_TILE_ANALYSIS_REGISTERS_H

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn::tile {

/// Whether a left operand can be held in registers for a whole walk, beside the
/// largest result of a product. Builders decide by it, and write the decision
/// (`held`) on the load.
bool fitsRegisters(CtaAttr cta, mlir::RankedTensorType operand,
                   mlir::RankedTensorType largestResult);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_ANALYSIS_REGISTERS_H
