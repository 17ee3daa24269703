//===- RegisterBlock.h - A block of a product in registers ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Some rows of a product's result, of a few vectors each, stay in registers
// over all steps. A step takes a word of each row on the left, in all lanes,
// and a word of each column on the right.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_REGISTERBLOCK_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_REGISTERBLOCK_H

#include "RightOperand.h"

namespace attn::tile {

/// Where rows lie in memory.
struct BlockRows {
  mlir::Value memref;
  mlir::Value first; // its first row in there
};

/// What a product reads and writes, but for the right operand. Without `acc` it
/// is added to nothing.
struct ProductRows {
  BlockRows left;
  std::optional<BlockRows> acc;
  BlockRows result;

  /// Those from the `row`th on.
  ProductRows from(Frame &frame, int64_t row) const;
};

/// [first, end) of steps or of blocks.
struct Span {
  mlir::Value first, end;
};

class RegisterBlock {
public:
  /// Words of a step, a vector for each of the block's.
  using Right =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value step)>;

  RegisterBlock(Frame &frame, DotOp op, int64_t rows, int64_t vectors,
                const ProductRows &place, mlir::Value firstColumn);
  void multiply(Right right, Span steps);

private:
  llvm::SmallVector<mlir::Value> start();
  mlir::Value leftWord(int64_t row, mlir::Value step);
  mlir::Value rowAt(const BlockRows &block, int64_t row);
  mlir::Value columnAt(int64_t vector);

  Frame &frame;
  mlir::ImplicitLocOpBuilder &b;
  int64_t rows, vectors;
  const ProductRows &place;
  mlir::Value firstColumn;
  bool hasPairs;
};

/// Adds the products of words: of f32, or of pairs of bf16.
mlir::Value emitMultiply(Frame &frame, bool arePairs, mlir::Value x,
                         mlir::Value y, mlir::Value sum);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_REGISTERBLOCK_H
