//===- Descriptions.h - What packages say of a function ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_TILE_IR_DESCRIPTIONS_H
#define ATTN_LIB_DIALECT_TILE_IR_DESCRIPTIONS_H

#include "mlir/IR/Operation.h"

namespace attn::tile {

/// Verifies `tile.args`.
llvm::LogicalResult verifyArgsAttr(mlir::Operation *op, mlir::Attribute value);

/// Verifies `tile.results`.
llvm::LogicalResult verifyResultsAttr(mlir::Operation *op,
                                      mlir::Attribute value);

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_IR_DESCRIPTIONS_H
