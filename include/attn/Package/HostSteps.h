//===- HostSteps.h - What an operation is in an entry -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The interfaces through which operations say what they do on the host. A new
// kind of step (a GEMM of a library, a collective) is one more model of them;
// nothing in HostEntry.cpp changes.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_HOSTSTEPS_H
#define ATTN_PACKAGE_HOSTSTEPS_H

#include "mlir/IR/OpDefinition.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace attn {

class HostEntry;

/// A tensor as a kernel is given it.
struct TensorParts {
  mlir::Value data;
  llvm::SmallVector<mlir::Value> dims, strides; // i64; no innermost stride
};

/// Attaches the models of the operations that entries may have today.
void registerHostSteps(mlir::DialectRegistry &registry);

} // namespace attn

#include "attn/Package/HostSteps.h.inc"

#endif // ATTN_PACKAGE_HOSTSTEPS_H
