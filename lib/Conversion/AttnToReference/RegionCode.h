//===- RegionCode.h - Regions of attn.sdpa as host code ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_REGIONCODE_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_REGIONCODE_H

#include "NaiveRows.h"
#include "mlir/IR/IRMapping.h"

namespace attn {

/// Writes what the regions of one attention compute, naively and for one key at
/// a time. Floats are f64 in the reference. In the baseline they are f32, and
/// those of 16 bits are rounded after each operation; f64 stays f64. Integers
/// and indices are as they are.
class RegionCode : HostLoops {
public:
  RegionCode(mlir::OpBuilder &builder, SdpaBuffers buffers,
             const SdpaSizes &sizes, Numerics numerics)
      : HostLoops(builder, buffers.op.getLoc(), buffers.op.getElementType(),
                  numerics),
        buffers(buffers), sizes(sizes) {}

  /// Returns what the region yields for these arguments.
  llvm::SmallVector<mlir::Value> emit(mlir::Region &region,
                                      mlir::ValueRange arguments);
  /// The same where `read` gives another value.
  llvm::SmallVector<mlir::Value> emitWith(CaptureOp read, mlir::Value value,
                                          mlir::ValueRange arguments);
  /// What `read` gives, and the indices of the element.
  struct Element {
    mlir::Value value;
    llvm::SmallVector<mlir::Value> indices;
  };
  Element emitRead(CaptureOp read, mlir::ValueRange arguments);

private:
  mlir::Type held(mlir::Type type);
  mlir::Value rounded(mlir::Type type, mlir::Value value);
  void emitOp(mlir::Operation &op);
  void emitConstants(mlir::Operation &op);
  void emitCopy(mlir::Operation &op);
  mlir::Value emitCast(mlir::Operation &op);
  void start(mlir::Block &block, mlir::ValueRange arguments);
  mlir::Value clampedIndex(CaptureOp op, unsigned dim);
  mlir::Value readCapture(CaptureOp op);
  mlir::Value readElement(CaptureOp op, mlir::Value buffer,
                          mlir::ValueRange indices);

  SdpaBuffers buffers;
  const SdpaSizes &sizes;
  mlir::IRMapping mapping;
  CaptureOp replaced; // and by which value
  mlir::Value replacement;
};

/// Reports an operation of the regions that has no meaning in f64.
mlir::LogicalResult checkRegions(AttentionOp op);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_REGIONCODE_H
