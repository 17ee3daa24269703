//===- RegionTiles.h - Regions of attention on tiles ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_REGIONTILES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_REGIONTILES_H

#include "Mask.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/IRMapping.h"

namespace attn {

/// The index space of a tile of scores. Entries and heads are i32 scalars or
/// column vectors, queries a column and keys a row vector of i32. Lengths are
/// `index`.
struct ScoreIndices {
  mlir::Value batch, head, query, key;
  mlir::Value queryLength, keyLength;
};

/// The regions of an attention on tiles of some rows. Each of their operations
/// becomes one on scalars, on a row or column vector, or on the tile, whichever
/// its operands need. Values of type `index` are i32 here, elements of 16 bits
/// that are read from captures f32.
class RegionTiles {
public:
  /// `captures` are the memrefs of the captured tensors.
  RegionTiles(TileBuilder &b, AttentionOp op, mlir::ValueRange captures,
              int64_t rows)
      : b(b), op(op), captures(captures), rows(rows) {}

  bool hasScore() { return !op.getScore().empty(); }
  bool hasKeep() { return !op.getKeep().empty(); }
  /// Whether a row keeps all keys between two bounds, and no others. The masked
  /// ones may then all have one score.
  bool keepsOneRun();
  /// Whether these bounds begin with the first key in every row.
  bool beginsAtFirstKey();

  /// Sets the rows, of no key yet.
  void setRows(const ScoreIndices &ofRows) { indices = ofRows; }
  /// Reads here what `score` and `keep` read from captures that is the same for
  /// all keys.
  void readCapturesOfRows();

  /// What `score` makes of products of query and key, `tensor<MxNxf32>`, whose
  /// scores are `scale` times as large, but for the factor of `splitFactor`,
  /// which the softmax has. `key` is the index of each column, or of all.
  mlir::Value emitScore(mlir::Value products, float scale, mlir::Value key);
  /// What `region` makes of the same products; a factor stays in it.
  mlir::Value emitSlope(mlir::Region &region, mlir::Value products, float scale,
                        mlir::Value key);
  /// What one read of a tensor contributes to its gradient, of the same
  /// products: the derivative of the score, and the number of the element among
  /// those that `entryDims` have, `tensor<MxNxi32>`; null where there are none.
  struct ElementSlope {
    mlir::Value slope, entry;
  };
  llvm::SmallVector<ElementSlope>
  emitElementSlopes(mlir::Region &region, mlir::Value tensor,
                    llvm::ArrayRef<int64_t> entryDims, mlir::Value products,
                    float scale, mlir::Value key);
  /// Which keys are kept: `tensor<MxNxi1>`, of as many columns.
  mlir::Value emitKeep(mlir::Value key, int64_t columns);
  /// What the `range` region says of each row, in a tile whose columns start at
  /// `firstKey`: a row keeps no key outside of them.
  KeysOfRows emitKeysOfRows(mlir::Value firstKey);
  /// The same of rows with these numbers, and of the columns that `range` gives
  /// for them: queries and keys, or keys and queries.
  KeysOfRows emitColumnsOfRows(mlir::Region &range, mlir::Value numbers,
                               mlir::Value firstColumn);

private:
  llvm::SmallVector<mlir::Value> emit(mlir::Block &body, mlir::IRMapping &map);
  mlir::Value emitOp(mlir::Operation &op, mlir::IRMapping &map);
  mlir::Value emitPlace(mlir::Value index, mlir::Block &body,
                        mlir::Value memory, int64_t dim, mlir::IRMapping &map);
  mlir::Value emitEntry(AddGradientOp addition, mlir::Value memory,
                        llvm::ArrayRef<int64_t> dims, mlir::IRMapping &map);
  mlir::Value memoryOf(mlir::Value tensor);
  mlir::Value emitRead(CaptureOp capture, mlir::IRMapping &map);
  mlir::Value emitCapture(CaptureOp capture, mlir::IRMapping &map);
  mlir::Value lookup(mlir::Value value, mlir::IRMapping &map);
  mlir::Value emitConstant(mlir::arith::ConstantOp constant);
  mlir::Value emitCast(mlir::Value value, mlir::Type type, bool isSigned);
  mlir::Value emitOnTile(mlir::Operation &op, mlir::ValueRange operands);
  mlir::Value scaled(mlir::Value products, float by);
  mlir::Value emitOfProducts(mlir::Block &body, mlir::Value yielded,
                             mlir::Value products, float scale, mlir::Value key,
                             mlir::IRMapping &map);
  void mapIndices(mlir::Block &body, mlir::Value key, mlir::IRMapping &map);
  void readRowCaptures(mlir::Block &body);

  TileBuilder &b;
  AttentionOp op;
  llvm::SmallVector<mlir::Value> captures;
  int64_t rows;
  ScoreIndices indices;
  mlir::IRMapping readAhead; // what `emitRead` gives of captures
};

/// A value times a constant, in the score region.
struct ScaledValue {
  mlir::Value value;
  float factor = 1;
};

/// What a score region yields, without a positive constant factor.
ScaledValue splitFactor(AttentionOp op);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_REGIONTILES_H
