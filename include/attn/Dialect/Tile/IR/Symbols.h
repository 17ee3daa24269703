//===- Symbols.h - Names in IR and names of users ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_SYMBOLS_H
#define ATTN_DIALECT_TILE_IR_SYMBOLS_H

#include "mlir/IR/Operation.h"

namespace attn::tile {

/// On a function whose symbol is not the user's name: that name.
inline constexpr char kUserNameAttr[] = "attn.name";

/// The name that descriptions and messages use for a function.
llvm::StringRef userNameOf(mlir::Operation *function);

/// The name as an identifier of PTX and of C, as readable as that allows:
/// "layer.0" becomes "layer_0".
std::string makeIdentifier(llvm::StringRef name);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_SYMBOLS_H
