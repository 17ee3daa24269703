//===- GradientScores.h - Weights of a tile and their gradients -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H

#include "Dropout.h"
#include "RegionTiles.h"

namespace attn {

/// The weights of a tile of scores, and the gradients of the scores. Rows of
/// the tile are queries or keys, its columns the others; what belongs to
/// queries is a vector along one or the other.
class GradientScores {
public:
  /// Seed and offset are those of the dropout, null without one.
  GradientScores(TileBuilder &b, SdpaGradOp op, mlir::ValueRange captures,
                 mlir::Value seed, mlir::Value offset, int64_t rows,
                 int64_t columns);

  /// Sets the indices of the rows and columns, of which one are queries and the
  /// others keys.
  void setIndices(const ScoreIndices &ofTile);

  bool isMasked() { return regions.hasKeep(); }
  /// Whether weights and gradients depend on the indices.
  bool needsIndices() { return regions.hasScore() || dropout.dropsAny(); }
  /// Which pairs the mask keeps: `tensor<MxNxi1>`.
  mlir::Value emitKept() { return regions.emitKeep(indices.key, columns); }
  /// Whether products do less where rows need only columns that `range` gives.
  bool boundsProducts(mlir::Region &range);
  /// Which columns rows of a masked tile need, by the range of keys or of
  /// queries, if products do less for it. The columns start at `firstColumn`.
  std::optional<KeysOfRows> emitNeeded(mlir::Region &range,
                                       const ScoreIndices &ofTile,
                                       mlir::Value firstColumn);
  /// The tile with zeros where one of `kept` is false.
  mlir::Value emitZeros(mlir::Value tile, mlir::ValueRange kept) {
    for (mlir::Value each : kept)
      tile = emitMaskedScores(b, each, tile, 0);
    return tile;
  }
  /// Exponents of queries with these numbers, -inf for those behind the last:
  /// they weigh nothing, whatever the score region makes of zeros.
  mlir::Value emitExponents(mlir::Value exponents, mlir::Value numbers,
                            mlir::Value queryLength);
  /// exp(s - lse) of products of query and key, but 0 where one of `kept` is
  /// false. `exponents` are -lse of the queries, in exponents of two.
  mlir::Value emitWeights(mlir::Value products, mlir::Value exponents,
                          mlir::ValueRange kept);
  /// Weights for the gradient of the values: those of the rows without a key,
  /// which share a weight of 1 among all keys, in place of zeros.
  mlir::Value emitShared(mlir::Value weights, mlir::Value exponents,
                         mlir::Value keyLength);
  /// What dropout leaves of weights, without the factor of the others.
  mlir::Value emitLeft(mlir::Value weights);
  /// Weights times (gradProducts - deltas), of products of value and cotangent,
  /// as far as dropout leaves them, and the `deltas` of the queries, and times
  /// the slope of the score: without the scale.
  mlir::Value emitGradients(mlir::Value products, mlir::Value weights,
                            mlir::Value gradProducts, mlir::Value deltas);
  /// What the pairs contribute to the gradient of a tensor that the score
  /// reads, for each read, and to which of its entries.
  struct Contribution {
    mlir::Value gradient, entry;
  };
  llvm::SmallVector<Contribution>
  emitContributions(mlir::Value tensor, llvm::ArrayRef<int64_t> entryDims,
                    mlir::Value products, mlir::Value weights,
                    mlir::Value gradProducts, mlir::Value deltas);

private:
  mlir::Value emitCentred(mlir::Value weights, mlir::Value gradProducts,
                          mlir::Value deltas);
  mlir::Value spread(mlir::Value vector);
  mlir::Value splat(float value) { return b.splat(value, rows, columns); }

  TileBuilder &b;
  SdpaGradOp op;
  RegionTiles regions;
  Dropout dropout;
  ScoreIndices indices;
  int64_t rows, columns;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H
