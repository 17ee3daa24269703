//===- Checks.h - Rules between shapes that types leave open ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CHECKS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CHECKS_H

#include "../FunctionLowering.h"
#include "../RowChain.h"
#include "HostBuilder.h"

namespace attn {

void assertThat(HostBuilder &b, mlir::Value condition,
                const llvm::Twine &message);
/// Asserts that a value is at most a bound. `what` names the value in the
/// message "expected <what> to be at most <bound>".
void assertAtMost(HostBuilder &b, mlir::Value value, int64_t bound,
                  const llvm::Twine &what);

/// Write an assertion for each rule of an operation; those that its types
/// decide fold away.
void emitShapeChecks(HostBuilder &b, AttentionOp op,
                     const FunctionLowering &lowering);
void emitSavedChecks(HostBuilder &b, SdpaGradOp op,
                     const FunctionLowering &lowering);
void emitShapeChecks(HostBuilder &b, const RowChain &chain,
                     const FunctionLowering &lowering);
void emitShapeChecks(HostBuilder &b, NormGradOp op,
                     const FunctionLowering &lowering);
void emitShapeChecks(HostBuilder &b, SumOp op,
                     const FunctionLowering &lowering);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_CHECKS_H
