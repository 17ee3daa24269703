//===- Numbers.h - Floating-point helpers -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_NUMBERS_H
#define ATTNRT_SIM_OPS_NUMBERS_H

#include "Ops/Lanes.h"

#include <cmath>

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Subnormals to zero of the same sign.
inline float flush(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  return bitCast<float>((bits & 0x7f800000u) ? bits : bits & 0x80000000u);
}
inline double flush(double x) { return x; }

/// Every NaN result is the canonical one. By integers: to a compiler, the NaN
/// of a square root is as good as another.
inline float canonical(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  return bitCast<float>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffffffu
                                                           : bits);
}
inline double canonical(double x) {
  uint64_t bits = bitCast<uint64_t>(x), sign = uint64_t(1) << 63;
  return bitCast<double>((bits & ~sign) > 0x7ff0000000000000u ? ~sign : bits);
}

/// To [0, 1]; NaN becomes 0.
inline float saturate(float x) {
  x = x > 0.0f ? x : 0.0f;
  return x < 1.0f ? x : 1.0f;
}

inline float halfToFloat(uint16_t half) {
  // The exponent moves by a multiplication, which also makes subnormals right.
  uint32_t magnitude = uint32_t(half & 0x7fff) << 13;
  float scaled = bitCast<float>(magnitude) * bitCast<float>(0x77800000u);
  uint32_t bits = bitCast<uint32_t>(scaled);
  bits |= magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
  return bitCast<float>(bits | uint32_t(half & 0x8000) << 16);
}

inline float bhalfToFloat(uint16_t half) {
  return bitCast<float>(uint32_t(half) << 16);
}

inline uint16_t floatToBhalf(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  return static_cast<uint16_t>(x != x ? 0x7fffu : rounded);
}

inline uint16_t floatToBhalfZero(float x) {
  return static_cast<uint16_t>(x != x ? 0x7fffu : bitCast<uint32_t>(x) >> 16);
}

inline uint16_t floatToHalf(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  // Subnormal: let the adder round at the right place.
  float shifted = bitCast<float>(magnitude) + 0.5f;
  uint32_t tiny = bitCast<uint32_t>(shifted) - 0x3f000000u;
  uint32_t odd = magnitude >> 13 & 1;
  uint32_t normal = (magnitude - 0x38000000u + 0xfffu + odd) >> 13;
  uint32_t out = magnitude < 0x38800000u ? tiny : normal;
  out = magnitude >= 0x477ff000u ? 0x7c00u : out;
  out = magnitude > 0x7f800000u ? 0x7fffu : out;
  return static_cast<uint16_t>(magnitude > 0x7f800000u ? 0x7fffu : out | sign);
}

inline uint16_t floatToHalfZero(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return 0x7fff;
  if (magnitude == 0x7f800000u)
    return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude >= 0x47800000u)
    return static_cast<uint16_t>(sign | 0x7bffu);
  if (magnitude < 0x38800000u)
    return static_cast<uint16_t>(
        sign | uint32_t(bitCast<float>(magnitude) * 16777216.0f));
  return static_cast<uint16_t>(sign | (magnitude - 0x38000000u) >> 13);
}

/// The two 16-bit formats behind one name.
struct Half {
  static constexpr float kLeastNormal = 0x1p-14f;
  static float widen(uint16_t bits) { return halfToFloat(bits); }
  static uint16_t narrow(float x) { return floatToHalf(x); }
  static uint16_t narrowZero(float x) { return floatToHalfZero(x); }
};
struct Bhalf {
  static constexpr float kLeastNormal = 0x1p-126f;
  static float widen(uint16_t bits) { return bhalfToFloat(bits); }
  static uint16_t narrow(float x) { return floatToBhalf(x); }
  static uint16_t narrowZero(float x) { return floatToBhalfZero(x); }
};

template <typename H>
float flushHalf(float x) {
  return std::fabs(x) < H::kLeastNormal ? x * 0 : x;
}

float exp2Approx(float x);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_NUMBERS_H
