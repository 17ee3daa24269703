//===- Origins.h - Which operation on tiles code comes from -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowered operations say in an attribute which operation of a kernel on tiles
// they come from. An attribute survives printing, which locations do not, so
// the PTX is the same however its stages were run.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_IR_ORIGINS_H
#define ATTN_DIALECT_TILE_IR_ORIGINS_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace attn::tile {

/// On operations of a lowered kernel: "tile.dot:77:9", the operation's name,
/// and its line and column in the kernels' IR on tiles, as the tools print it.
inline constexpr char kOriginAttr[] = "tile.op";
/// On kernels: "attention.mlir:7:12", where the attention stands.
inline constexpr char kSourceAttr[] = "tile.source";
/// Line information calls the printed IR on tiles by this name.
inline constexpr char kTileFileName[] = "tile.mlir";

struct Origin {
  llvm::StringRef name;
  unsigned line, column;

  std::string str() const;
  static std::optional<Origin> parse(llvm::StringRef text);
};

/// "attention.mlir:7:12" of the first place in a file that `loc` names, without
/// its folder; empty where there is none.
std::string sourceOf(mlir::Location loc);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_ORIGINS_H
