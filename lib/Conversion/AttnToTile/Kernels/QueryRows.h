//===- QueryRows.h - Query rows that the kernel computes --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_QUERYROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_QUERYROWS_H

#include "../Index/Sequences.h"
#include "../RowChain.h"

namespace attn {

/// The operations that make the query of what is in memory, and the memrefs of
/// their side operands.
struct QueryChain {
  llvm::SmallVector<RowOp, 2> ops;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>, 2> sides;
};

/// Computes a query tile of `columns` columns, the last of which may be
/// padding, into shared memory. `threads` threads do so.
mlir::Value emitComputedQuery(TileBuilder &b, const QueryChain &chain,
                              HeadGroups &groups, Sequences &sequences,
                              mlir::Value batch, mlir::Value firstQuery,
                              int64_t columns, int64_t threads);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_QUERYROWS_H
