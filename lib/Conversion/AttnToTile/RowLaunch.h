//===- RowLaunch.h - Launches in the place of operations on rows *- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_ROWLAUNCH_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_ROWLAUNCH_H

#include "FunctionLowering.h"
#include "RowChain.h"

namespace attn {

/// Launches a kernel that maps the rows of a chain, and returns the tensor that
/// it fills.
mlir::Value launchRows(mlir::Operation *before, const RowChain &chain,
                       FunctionLowering &lowering, llvm::StringRef suffix);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_ROWLAUNCH_H
