//===- GradSumsLaunch.h - Launches that add up sums -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_GRADSUMSLAUNCH_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_GRADSUMSLAUNCH_H

#include "FunctionLowering.h"
#include "Host/HostBuilder.h"

#include "attn/Dialect/Attn/Transforms/TensorReads.h"

namespace attn {

/// Sums of f32: [batch, head, entry, place], or with entries last.
struct PartialSums {
  mlir::Value tensor;
  bool endsInEntries = false;
};

/// Launches what adds up sums into a gradient of these sizes, and returns the
/// filled `destination`. `reads` says which of their dimensions are dimensions
/// of the gradient, `what` names it in messages.
mlir::Value launchGradSums(HostBuilder &b, mlir::Operation *op,
                           FunctionLowering &lowering, const TensorReads &reads,
                           PartialSums sums, mlir::Value destination,
                           mlir::ValueRange sizes, llvm::StringRef suffix,
                           const llvm::Twine &what);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_GRADSUMSLAUNCH_H
