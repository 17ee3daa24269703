//===- NaiveRows.h - One attention as host loops ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the three functions of the reference lowering are made of.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEROWS_H

#include "RowMaps.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "llvm/ADT/DenseMap.h"

namespace attn {

/// One `attn.sdpa` with memrefs in place of its operands and results. A result
/// that the function does not return is null, as is what the attention lacks.
struct SdpaBuffers {
  AttentionOp op;
  RowChain query, key, value; // chains may be empty
  mlir::Value sinks, seed, offset;
  llvm::DenseMap<mlir::Value, mlir::Value> captures; // by their tensors
  mlir::Value output, lse;
};

/// The sizes of one `attn.sdpa` at run time.
struct SdpaSizes {
  mlir::Value batch, queryHeads, keyHeads, queryLength, keyLength;
  SdpaSizes(mlir::OpBuilder &builder, const SdpaBuffers &buffers);
};

/// Computes the rows of [begin, end) that exist.
void buildNaiveRows(mlir::OpBuilder &builder, SdpaBuffers buffers,
                    Numerics numerics, mlir::Value begin, mlir::Value end);

/// The number of kept (b, h, i, j), as f64; that of all of them where a tensor
/// that the mask reads has no data.
mlir::Value buildKeptPairs(mlir::OpBuilder &builder, SdpaBuffers buffers);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEROWS_H
