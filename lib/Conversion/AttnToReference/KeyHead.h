//===- KeyHead.h - A key head and the queries that share it -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_KEYHEAD_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_KEYHEAD_H

#include "DropoutCode.h"
#include "NaiveGradients.h"
#include "RegionCode.h"

namespace attn {

/// What gradients are computed from, for one key head at a time: the rows of
/// all of its queries, keys and values, and what each query has of its own.
class KeyHead : protected HostLoops {
protected:
  KeyHead(mlir::OpBuilder &builder, const SdpaGradBuffers &buffers,
          Numerics numerics)
      : HostLoops(builder, AttentionOp(buffers.op).getLoc(),
                  AttentionOp(buffers.op).getElementType(), numerics),
        op(buffers.op), buffers(buffers), sizes(builder, this->buffers),
        regions(builder, this->buffers, sizes, numerics),
        exactRegions(builder, this->buffers, sizes, Numerics::Reference),
        dropout(builder, op, numerics), dimQK(op.getHeadDimQK()),
        dimV(op.getHeadDimV()) {}

  /// A row of query or key: its head and its index in it.
  struct Row {
    mlir::Value batch, head, index;
  };

  // Memory.
  mlir::Value allocate(mlir::Value rows, int64_t columns);
  mlir::Value allocate(mlir::Value rows) {
    return make<mlir::memref::AllocOp>(
        mlir::MemRefType::get({mlir::ShapedType::kDynamic}, real), rows);
  }
  mlir::Value load(mlir::Value memref, mlir::ValueRange at) {
    return make<mlir::memref::LoadOp>(memref, at);
  }
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange at) {
    mlir::memref::StoreOp::create(builder, loc, value, memref, at);
  }
  void addTo(mlir::Value memref, mlir::Value at, mlir::Value left,
             mlir::Value right);
  /// The same, of operands as products round them.
  void addProduct(mlir::Value memref, mlir::Value at, mlir::Value left,
                  mlir::Value right);
  void clear(mlir::Value memref, int64_t count);
  llvm::SmallVector<mlir::Value> position(Row row, mlir::Value feature);

  // A key head and the queries that share it.
  void allocateHead();
  void freeHead();
  void enterHead(mlir::Value batch, mlir::Value keyHead);
  void loadRows(const RowChain &operand, std::optional<ChainRows> &rows,
                mlir::Value batch, mlir::Value head, mlir::Value count,
                mlir::Value first, int64_t features, mlir::Value to);
  mlir::Value queryNumber(mlir::Value group, mlir::Value index) {
    return make<mlir::arith::AddIOp>(
        make<mlir::arith::MulIOp>(group, sizes.queryLength), index);
  }

  // A pair.
  mlir::Value
  dot(int64_t count,
      llvm::function_ref<std::pair<mlir::Value, mlir::Value>(mlir::Value)>
          pair);
  mlir::Value buildProduct(mlir::Value number, mlir::Value j);
  mlir::Value buildScore(const Row &row, mlir::Value number, mlir::Value j);
  mlir::Value buildSlope(const Row &row, mlir::Value number, mlir::Value j,
                         mlir::Value weight);
  mlir::Value
  buildSlope(mlir::Value at, mlir::Value weight,
             llvm::function_ref<mlir::Value(mlir::Value moved)> score);
  mlir::Value buildKeep(const Row &row, mlir::Value j);
  mlir::Value buildLeft(const Row &row, mlir::Value j, mlir::Value weight);
  mlir::Value gradAt(const Row &row, mlir::Value d) {
    return loadElement(buffers.outputGrad, position(row, d));
  }
  /// Gives the weight and its gradient to `body`, not rounded, where the row
  /// keeps the key and some key weighs something.
  void forWeighed(
      const Row &row, mlir::Value number, mlir::Value j,
      llvm::function_ref<void(mlir::Value weight, mlir::Value ofWeight)> body);
  void forKept(
      const Row &row, mlir::Value number, mlir::Value j,
      llvm::function_ref<void(mlir::Value weight, mlir::Value gradient)> body);

  // What each query needs.
  void buildForward(const Row &row, mlir::Value number);
  void buildSums(const Row &row, mlir::Value number, mlir::Value max);
  void buildDelta(const Row &row, mlir::Value number,
                  llvm::function_ref<mlir::Value(mlir::Value)> output);
  void buildQuery(const Row &row, mlir::Value number);
  void buildAllQueries(mlir::Value batch, mlir::Value keyHead);

  AttentionOp op;
  SdpaGradBuffers buffers;
  SdpaSizes sizes;
  RegionCode regions, exactRegions;
  DropoutCode dropout;
  int64_t dimQK, dimV;
  mlir::Value group; // query heads of a key head
  // What makes rows of an operand, where it is not an argument.
  std::optional<ChainRows> queryRows, keyRows, valueRows;
  mlir::Value query, key, value; // rows of the head in hand
  // Of its queries; sizes are how large D is before its terms cancel.
  mlir::Value lses, deltas, deltaSizes;
  mlir::Value lastHead,
      knowsAll;             // its number, and whether all queries are known
  mlir::Value output, sums; // of one row
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_KEYHEAD_H
