//===- Ptxas.h - Ways to steer LLVM and ptxas -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing here changes what a kernel computes. Each function keeps LLVM or
// ptxas from an optimisation that costs registers, or from moving an
// instruction across another one. Lowerings say which effect they want, and
// this file knows how.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_PTXAS_H
#define ATTN_LIB_CONVERSION_TILETONVVM_PTXAS_H

#include "Context.h"

namespace attn::tile {

/// Hides `value`, an i32, from LLVM, so that what is computed from it is
/// computed where it is used. LLVM would hoist it, and keep the results through
/// loops in registers that the products need.
mlir::Value makeOpaque(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value value);

/// The thread's warp, which ptxas knows to be the same in all lanes since it
/// comes from one of them: what depends on it stays in uniform registers.
/// Computed once, at the start of the function.
mlir::Value emitUniformWarpId(mlir::OpBuilder &builder, mlir::Operation *op);

/// Adds a bit that is always 0, the top one of the address `base`, to a 64-bit
/// `descriptor`, so that it changes in each step of a loop in which `base`
/// does. ptxas keeps a value that no step changes as two halves that are no
/// pair; each instruction then adds to one, carries to the other and moves
/// both. A value that changes is a pair, and adding to it is one instruction.
mlir::Value makeLoopVariant(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value descriptor, mlir::Value base);

/// Assembly that waits with `wait` for all lanes' values: `count` operands from
/// `first` on. ptxas hoists a wait as far as it can, but not above a
/// `bar.warp.sync`, nor that above its mask, so the mask depends on every
/// value.
std::string waitAfterValues(llvm::StringRef wait, size_t first, size_t count);

/// Assembly that arrives at barrier `$0` for `threads` threads, behind `count`
/// operands from 1 on: the barrier's number depends on every value.
std::string arriveAfterValues(int64_t threads, size_t count);

/// Copies 16 bytes, the first `bytes` of which are read and the others zeros,
/// where `condition` holds. The condition is a predicate of the instruction:
/// around branches over copies, ptxas duplicates the code between them.
void emitPredicatedCopy(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value dest, mlir::Value source, mlir::Value bytes,
                        mlir::Value condition);

/// Keeps LLVM from unrolling loops over KV tiles, which would cost registers.
void disableUnrolling(mlir::gpu::GPUModuleOp kernels);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_PTXAS_H
