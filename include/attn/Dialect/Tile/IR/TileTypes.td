//===- TileTypes.td - Shared memory ------------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILETYPES_TD
#define ATTN_DIALECT_TILE_IR_TILETYPES_TD

include "attn/Dialect/Tile/IR/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"

// A type's summary completes messages such as "operand #0 must be …", so these
// summaries are no sentences.

def Tile_SharedType : TypeDef<Tile_Dialect, "Shared"> {
  let mnemonic = "shared";
  let summary = "tiles in shared memory";
  let description = [{
    `!tile.shared<2x64x128xbf16, swizzle = 128>` is a ring of two tiles of 64
    rows and 128 columns; without the leading dimension it is one tile.

    A tile is stored as panels of `swizzle` bytes width, one after the other;
    a panel is its rows one after the other. In row r of a panel, the 16-byte
    chunk c stands at chunk `c ^ (r % 8)` (128 bytes), `c ^ (r/2 % 4)` (64), `c
    ^ (r/4 % 2)` (32): eight rows of a chunk column, and eight chunks of
    neighbouring rows, lie in different banks. These are the swizzles that
    tensor-memory copies and warpgroup MMAs know, so they serve both.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType, "int64_t":$swizzle);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool isRing() const { return getShape().size() == 3; }
    int64_t getSlots() const { return isRing() ? getShape().front() : 1; }
    int64_t getRows() const { return getShape()[getShape().size() - 2]; }
    int64_t getColumns() const { return getShape().back(); }
    int64_t getElementBytes() const;
    int64_t getSlotBytes() const;
    int64_t getBytes() const { return getSlots() * getSlotBytes(); }
    /// The type of one tile of a ring.
    SharedType getSlotType() const;
    /// One tile like `tile`, with the widest swizzle that divides a row.
    static SharedType get(::mlir::RankedTensorType tile);
  }];
}

def Tile_BarriersType : TypeDef<Tile_Dialect, "Barriers"> {
  let mnemonic = "barriers";
  let summary = "barriers of a ring's slots";
  let description = [{
    `!tile.barriers<2>` are two barriers in shared memory, for the two slots of
    a ring that some warps fill and others empty. Uses of a ring are counted
    from 0: use n is of slot n mod 2, and phase n / 2 of its barrier.
  }];
  let parameters = (ins "int64_t":$slots);
  let assemblyFormat = "`<` $slots `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kBytes = 8; // of one
    int64_t getBytes() const { return getSlots() * kBytes; }
  }];
}

def Tile_TensorMapType : TypeDef<Tile_Dialect, "TensorMap"> {
  let mnemonic = "tensor_map";
  let summary = "a map of a tensor in global memory";
  let description = [{
    `!tile.tensor_map<1x1x128x64xbf16, swizzle = 128>` is what a copy engine
    needs to know of a tensor of rank 4: where it lies, its dimensions and
    strides, that copies take boxes of 1x1x128x64 elements, and how these lie in
    shared memory (see `!tile.shared`; a box is as wide as a panel). Made by
    `tile.tensor_map`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$box,
                        "::mlir::Type":$elementType, "int64_t":$swizzle);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ATTN_DIALECT_TILE_IR_TILETYPES_TD
