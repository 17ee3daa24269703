//===- LineInfo.h - Which operation a line of PTX comes from ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_PACKAGE_LINEINFO_H
#define ATTN_LIB_PACKAGE_LINEINFO_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/DenseMap.h"

#include <string>

namespace attn {

/// Descriptions of origins, "tile.dot at tile.mlir:77:9, from a.mlir:7:12", by
/// line and column.
using OriginTexts = llvm::DenseMap<std::pair<unsigned, unsigned>, std::string>;

/// Turns the `tile.op` attributes of kernels into locations for which LLVM
/// writes `.loc` lines. Kernels without such attributes stay as they are.
OriginTexts attachLineInfo(mlir::gpu::GPUModuleOp kernels);

/// Adds to each `.loc` line what it stands for, as a comment.
std::string annotateLines(llvm::StringRef ptx, const OriginTexts &origins);

/// Writes behind every "line N" of a log about `ptx` which operation that line
/// comes from.
std::string nameLines(llvm::StringRef log, llvm::StringRef ptx);

} // namespace attn

#endif // ATTN_LIB_PACKAGE_LINEINFO_H
