//===- InitAll.h - Registration of everything -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_INITALL_H
#define ATTN_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace attn {

/// The dialects of this project and those that its IR uses.
void registerAllDialects(mlir::DialectRegistry &registry);
/// The passes of this project, and upstream's canonicalisation and CSE.
void registerAllPasses();
/// The named pipelines of Pipeline/Pipelines.h.
void registerAllPipelines();

} // namespace attn

#endif // ATTN_INITALL_H
