//===- DropoutCode.h - Dropout as host code ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_DROPOUTCODE_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_DROPOUTCODE_H

#include "HostLoops.h"
#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Asks for one weight at a time whether it is dropped, as docs/AttnSpec.md
/// has it.
class DropoutCode : HostLoops {
public:
  DropoutCode(mlir::OpBuilder &builder, AttentionOp op, Numerics numerics)
      : HostLoops(builder, op.getLoc(), op.getElementType(), numerics), op(op) {
  }

  bool dropsAny() { return threshold() != 0; }
  /// The factor of the weights that are left.
  double factor() { return 65536.0 / (65536.0 - threshold()); }
  /// Makes the key of all weights from the buffers of seed and offset.
  void start(mlir::Value seed, mlir::Value offset);
  /// Whether the weight of a key is dropped; the indices are of type `index`.
  mlir::Value isDropped(mlir::Value batch, mlir::Value head, mlir::Value query,
                        mlir::Value key);

private:
  using Words = llvm::SmallVector<mlir::Value, 4>; // i64, below 2^32 each
  int64_t threshold();
  mlir::Value wide(int64_t value);
  mlir::Value lowWord(mlir::Value number);
  mlir::Value highWord(mlir::Value number);
  Words philox(Words counter, Words key);

  AttentionOp op;
  Words key;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_DROPOUTCODE_H
