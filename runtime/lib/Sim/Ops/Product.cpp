//===- Product.cpp - Products as tensor cores compute them ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In f64 all of it is exact: products have 48 bits at most, what is left of
// each after the cut 27 before the point, and 33 of them are summed.
//
//===----------------------------------------------------------------------===//

#include "Ops/Product.h"
#include "Decode/Chips.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// The exponent of subnormal numbers.
constexpr int leastExponent(Widened type) {
  switch (type) {
  case Widened::Half:
  case Widened::E5m2:
    return -14;
  case Widened::E4m3:
    return -6;
  default:
    return -126;
  }
}

/// Zeros take no part in the choice of the largest exponent.
constexpr int kOfZero = -400;

int exponentOf(float value, Widened type) {
  uint32_t bits = bitCast<uint32_t>(value);
  if (!(bits << 1))
    return kOfZero;
  return std::max(static_cast<int>(bits >> 23 & 0xff) - 127,
                  leastExponent(type));
}

/// Exact for all exponents of normal doubles.
double powerOfTwo(int exponent) {
  return bitCast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

/// `bits` behind the point of a normal number; `least` is the exponent of
/// subnormals.
double unitOf(double value, unsigned bits, int least) {
  int exponent =
      static_cast<int>(bitCast<uint64_t>(value) >> 52 & 0x7ff) - 1023;
  return powerOfTwo(std::max(exponent, least) - static_cast<int>(bits));
}

float rounded(double sum, const TensorCore &core) {
  if (sum == 0)
    return 0;
  if (std::isnan(sum))
    return bitCast<float>(0x7fffffffu);
  if (std::isinf(sum))
    return static_cast<float>(sum);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (core.c == Widened::Half) {
    double unit = unitOf(sum, 10, -14);
    double out = std::nearbyint(sum / unit) * unit;
    return std::fabs(out) < 65536 ? static_cast<float>(out)
                                  : std::copysign(kInfinity, float(sum));
  }
  double unit = unitOf(sum, core.resultBits, -126);
  double out = std::trunc(sum / unit) * unit;
  return std::fabs(out) < powerOfTwo(128)
             ? static_cast<float>(out)
             : std::copysign(kInfinity, static_cast<float>(sum));
}

/// One row and one step, for all columns at once.
class Fused {
public:
  Fused(const Product &product, const TensorCore &core, unsigned first,
        unsigned depth)
      : p(product), core(core), first(first), depth(depth) {
    for (unsigned k = 0; k < depth; ++k)
      for (unsigned n = 0; n < p.columns; ++n)
        bExponents[k][n] = exponentOf(bAt(k)[n], core.b);
  }

  void row(unsigned r) {
    float *c = p.c + r * p.cByRow;
    const float *a = p.a + r * p.aByRow + first * p.aByDepth;
    align(a, c);
    for (unsigned n = 0; n < p.columns; ++n)
      sum[n] = std::trunc(c[n] * scale[n]);
    for (unsigned k = 0; k < depth; ++k) {
      double factor = a[k * p.aByDepth];
      const float *b = bAt(k);
      for (unsigned n = 0; n < p.columns; ++n)
        sum[n] += std::trunc(factor * b[n] * scale[n]);
    }
    for (unsigned n = 0; n < p.columns; ++n)
      c[n] = rounded(sum[n] / scale[n], core);
  }

private:
  const float *bAt(unsigned k) const { return p.b + (first + k) * p.bByDepth; }

  /// Finds what moves the last bit kept to the binary point.
  void align(const float *a, const float *c) {
    for (unsigned n = 0; n < p.columns; ++n)
      most[n] = exponentOf(c[n], core.c);
    for (unsigned k = 0; k < depth; ++k) {
      int of = exponentOf(a[k * p.aByDepth], core.a);
      for (unsigned n = 0; n < p.columns; ++n)
        most[n] = std::max(most[n], of + bExponents[k][n]);
    }
    for (unsigned n = 0; n < p.columns; ++n)
      scale[n] = powerOfTwo(static_cast<int>(core.bitsKept) - most[n]);
  }

  const Product &p;
  const TensorCore &core;
  unsigned first, depth;
  int bExponents[Product::kMaxDepth][Product::kMaxColumns];
  int most[Product::kMaxColumns];
  double scale[Product::kMaxColumns], sum[Product::kMaxColumns];
};

} // namespace

void multiplyExact(const Product &product, const TensorCore &core) {
  unsigned depth = product.depth / core.steps;
  for (unsigned first = 0; first < product.depth; first += depth) {
    Fused fused(product, core, first, depth);
    for (unsigned r = 0; r < product.rows; ++r)
      fused.row(r);
  }
}

TensorCore coreOfMma(std::string_view target, Widened type, Widened result,
                     unsigned depth) {
  bool isOlder = targetNumber(target) < 90;
  unsigned whole = type == Widened::Tf32 ? 8 : 16;
  return {type,   type,
          result, isOlder ? 24u : 25u,
          23,     isOlder && depth == whole ? 2u : 1u};
}

TensorCore coreOfWgmma(Widened a, Widened b, Widened result) {
  bool isEight = a == Widened::E4m3 || a == Widened::E5m2;
  return {a, b, result, isEight ? 13u : 25u, isEight ? 13u : 23u, 1};
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
