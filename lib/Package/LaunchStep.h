//===- LaunchStep.h - A launch in an entry ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_PACKAGE_LAUNCHSTEP_H
#define ATTN_LIB_PACKAGE_LAUNCHSTEP_H

#include "mlir/IR/MLIRContext.h"

namespace attn {

/// Makes `tile.launch` a step of entries.
void attachLaunchStep(mlir::MLIRContext *context);

} // namespace attn

#endif // ATTN_LIB_PACKAGE_LAUNCHSTEP_H
