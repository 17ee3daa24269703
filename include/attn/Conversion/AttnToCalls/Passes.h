//===- Passes.h - Attention as calls of a package ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOCALLS_PASSES_H
#define ATTN_CONVERSION_ATTNTOCALLS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace attn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "attn/Conversion/AttnToCalls/Passes.h.inc"

} // namespace attn

#endif // ATTN_CONVERSION_ATTNTOCALLS_PASSES_H
