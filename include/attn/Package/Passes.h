//===- Passes.h - Passes that make a package --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_PASSES_H
#define ATTN_PACKAGE_PASSES_H

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace attn {

#define GEN_PASS_DECL
#include "attn/Package/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Package/Passes.h.inc"

} // namespace attn

#endif // ATTN_PACKAGE_PASSES_H
