//===- Formats.h - Floating-point types by their bits -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_FORMATS_H
#define ATTNRT_TEST_GOLDEN_FORMATS_H

#include "Probe.h"

namespace attnrt::golden {

struct Format {
  const char *name; // as PTX has it
  unsigned exponentBits, mantissaBits;
  bool hasInfinity = true;
  unsigned storedBits = 0;       // of a register; 0 for all it has
  unsigned ignoredBits() const { // below the mantissa
    return storedBits ? storedBits - 1 - exponentBits - mantissaBits : 0;
  }
  unsigned bits() const {
    return storedBits ? storedBits : 1 + exponentBits + mantissaBits;
  }
  unsigned perWord() const { return 32 / bits(); }
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int leastExponent() const { return 1 - bias(); }
  int mostExponent() const {
    return (1 << exponentBits) - (hasInfinity ? 2 : 1) - bias();
  }

  /// Of the fields.
  uint32_t encode(bool negative, uint32_t exponent, uint32_t mantissa) const;
  /// A value, cut off.
  uint32_t encode(double value) const;
};

inline constexpr Format kF32{"f32", 8, 23}, kF16{"f16", 5, 10},
    kBF16{"bf16", 8, 7}, kTF32{"tf32", 8, 10, true, 32},
    kE4M3{"e4m3", 4, 3, false}, kE5M2{"e5m2", 5, 2};

/// What the numbers of a product are like.
enum class Kind : uint8_t {
  Normal,     // around one
  Wide,       // of all sizes whose products a sum can hold
  Any,        // any bits but infinities and NaN; sums may overflow
  Cancelling, // products of one size and either sign
  Subnormal,  // the least factors
  Cut,        // products whose last bits lie behind what a sum keeps
  Special,    // some zeros, infinities and NaN
};
inline constexpr Kind kKinds[] = {Kind::Normal,     Kind::Wide,      Kind::Any,
                                  Kind::Cancelling, Kind::Subnormal, Kind::Cut,
                                  Kind::Special};
const char *nameOf(Kind kind);

/// One factor; those of A and those of B are drawn differently.
uint32_t drawA(Random &random, const Format &format, Kind kind);
uint32_t drawB(Random &random, const Format &format, Kind kind);
/// What products of `factors` are added to.
uint32_t drawC(Random &random, const Format &result, const Format &factors,
               Kind kind);

/// A word full of elements.
template <typename Draw>
uint32_t packed(const Format &format, Draw draw) {
  uint32_t word = 0;
  for (unsigned i = 0; i < format.perWord(); ++i)
    word |= draw() << (i * format.bits());
  return word;
}

/// Words of f32: zeros, ones, ends of the ranges, infinities, NaN.
const Words &singleCorners();
/// Every exponent with `count` mantissas, either sign; and the corners.
Words singlesOfAllSizes(Random &random, unsigned count);
/// Uniform between two values.
uint32_t drawSingle(Random &random, double least, double most);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_FORMATS_H
