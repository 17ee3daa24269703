//===- Formats.cpp - Floating-point types by their bits -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include <algorithm>
#include <cmath>

namespace attnrt::golden {

uint32_t Format::encode(bool negative, uint32_t exponent,
                        uint32_t mantissa) const {
  uint32_t magnitude = exponent << mantissaBits | mantissa;
  return uint32_t(negative) << (bits() - 1) | magnitude << ignoredBits();
}

uint32_t Format::encode(double value) const {
  double size = std::fabs(value);
  int exponent =
      size == 0 ? leastExponent() : std::max(std::ilogb(size), leastExponent());
  // With the leading one, where there is one.
  auto whole = static_cast<uint32_t>(
      std::ldexp(size, static_cast<int>(mantissaBits) - exponent));
  uint32_t field = whole >> mantissaBits ? exponent + bias() : 0;
  return encode(std::signbit(value), field, whole & ((1u << mantissaBits) - 1));
}

const char *nameOf(Kind kind) {
  static const char *const names[] = {
      "normal", "wide", "any", "cancelling", "subnormal", "cut", "special"};
  return names[static_cast<unsigned>(kind)];
}

namespace {

bool flip(Random &random) { return random.next() & 1; }

uint32_t drawMantissa(Random &random, const Format &format) {
  return static_cast<uint32_t>(
      random.below(uint64_t(1) << format.mantissaBits));
}

/// Of an exponent from `least` to `most`, as far as the type has it.
uint32_t drawSized(Random &random, const Format &format, int least, int most) {
  least = std::max(least, format.leastExponent());
  most = std::min(most, format.mostExponent());
  int exponent = least + static_cast<int>(random.below(most - least + 1));
  uint32_t mantissa = drawMantissa(random, format);
  // The largest bits of a type without infinities are NaN.
  if (!format.hasInfinity && exponent == format.mostExponent())
    mantissa = std::min(mantissa, (1u << format.mantissaBits) - 2);
  return format.encode(flip(random), exponent + format.bias(), mantissa);
}

/// The sum of four uniform numbers: exact on every host, and near enough to a
/// normal distribution.
double drawBell(Random &random) {
  double sum = -2;
  for (int i = 0; i < 4; ++i)
    sum += random.uniform();
  return sum * 1.75;
}

uint32_t drawSubnormal(Random &random, const Format &format) {
  return format.encode(flip(random), 0, drawMantissa(random, format));
}

uint32_t drawSpecial(Random &random, const Format &format) {
  uint32_t top = (1u << format.exponentBits) - 1;
  uint32_t full = (1u << format.mantissaBits) - 1;
  bool negative = flip(random);
  switch (random.below(5)) {
  case 0:
    return format.encode(negative, 0, 0);
  case 1: // infinity, or the largest number
    return format.hasInfinity ? format.encode(negative, top, 0)
                              : format.encode(negative, top, full - 1);
  case 2:
    return format.encode(negative, top, full); // NaN
  case 3:
    return format.hasInfinity ? format.encode(negative, top - 1, full)
                              : format.encode(negative, top, full - 1);
  default:
    return drawSubnormal(random, format);
  }
}

/// Low bits of a register that an operation must ignore.
uint32_t withRest(Random &random, const Format &format, uint32_t bits) {
  return bits | static_cast<uint32_t>(
                    random.below(uint64_t(1) << format.ignoredBits()));
}

/// Products of two numbers of this exponent end where 25 (13) bits do.
int cutExponent(const Format &format) { return format.bits() == 8 ? -6 : -12; }

/// Sums of products of numbers within 2^±n fit f32.
constexpr int kWidest = 30;

uint32_t drawFactor(Random &random, const Format &format, Kind kind) {
  switch (kind) {
  case Kind::Normal:
  case Kind::Subnormal:
    return format.encode(drawBell(random));
  case Kind::Wide:
    return drawSized(random, format, -kWidest, kWidest);
  case Kind::Any:
    return drawSized(random, format, format.leastExponent(),
                     format.mostExponent());
  case Kind::Cancelling:
    return format.encode(flip(random), format.bias(),
                         static_cast<uint32_t>(random.below(2)));
  case Kind::Cut:
    return drawSized(random, format, cutExponent(format) - 1,
                     cutExponent(format) + 1);
  case Kind::Special:
    return random.below(48) ? format.encode(drawBell(random))
                            : drawSpecial(random, format);
  }
  return 0;
}

} // namespace

uint32_t drawA(Random &random, const Format &format, Kind kind) {
  uint32_t bits = kind == Kind::Subnormal ? drawSubnormal(random, format)
                                          : drawFactor(random, format, kind);
  return withRest(random, format, bits);
}

uint32_t drawB(Random &random, const Format &format, Kind kind) {
  return withRest(random, format, drawFactor(random, format, kind));
}

uint32_t drawC(Random &random, const Format &result, const Format &factors,
               Kind kind) {
  switch (kind) {
  case Kind::Cut:
    return result.encode(flip(random), result.bias(),
                         drawMantissa(random, result));
  case Kind::Wide:
    return drawSized(random, result, -2 * kWidest, 2 * kWidest);
  case Kind::Cancelling: // an integer near what may be left, or far below
    return result.encode((static_cast<double>(random.below(9)) - 4) *
                         (flip(random) ? 1 : 0x1p-24));
  case Kind::Subnormal:
    return result.encode(std::ldexp(drawBell(random), factors.leastExponent()));
  default:
    return drawFactor(random, result, kind);
  }
}

const Words &singleCorners() {
  static const Words the = {
      0x00000000, 0x00000001, 0x00400000, 0x007fffff, 0x00800000, 0x00800001,
      0x33800000, 0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001,
      0x3fc00000, 0x40000000, 0x40490fdb, 0x42fc0000, 0x43000000, 0x43160000,
      0x477fe000, 0x477ff000, 0x4b000000, 0x4f000000, 0x7effffff, 0x7f000000,
      0x7f7f8000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff};
  return the;
}

Words singlesOfAllSizes(Random &random, unsigned count) {
  Words out;
  for (uint32_t negative : {0, 1})
    for (uint32_t exponent = 0; exponent < 256; ++exponent)
      for (unsigned i = 0; i < count; ++i)
        out.push_back(
            kF32.encode(negative, exponent, drawMantissa(random, kF32)));
  for (uint32_t corner : singleCorners())
    for (uint32_t sign : {0u, 0x80000000u})
      out.push_back(corner | sign);
  return out;
}

uint32_t drawSingle(Random &random, double least, double most) {
  return kF32.encode(least + (most - least) * random.uniform());
}

} // namespace attnrt::golden
