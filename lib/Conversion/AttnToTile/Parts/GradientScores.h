//===- GradientScores.h - Weights of a tile and their gradients -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H

#include "RegionTiles.h"

namespace attn {

/// The weights of a tile of scores, and the gradients of the scores. Rows of
/// the tile are queries or keys, its columns the others; what belongs to
/// queries is a vector along one or the other.
class GradientScores {
public:
  GradientScores(TileBuilder &b, SdpaGradOp op, mlir::ValueRange captures,
                 int64_t rows, int64_t columns);

  /// Sets the indices of the rows and columns, of which one are queries and the
  /// others keys.
  void setIndices(const ScoreIndices &ofTile);

  bool isMasked() { return regions.hasKeep(); }
  /// Whether weights and gradients depend on the indices.
  bool hasScore() { return regions.hasScore(); }
  /// Which pairs the mask keeps: `tensor<MxNxi1>`.
  mlir::Value emitKept() { return regions.emitKeep(indices.key, columns); }
  /// exp(s - lse) of products of query and key, but 0 where one of `kept` is
  /// false. `exponents` are -lse of the queries, in exponents of two.
  mlir::Value emitWeights(mlir::Value products, mlir::Value exponents,
                          mlir::ValueRange kept);
  /// Weights times (gradProducts - deltas), of products of value and cotangent
  /// and the `deltas` of the queries, and times the slope of the score:
  /// without the scale.
  mlir::Value emitGradients(mlir::Value products, mlir::Value weights,
                            mlir::Value gradProducts, mlir::Value deltas);

private:
  mlir::Value spread(mlir::Value vector);
  mlir::Value splat(float value) { return b.splat(value, rows, columns); }

  TileBuilder &b;
  SdpaGradOp op;
  RegionTiles regions;
  ScoreIndices indices;
  int64_t rows, columns;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_GRADIENTSCORES_H
