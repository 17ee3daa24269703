//===- Remarks.h - What passes say they did ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TOOLS_ATTN_COMPILE_REMARKS_H
#define ATTN_TOOLS_ATTN_COMPILE_REMARKS_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/JSON.h"

namespace attncompile {

/// Lets `into` have each remark of the context's passes once, as `{"pass",
/// "kind", "name", "message"}`; kinds are "passed" and "missed". Nothing where
/// remarks cannot be had.
void collectRemarks(mlir::MLIRContext &context, llvm::json::Array &into);

} // namespace attncompile

#endif // ATTN_TOOLS_ATTN_COMPILE_REMARKS_H
