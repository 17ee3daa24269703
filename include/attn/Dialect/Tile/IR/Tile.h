//===- Tile.h - The tile dialect --------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILE_H
#define ATTN_DIALECT_TILE_IR_TILE_H

#include "attn/Dialect/Tile/IR/ScheduleKeys.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace attn::tile {

/// Resources of effects; TileOps.td says what reading and writing them is.
template <typename ResourceT>
struct TileResource : mlir::SideEffects::Resource::Base<ResourceT> {};
struct SharedMemory : TileResource<SharedMemory> {
  llvm::StringRef getName() final { return "SharedMemory"; }
};
struct AsyncCopies : TileResource<AsyncCopies> {
  llvm::StringRef getName() final { return "AsyncCopies"; }
};
struct Products : TileResource<Products> {
  llvm::StringRef getName() final { return "Products"; }
};
struct ChannelBarriers : TileResource<ChannelBarriers> {
  llvm::StringRef getName() final { return "ChannelBarriers"; }
};
struct WarpgroupTurns : TileResource<WarpgroupTurns> {
  llvm::StringRef getName() final { return "WarpgroupTurns"; }
};

} // namespace attn::tile

#include "attn/Dialect/Tile/IR/TileDialect.h.inc"
#include "attn/Dialect/Tile/IR/TileEnums.h.inc"

#include "attn/Dialect/Tile/IR/TileInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "attn/Dialect/Tile/IR/TileAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "attn/Dialect/Tile/IR/TileTypes.h.inc"

#define GET_OP_CLASSES
#include "attn/Dialect/Tile/IR/TileOps.h.inc"

namespace attn::tile {

/// On operations whose results are computed before a step waits for products of
/// an earlier one, or passes a turn.
inline constexpr char kComputedFirstAttr[] = "tile.computed_first";

/// The box of `rows` rows that follow one another in a tile that has this box,
/// or where all rows are of the last index. Its product is less where they are
/// none.
llvm::SmallVector<int64_t>
boxOfRows(std::optional<llvm::ArrayRef<int64_t>> tile, size_t numIndices,
          int64_t rows);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_TILE_H
