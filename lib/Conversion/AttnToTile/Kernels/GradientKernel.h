//===- GradientKernel.h - What kernels of gradients share -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADIENTKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADIENTKERNEL_H

#include "../Index/TileOrder.h"
#include "../KernelSignature.h"
#include "../Parts/GradientScores.h"
#include "ProductTypes.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of kernels that compute scores and their gradients again. Each
/// kernel has those that it needs.
enum class GradientArgument {
  Query,
  Key,
  Value,
  OutputGrad,
  Exponents, // see GradRowsArgument
  Deltas,
  HeadsPerKeyHead, // query heads that share a key head
  Shares,          // CTAs that share the queries of a head
  Blocks,          // of a folded grid, as Heads
  Heads,
  Seed, // of the dropout, as Offset
  Offset,
  // What is computed.
  QueryGrad,
  KeyGrad,
  ValueGrad,
  TensorGrad,
  Sums,        // [batch, head, entry, …] of f32, see GradSums.h
  FirstCapture // the captured tensors are this and the numbers behind
};

using GradientSignature = KernelSignature<GradientArgument>;

/// A kernel that computes tiles of scores and of their gradients again.
class GradientKernel {
protected:
  using Argument = GradientArgument;

  GradientKernel(tile::KernelOp kernel, SdpaGradOp op,
                 const GradientSignature &signature);

  /// Begins the kernel: the tile of its CTA. Views, lengths and scores are
  /// there from then on.
  TileIndex begin();
  /// Keys and queries of a tile may lie behind the last ones, where captured
  /// tensors have no elements.
  void clampToCaptures(ScoreIndices &indices);

  TileBuilder b;
  SdpaGradOp op;
  NamedValues<Argument> arguments;
  NamedValues<Argument> views; // as [batch, head, length, features]
  tile::GradientScheduleAttr schedule;
  ProductTypes types;
  int64_t rows, step;
  std::optional<GradientScores> scores;
  mlir::Value queryLength, keyLength;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADIENTKERNEL_H
