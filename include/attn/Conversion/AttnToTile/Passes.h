//===- Passes.h - From attention to kernels on tiles -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_CONVERSION_ATTNTOTILE_PASSES_H
#define ATTN_CONVERSION_ATTNTOTILE_PASSES_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace attn {

#define GEN_PASS_DECL
#include "attn/Conversion/AttnToTile/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Conversion/AttnToTile/Passes.h.inc"

} // namespace attn

#endif // ATTN_CONVERSION_ATTNTOTILE_PASSES_H
