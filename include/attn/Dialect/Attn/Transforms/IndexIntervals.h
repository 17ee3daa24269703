//===- IndexIntervals.h - What an index of a region can be ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_INDEXINTERVALS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_INDEXINTERVALS_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <optional>

namespace attn {

/// An integer constant of at most 61 bits, which no sum of a few takes out of
/// 64.
std::optional<int64_t> constantIndex(mlir::Value value);

/// Whether a value may depend on the key index j.
enum class KeyIndex { Excluded, Included };

/// Whether the interval of an index over runs of b, h, i and j follows from the
/// ends of the runs: it is computed from them, from lengths and from constants
/// by sums, multiples, minima, quotients and the like. `body` is that of a
/// region of attn.sdpa, whose last four arguments are b, h, i and j.
bool canBound(mlir::Value value, mlir::Block &body, KeyIndex key);

/// Whether the value can be bounded, and takes the ends of its interval: no
/// index of the region stands in it twice, and it chooses between no values.
bool hasExactInterval(mlir::Value value, mlir::Block &body);

/// The least and the greatest of a value.
struct IndexInterval {
  mlir::Value low, high;
};

/// Emits the intervals of values that `canBound` accepts.
class IndexIntervals {
public:
  /// `leaf` gives those of the region's arguments and of lengths.
  using Leaf = std::function<IndexInterval(mlir::Value)>;
  IndexIntervals(mlir::OpBuilder &builder, mlir::Location loc, Leaf leaf)
      : builder(builder), loc(loc), leaf(std::move(leaf)) {}

  IndexInterval of(mlir::Value value);

private:
  IndexInterval compute(mlir::Value value);
  IndexInterval computeOp(mlir::Operation *op);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  Leaf leaf;
  llvm::DenseMap<mlir::Value, IndexInterval> known;
};

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_INDEXINTERVALS_H
