//===- WidenProducts.h - Products that a processor lacks --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_WIDENPRODUCTS_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_WIDENPRODUCTS_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Target/TargetRegistry.h"

namespace attn::tile {

/// Has products multiply f32, which is exact, where the processor has no
/// instruction that multiplies the elements of their operands.
void widenProducts(KernelOp kernel, const ProcessorDesc &processor);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_WIDENPRODUCTS_H
