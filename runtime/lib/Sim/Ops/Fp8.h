//===- Fp8.h - Floating point of eight bits ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_FP8_H
#define ATTNRT_SIM_OPS_FP8_H

#include "Ops/Numbers.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Sign, four exponent bits, three of fraction; no infinity, one NaN.
struct E4m3 {
  static constexpr int kFraction = 3, kLeastExponent = -6;
  static constexpr float kLargest = 448;
  static float widen(uint8_t bits) {
    int exponent = bits >> 3 & 15, fraction = bits & 7;
    float value = exponent == 15 && fraction == 7 ? NAN
                  : exponent ? std::ldexp(8.0f + fraction, exponent - 10)
                             : std::ldexp(float(fraction), -9);
    return bits & 0x80 ? -value : value;
  }
};

/// The upper half of an f16.
struct E5m2 {
  static constexpr int kFraction = 2, kLeastExponent = -14;
  static constexpr float kLargest = 57344;
  static float widen(uint8_t bits) { return halfToFloat(uint16_t(bits << 8)); }
};

/// To nearest even; what is too large becomes the largest finite value.
template <typename F>
uint8_t narrow(float x, bool relu) {
  if (x != x)
    return 0x7f;
  if (relu && x < 0)
    return 0;
  float size = std::fabs(x);
  size = size < F::kLargest ? size : F::kLargest;
  int exponent = size > 0 ? std::ilogb(size) : F::kLeastExponent;
  exponent = exponent < F::kLeastExponent ? F::kLeastExponent : exponent;
  // In units of the last place, which may carry into the exponent.
  int units = static_cast<int>(
      std::nearbyint(std::ldexp(double(size), F::kFraction - exponent)));
  int code = units + ((exponent - F::kLeastExponent) << F::kFraction);
  bool negative = std::signbit(x) && !(relu && x == 0);
  return static_cast<uint8_t>(code | (negative ? 0x80 : 0));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_FP8_H
