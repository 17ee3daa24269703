//===- Formats.h - Floating point by its definition -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What tests expect of roundings, without a line of the simulator and without
// arithmetic on bits: the codes of a format are in the order of their values,
// so the neighbours of an exact value are found by search, and the mode says
// which of them it is.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_FORMATS_H
#define ATTNRT_TEST_SIM_FORMATS_H

#include <cmath>
#include <cstdint>
#include <functional>

namespace attnrt::sim {

enum class Rounding { NearestEven, NearestAway, Zero, Up, Down };

/// An exact magnitude that no variable holds: tells the sign of it minus v.
using Magnitude = std::function<int(double v)>;

/// Sign, exponent, fraction and, below them, bits that are zero.
struct Format {
  int exponentBits, fractionBits, zeroBits = 0;

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  uint32_t infinity() const {
    return ((1u << exponentBits) - 1) << fractionBits;
  }
  uint32_t signBit() const { return 1u << (exponentBits + fractionBits); }
  bool isNaN(uint32_t code) const {
    return (code >> zeroBits & (signBit() - 1)) > infinity();
  }

  /// Of a code below infinity, which counts as the next power of two.
  double magnitude(uint32_t code) const {
    int exponent = static_cast<int>(code >> fractionBits);
    uint32_t fraction = code & ((1u << fractionBits) - 1);
    if (exponent == 0)
      return std::ldexp(fraction, 1 - bias() - fractionBits);
    return std::ldexp(fraction + (1u << fractionBits),
                      exponent - bias() - fractionBits);
  }
  double value(uint32_t code) const {
    code >>= zeroBits;
    uint32_t size = code & (signBit() - 1);
    double absolute = size > infinity()    ? std::nan("")
                      : size == infinity() ? INFINITY
                                           : magnitude(size);
    return code & signBit() ? -absolute : absolute;
  }

  uint32_t round(bool isNegative, const Magnitude &exact, Rounding mode) const {
    uint32_t low = 0, high = infinity(); // the last one not above lies here
    while (high - low > 1) {
      uint32_t middle = (low + high) / 2;
      (exact(magnitude(middle)) >= 0 ? low : high) = middle;
    }
    if (low + 1 == infinity() && exact(magnitude(infinity())) >= 0)
      low = infinity() - 1; // far above: between the largest and infinity
    uint32_t sign = isNegative ? signBit() : 0;
    if (exact(magnitude(low)) == 0)
      return (sign | low) << zeroBits;
    int side = exact((magnitude(low) + magnitude(low + 1)) / 2);
    bool isUp = false;
    switch (mode) {
    case Rounding::NearestEven:
      isUp = side > 0 || (side == 0 && low & 1);
      break;
    case Rounding::NearestAway:
      isUp = side >= 0;
      break;
    case Rounding::Zero:
      break;
    case Rounding::Up:
      isUp = !isNegative;
      break;
    case Rounding::Down:
      isUp = isNegative;
      break;
    }
    return (sign | (low + isUp)) << zeroBits;
  }

  /// Of a finite or infinite value that a double holds.
  uint32_t round(double x, Rounding mode) const {
    bool isNegative = std::signbit(x);
    if (std::isinf(x))
      return ((isNegative ? signBit() : 0) | infinity()) << zeroBits;
    double size = std::abs(x);
    return round(
        isNegative, [=](double v) { return (size > v) - (size < v); }, mode);
  }
};

inline constexpr Format kHalf{5, 10}, kBrain{8, 7}, kSingle{8, 23},
    kTensor{8, 10, 13};

/// What the ISA makes of every NaN that arithmetic yields, by width.
inline uint64_t canonicalNaN(int bits) {
  return bits == 64 ? 0x7fffffffffffffff : (uint64_t(1) << (bits - 1)) - 1;
}

inline uint64_t bitsOfDouble(double x) {
  uint64_t bits;
  static_assert(sizeof(bits) == sizeof(x), "64 bits");
  __builtin_memcpy(&bits, &x, sizeof(x));
  return bits;
}
inline double doubleOf(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof(x));
  return x;
}

/// A double of another mode: `hi` is the nearest one, and the sign of what is
/// missing says where the others are.
inline double directed(double hi, double missing, Rounding mode) {
  if (missing == 0 || mode == Rounding::NearestEven)
    return hi;
  bool goesUp = mode == Rounding::Up || (mode == Rounding::Zero && hi < 0);
  if (missing > 0)
    return goesUp ? std::nextafter(hi, INFINITY) : hi;
  return goesUp ? hi : std::nextafter(hi, -INFINITY);
}

/// hi + lo exactly, with |lo| at most half a unit of hi: the sum of two
/// doubles.
struct Exact {
  double hi, lo;
  static Exact sum(double a, double b) {
    double hi = a + b, part = hi - a;
    return {hi, (a - (hi - part)) + (b - part)};
  }
  bool isNegative() const { return hi < 0; }
  bool isZero() const { return hi == 0; }
  Magnitude size() const {
    double h = std::abs(hi), l = hi < 0 ? -lo : lo;
    return [=](double v) {
      return h != v ? (h > v) - (h < v) : (l > 0) - (l < 0);
    };
  }
};

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_FORMATS_H
