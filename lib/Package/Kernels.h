//===- Kernels.h - Lowered kernels ------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_KERNELS_H
#define ATTN_LIB_PACKAGE_KERNELS_H

#include "attn/Target/TargetRegistry.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace attn {

/// The target of code for a processor; null for any other operation. It is a
/// `func.func`, and then an `llvm.func`, that names its target.
const TargetDesc *processorOf(mlir::Operation *kernel);
/// Whether it is such code, or that of a GPU's thread.
bool isLoweredKernel(mlir::Operation *kernel);

/// How a launch asks for a lowered kernel.
struct LaunchNeeds {
  int64_t threads = 1, sharedBytes = 0;
};
LaunchNeeds launchNeedsOf(mlir::Operation *kernel);

/// The facts of a lowered kernel that are known before it is assembled.
mlir::DictionaryAttr describeKernel(mlir::Operation *kernel);

} // namespace attn

#endif // ATTN_LIB_PACKAGE_KERNELS_H
