//===- Assembly.h - Statements of inline assembly ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_ASSEMBLY_H
#define ATTN_LIB_CONVERSION_TILETONVVM_ASSEMBLY_H

#include "Context.h"

namespace attn::tile {

/// A statement with side effects. `tied` are the first results' registers
/// before it; its operands count from 0: results, tied ones, inputs.
llvm::SmallVector<mlir::Value>
emitAssembly(mlir::OpBuilder &builder, mlir::Location loc,
             const llvm::Twine &text, mlir::TypeRange results,
             mlir::ValueRange tied, mlir::ValueRange inputs = {});

/// Passes the registers of tiles through the statement `text`: in as operands
/// and out as results in the same registers, so that LLVM computes them before
/// it and reads them after it. `inputs` are operands that follow both.
llvm::SmallVector<llvm::SmallVector<mlir::Value>>
passThroughAsm(mlir::OpBuilder &builder, mlir::Location loc,
               llvm::StringRef text, llvm::ArrayRef<mlir::ValueRange> tiles,
               mlir::ValueRange inputs = {});

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_ASSEMBLY_H
