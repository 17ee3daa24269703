//===- TensorReads.h - How scores read a tensor -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_TENSORREADS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_TENSORREADS_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Where in a tensor the pairs of an attention read. It decides over which
/// pairs the gradient of an element is a sum.
struct TensorReads {
  /// What indexes a dimension: nothing, where its size is 1; an argument of the
  /// score region; or anything else.
  enum class Dim { One, Batch, Head, Query, Key, Entry };
  /// An element is read by
  /// - keys of one query, or by queries without regard to the key;
  /// - queries of one key;
  /// - pairs of one query and one key;
  /// - pairs that only their indices tell.
  enum class Form { Queries, Keys, Pairs, Entries };

  static TensorReads of(SdpaGradOp op, mlir::Value tensor);

  Form form() const;
  bool has(Dim dim) const { return llvm::is_contained(dims, dim); }
  /// The first dimension of this kind, which is there.
  int64_t find(Dim dim) const { return llvm::find(dims, dim) - dims.begin(); }

  llvm::SmallVector<Dim> dims;
};

/// Refuses reads whose gradients no kernel sums.
llvm::LogicalResult checkTensorReads(SdpaGradOp op, mlir::Value tensor);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_TENSORREADS_H
