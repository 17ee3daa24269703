//===- LaunchModels.h - How operations become launches ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_LAUNCHMODELS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_LAUNCHMODELS_H

#include "FunctionLowering.h"

#include "mlir/IR/OpDefinition.h"

#include "attn/Conversion/AttnToTile/Interfaces.h.inc"

namespace attn {

/// Attach the implementations of `LaunchableOp`.
void attachSdpaLaunch(mlir::MLIRContext *context);
void attachSdpaGradLaunch(mlir::MLIRContext *context);
void attachRowLaunches(mlir::MLIRContext *context);
void attachSumLaunch(mlir::MLIRContext *context);
void attachNormGradLaunch(mlir::MLIRContext *context);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_LAUNCHMODELS_H
