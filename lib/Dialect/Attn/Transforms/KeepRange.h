//===- KeepRange.h - The range region that keep implies ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_KEEPRANGE_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_KEEPRANGE_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Gives an op with a keep region the range region that follows from it.
void deriveRange(AttentionOp op);

/// The same with queries and keys in each other's place: which queries keep
/// consecutive keys.
void deriveQueryRange(SdpaGradOp op);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_KEEPRANGE_H
