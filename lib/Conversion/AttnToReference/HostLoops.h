//===- HostLoops.h - Loops and numbers of the judges ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_HOSTLOOPS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_HOSTLOOPS_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace attn {

enum class Numerics {
  Reference, ///< f64 throughout.
  Baseline,  ///< f32, with the op's own roundings to its element type.
};

/// The common base of the builders of the judges' loops.
class HostLoops {
protected:
  HostLoops(mlir::OpBuilder &builder, mlir::Location loc,
            mlir::FloatType elementType, Numerics numerics)
      : builder(builder), loc(loc), elementType(elementType),
        numerics(numerics), real(numerics == Numerics::Reference
                                     ? mlir::FloatType(builder.getF64Type())
                                     : mlir::FloatType(builder.getF32Type())) {}

  mlir::Value index(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(builder, loc, value);
  }
  mlir::Value number(double value) { return number(value, real); }
  mlir::Value number(double value, mlir::FloatType type) {
    return mlir::arith::ConstantOp::create(builder, loc,
                                           builder.getFloatAttr(type, value));
  }
  mlir::Value word(int64_t value) {
    return mlir::arith::ConstantOp::create(builder, loc,
                                           builder.getI32IntegerAttr(value));
  }
  mlir::Value boolean(bool value) {
    return mlir::arith::ConstantOp::create(builder, loc,
                                           builder.getBoolAttr(value));
  }
  template <typename OpT, typename... Args>
  mlir::Value make(Args &&...args) {
    return OpT::create(builder, loc, std::forward<Args>(args)...);
  }
  mlir::Value scratch(int64_t count) {
    return make<mlir::memref::AllocaOp>(mlir::MemRefType::get({count}, real));
  }

  void forEach(mlir::Value end, llvm::function_ref<void(mlir::Value)> body) {
    forEach(index(0), end, body);
  }
  void forEach(mlir::Value begin, mlir::Value end,
               llvm::function_ref<void(mlir::Value)> body);
  /// Builds a loop that carries values from one iteration to the next.
  mlir::ResultRange
  fold(mlir::Value end, mlir::ValueRange initial,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                         mlir::ValueRange)>
           body);
  /// `then` where the condition holds, `otherwise` elsewhere. A null condition
  /// always holds.
  llvm::SmallVector<mlir::Value>
  choose(mlir::Value condition,
         llvm::function_ref<llvm::SmallVector<mlir::Value>()> then,
         mlir::ValueRange otherwise);

  /// An element of an operand, widened to `real`.
  mlir::Value loadElement(mlir::Value buffer, mlir::ValueRange indices);
  /// Rounds to the op's element type and back, in the baseline.
  mlir::Value roundToElement(mlir::Value value) {
    return roundTo(elementType, value);
  }
  /// Rounds an f32 to f16, bf16 or f32 and back, in the baseline.
  mlir::Value roundTo(mlir::FloatType type, mlir::Value value);
  /// What products multiply of an f32 under `precision(tf32)`, in the baseline:
  /// the nearest number of 11 bits, ties away from zero.
  mlir::Value roundToOperand(AttentionOp op, mlir::Value value);
  /// Rounds an f32 to nearest even, without the last `count` bits of it.
  mlir::Value cutBits(mlir::Value value, int count);
  mlir::Value toDouble(mlir::Value value) {
    return real.isF64()
               ? value
               : make<mlir::arith::ExtFOp>(builder.getF64Type(), value);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::FloatType elementType;
  Numerics numerics;
  mlir::FloatType real;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_HOSTLOOPS_H
