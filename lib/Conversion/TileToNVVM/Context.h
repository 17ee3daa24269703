//===- Context.h - What every mechanism asks about its kernel ---*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_CONTEXT_H
#define ATTN_LIB_CONVERSION_TILETONVVM_CONTEXT_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/DialectConversion.h"

namespace attn::tile {

/// Threads of the CTA that executes `op`.
int64_t threadsOf(mlir::Operation *op);
/// On lowered kernels: the warps of a CTA.
inline constexpr char kCtaAttr[] = "tile.cta";
/// Warps and target of the kernel that `op` is part of.
CtaAttr ctaOf(mlir::Operation *op);
const TargetDesc &targetOf(mlir::Operation *op);

/// The instruction that multiplies tiles of `element` on the target of `op`; an
/// error at `op` where there is none.
llvm::FailureOr<MmaAtom> atomOf(mlir::Operation *op, mlir::Type element);

mlir::Value emitThreadId(mlir::OpBuilder &builder, mlir::Location loc);
mlir::Value emitLaneId(mlir::OpBuilder &builder, mlir::Location loc);
mlir::Value emitI32(mlir::OpBuilder &builder, mlir::Location loc,
                    int64_t value);
mlir::Value emitI64(mlir::OpBuilder &builder, mlir::Location loc,
                    int64_t value);
/// The thread's warpgroup, the same in all lanes as far as ptxas knows.
mlir::Value emitWarpgroupId(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Operation *op);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_CONTEXT_H
