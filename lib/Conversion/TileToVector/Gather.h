//===- Gather.h - Elements of memory, wherever they lie ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_GATHER_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_GATHER_H

#include "Frame.h"

namespace attn::tile {

/// The elements of `memref` at these indices, i32 numbers or vectors of a
/// vector's elements; floats as f32.
mlir::Value emitGather(Frame &frame, mlir::Value memref,
                       mlir::ValueRange indices);
/// The same where the last index is the first of neighbouring elements.
mlir::Value emitNeighbours(Frame &frame, mlir::Value memref,
                           mlir::ValueRange indices);
/// The element at indices that are numbers.
mlir::Value emitElement(Frame &frame, mlir::Value memref,
                        mlir::ValueRange indices);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_GATHER_H
