//===- IndexMath.h - Index arithmetic of regions ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_INDEXMATH_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_INDEXMATH_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace attn {

/// Builds index arithmetic without the operations that change nothing.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(builder, loc, value);
  }
  mlir::Value add(mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::AddIOp::create(builder, loc, lhs, rhs);
  }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::SubIOp::create(builder, loc, lhs, rhs);
  }
  mlir::Value scale(mlir::Value value, int64_t by) {
    return by == 1
               ? value
               : mlir::arith::MulIOp::create(builder, loc, value, constant(by));
  }
  mlir::Value addConstant(mlir::Value value, int64_t by) {
    return by == 0 ? value : add(value, constant(by));
  }
  mlir::Value min(mlir::Value lhs, mlir::Value rhs) {
    return lhs == rhs ? lhs
                      : mlir::arith::MinSIOp::create(builder, loc, lhs, rhs);
  }
  mlir::Value max(mlir::Value lhs, mlir::Value rhs) {
    return lhs == rhs ? lhs
                      : mlir::arith::MaxSIOp::create(builder, loc, lhs, rhs);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs) {
    return mlir::arith::CmpIOp::create(builder, loc, predicate, lhs, rhs);
  }
  mlir::Value both(mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::AndIOp::create(builder, loc, lhs, rhs);
  }
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no) {
    return mlir::arith::SelectOp::create(builder, loc, condition, yes, no);
  }
  mlir::Value floorDiv(mlir::Value value, int64_t by) {
    return by == 1 ? value
                   : mlir::arith::FloorDivSIOp::create(builder, loc, value,
                                                       constant(by));
  }
  mlir::Value ceilDiv(mlir::Value value, int64_t by) {
    return by == 1 ? value
                   : mlir::arith::CeilDivSIOp::create(builder, loc, value,
                                                      constant(by));
  }
  mlir::Value either(mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::OrIOp::create(builder, loc, lhs, rhs);
  }
  /// Any operation on two values of type `index`.
  mlir::Value create(mlir::StringAttr name, mlir::Value lhs, mlir::Value rhs) {
    return builder.create(loc, name, {lhs, rhs}, builder.getIndexType())
        ->getResult(0);
  }
  template <typename OpT>
  mlir::Value create(mlir::Value lhs, mlir::Value rhs) {
    return OpT::create(builder, loc, lhs, rhs);
  }
  mlir::Value zero() { return zeroValue ? zeroValue : zeroValue = constant(0); }
  mlir::Value queryLength() {
    if (!queryLengthValue)
      queryLengthValue =
          QueryLengthOp::create(builder, loc, builder.getIndexType());
    return queryLengthValue;
  }
  mlir::Value keyLength() {
    if (!keyLengthValue)
      keyLengthValue =
          KeyLengthOp::create(builder, loc, builder.getIndexType());
    return keyLengthValue;
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  // Made once per block, at their first use.
  mlir::Value zeroValue, queryLengthValue, keyLengthValue;
};

/// Gives `region` a block of these arguments, and stays at its end.
mlir::Block *addRegionBlock(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Region &region, mlir::TypeRange types);

/// Makes the tensor of a clause one of the op's `captures`, and reads it.
CaptureOp captureOfClause(mlir::OpBuilder &builder, AttentionOp op,
                          mlir::StringRef clause, mlir::Value tensor,
                          mlir::ValueRange indices);

/// The position p of a query index, as the `causal` clause aligns it.
mlir::Value emitPosition(IndexMath &math, AttentionOp op, mlir::Value query);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_INDEXMATH_H
