//===- TensorGradLaunch.h - Launches for gradients of tensors ---*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_TENSORGRADLAUNCH_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_TENSORGRADLAUNCH_H

#include "FunctionLowering.h"
#include "Host/HostBuilder.h"
#include "Kernels/GradientKernel.h"

namespace attn {

/// What kernels have made of each query, see GradRowsArgument.
struct GradientRows {
  mlir::Value exponents, deltas;
  mlir::Value sinks; // null without `sinks`
};

/// Adds what kernels of gradients have in common, or what those that need no
/// values have.
void addGradientOperands(HostBuilder &b, SdpaGradOp op,
                         const GradientRows &rows, const TileGrid &grid,
                         bool hasValues, GradientSignature &signature);

/// Launches what computes the gradients of the tensors that scores read, as far
/// as they are used, and puts the filled tensors in their place.
void launchTensorGradients(HostBuilder &b, SdpaGradOp op,
                           FunctionLowering &lowering,
                           const GradientRows &rows);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_TENSORGRADLAUNCH_H
