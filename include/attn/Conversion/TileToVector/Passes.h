//===- Passes.h - From tiles to the code of a processor ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_CONVERSION_TILETOVECTOR_PASSES_H
#define ATTN_CONVERSION_TILETOVECTOR_PASSES_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace attn {

#define GEN_PASS_DECL
#include "attn/Conversion/TileToVector/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Conversion/TileToVector/Passes.h.inc"

} // namespace attn

#endif // ATTN_CONVERSION_TILETOVECTOR_PASSES_H
