//===- Patterns.h - Patterns of each mechanism ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each file of a mechanism adds its patterns here; none names a chip.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_PATTERNS_H
#define ATTN_LIB_CONVERSION_TILETONVVM_PATTERNS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace attn::tile {

/// Gives each operation of a kernel a location that says which line it has in
/// the module as printed now.
void nameOrigins(mlir::ModuleOp module);

void populateKernelPatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateGlobalMemoryPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateGatherPatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateRandomPatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateBlockedTilePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateColumnBoundPatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateRowReductionPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateCpAsyncPatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateSharedMemoryPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateStagedStorePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateMmaSyncPatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateSplitProductPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateMbarrierPatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populateTmaPatterns(const mlir::TypeConverter &converter,
                         mlir::RewritePatternSet &patterns);
void populateWarpRolePatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populateWgmmaPatterns(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_PATTERNS_H
