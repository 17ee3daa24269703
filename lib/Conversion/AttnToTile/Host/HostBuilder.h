//===- HostBuilder.h - Writes host code around launches ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HOSTBUILDER_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HOSTBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn {

/// Writes arithmetic on shapes. What types know is folded as it is written, so
/// that later decisions can ask for constants.
class HostBuilder : public mlir::ImplicitLocOpBuilder {
public:
  explicit HostBuilder(mlir::Operation *before)
      : ImplicitLocOpBuilder(before->getLoc(), before) {}

  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(*this, value);
  }
  mlir::Value dim(mlir::Value tensor, int64_t dimension) {
    return createOrFold<mlir::tensor::DimOp>(tensor, dimension);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MulIOp>(a, b);
  }
  mlir::Value div(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::DivUIOp>(a, b);
  }
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::CeilDivUIOp>(a, b);
  }
  mlir::Value min(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MinUIOp>(a, b);
  }
  mlir::Value max(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MaxUIOp>(a, b);
  }
  /// 1 in place of 0: a divisor that shapes may make 0.
  mlir::Value atLeastOne(mlir::Value value) { return max(value, constant(1)); }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b) {
    return createOrFold<mlir::arith::CmpIOp>(predicate, a, b);
  }
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_HOSTBUILDER_H
