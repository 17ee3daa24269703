//===- SupportedForm.h - Functions that packages can hold -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_SUPPORTEDFORM_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_SUPPORTEDFORM_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace attn {

/// Whether a function with attention is one of attention alone, as
/// attn-check-support wants it: all rules but those of single operations, which
/// another place would not help.
bool hasSupportedForm(mlir::func::FuncOp function, mlir::ModuleOp module);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_SUPPORTEDFORM_H
