//===- MmaTypes.h - Element types as products take them ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_IR_MMATYPES_H
#define ATTN_DIALECT_TILE_IR_MMATYPES_H

#include "attn/Target/MmaAtom.h"
#include "mlir/IR/Types.h"

#include <optional>

namespace attn::tile {

/// The type that matrix instructions see an element as.
std::optional<MmaType> mmaTypeOf(mlir::Type element);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_MMATYPES_H
