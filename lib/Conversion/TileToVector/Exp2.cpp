//===- Exp2.cpp - Powers of two of vectors --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = n + f with n an integer and |f| <= 1/2: a polynomial gives 2^f, within
// 0.94 ulp after rounding, and 2^n scales it.
//
//===----------------------------------------------------------------------===//
#include "Exp2.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Minimises the largest relative error on [-1/2, 1/2], which is 2^-29.
static constexpr float kCoefficients[] = {
    1.0f,           0x1.62e430p-1f,  0x1.ebfbdap-3f, 0x1.c6aed4p-5f,
    0x1.3b2dbcp-7f, 0x1.5f456ap-10f, 0x1.41d32ep-13f};
/// 2^x is 0 below, and infinite above.
static constexpr float kLowest = -151, kHighest = 129;

namespace {

class Exp2Builder {
public:
  Exp2Builder(Frame &frame, Type type) : frame(frame), b(frame.b), type(type) {}
  Value emit(Value x);

private:
  Value constant(float value) {
    return arith::ConstantOp::create(b, attributeOf(type, value));
  }
  Value integer(int32_t value) {
    Type integers = integerType();
    TypedAttr attr = b.getI32IntegerAttr(value);
    if (auto vector = dyn_cast<VectorType>(integers))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return arith::ConstantOp::create(b, attr);
  }
  TypedAttr attributeOf(Type of, float value) {
    TypedAttr attr = b.getF32FloatAttr(value);
    if (auto vector = dyn_cast<VectorType>(of))
      return DenseElementsAttr::get(vector, Attribute(attr));
    return attr;
  }
  Type integerType() {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(b.getI32Type());
    return b.getI32Type();
  }
  Value clamp(Value x);
  Value polynomial(Value fraction);
  Value powerOf2(Value exponent);
  Value scale(Value value, Value whole);

  Frame &frame;
  ImplicitLocOpBuilder &b;
  Type type;
};

} // namespace

/// A NaN stays one: neither comparison holds for it.
Value Exp2Builder::clamp(Value x) {
  Value lowest = constant(kLowest), highest = constant(kHighest);
  Value isLow = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, lowest, x);
  x = arith::SelectOp::create(b, isLow, lowest, x);
  Value isHigh =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, highest, x);
  return arith::SelectOp::create(b, isHigh, highest, x);
}

Value Exp2Builder::polynomial(Value fraction) {
  Value value = constant(kCoefficients[std::size(kCoefficients) - 1]);
  for (float coefficient : llvm::reverse(llvm::drop_end(kCoefficients)))
    value = math::FmaOp::create(b, value, fraction, constant(coefficient));
  return value;
}

/// Of an exponent that normal numbers have.
Value Exp2Builder::powerOf2(Value exponent) {
  constexpr int32_t kBias = 127, kFractionBits = 23;
  Value biased = arith::AddIOp::create(b, exponent, integer(kBias));
  Value bits = arith::ShLIOp::create(b, biased, integer(kFractionBits));
  return arith::BitcastOp::create(b, type, bits);
}

/// value * 2^whole. In two steps, so that neither power leaves the range of
/// normal numbers, where no instruction does it.
Value Exp2Builder::scale(Value value, Value whole) {
  auto vector = dyn_cast<VectorType>(type);
  constexpr int64_t kScaleBits = 512;
  if (vector && frame.processor.vectorBits == kScaleBits &&
      vector == frame.vectorOf(b.getF32Type())) {
    Value all = arith::ConstantOp::create(b, b.getI16IntegerAttr(-1));
    constexpr int32_t kCurrentRounding = 4;
    Value rounding =
        arith::ConstantOp::create(b, b.getI32IntegerAttr(kCurrentRounding));
    // `x86vector.avx512.mask.scalef` hands its operands on in another order
    // than it names them.
    return LLVM::CallIntrinsicOp::create(
               b, type, b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
               ValueRange{value, whole, value, all, rounding})
        .getResults();
  }
  Value exponent = arith::FPToSIOp::create(b, integerType(), whole);
  Value half = arith::ShRSIOp::create(b, exponent, integer(1));
  Value rest = arith::SubIOp::create(b, exponent, half);
  value = arith::MulFOp::create(b, value, powerOf2(half));
  return arith::MulFOp::create(b, value, powerOf2(rest));
}

Value Exp2Builder::emit(Value x) {
  x = clamp(x);
  Value whole = math::RoundEvenOp::create(b, x);
  Value fraction = arith::SubFOp::create(b, x, whole);
  return scale(polynomial(fraction), whole);
}

Value attn::tile::emitExp2(Frame &frame, Value x) {
  return Exp2Builder(frame, x.getType()).emit(x);
}
