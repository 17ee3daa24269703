//===- Float16.cpp - 16-bit floating point --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Float16.h"

#include "Support/Parallel.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

using namespace attnrt;

template <typename To, typename From>
static To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

namespace {
/// A binary format: stored mantissa bits and the smallest normal exponent.
struct Format {
  int mantissaBits;
  int minExponent;
  int maxExponent;
};
} // namespace

static constexpr Format kHalf{10, -14, 15};
static constexpr Format kBfloat{7, -126, 127};
/// As PTX has it. Its negative is what memory that nobody wrote is filled with,
/// so a NaN loses its sign.
static constexpr uint16_t kQuietNaN = 0x7fff;

static Format formatOf(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return kHalf;
  case ElementType::BF16:
    return kBfloat;
  case ElementType::F32:
    return {23, -126, 127};
  default:
    return {52, -1022, 1023};
  }
}

/// Rounds a double into a 16-bit format. Scaling by a power of two is exact and
/// nearbyint() rounds to nearest even, so there is one rounding.
static uint16_t encode(double value, const Format &format) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value))
    return kQuietNaN;
  int infinity = (format.maxExponent - format.minExponent + 2)
                 << format.mantissaBits;
  if (std::isinf(value))
    return sign | static_cast<uint16_t>(infinity);
  if (value == 0)
    return sign;

  int exponent = std::max(std::ilogb(value), format.minExponent);
  double mantissa = std::nearbyint(
      std::ldexp(std::fabs(value), format.mantissaBits - exponent));
  // A normal's hidden bit adds one to the exponent field, and so does a
  // mantissa that rounded up to the next power of two.
  int64_t bits =
      (int64_t(exponent - format.minExponent) << format.mantissaBits) +
      static_cast<int64_t>(mantissa);
  return sign | static_cast<uint16_t>(std::min<int64_t>(bits, infinity));
}

float attnrt::halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) // infinity and NaN
    return bitCast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400)
    return bitCast<float>(sign | ((magnitude << 13) + 0x38000000));
  float subnormal = std::ldexp(static_cast<float>(magnitude), -24);
  return sign ? -subnormal : subnormal;
}

float attnrt::bfloatToFloat(uint16_t bits) {
  return bitCast<float>(uint32_t(bits) << 16);
}

uint16_t attnrt::floatToHalf(float value) {
  uint32_t bits = bitCast<uint32_t>(value);
  uint32_t magnitude = bits & 0x7fffffff;
  // Anything but a normal result takes the general way.
  if (magnitude < 0x38800000 || magnitude >= 0x47800000)
    return encode(value, kHalf);
  uint32_t rounded = magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1);
  return static_cast<uint16_t>(bits >> 16 & 0x8000) |
         static_cast<uint16_t>(rounded >> 13);
}

uint16_t attnrt::floatToBfloat(float value) {
  uint32_t bits = bitCast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return kQuietNaN;
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

uint16_t attnrt::doubleToHalf(double value) { return encode(value, kHalf); }

uint16_t attnrt::doubleToBfloat(double value) { return encode(value, kBfloat); }

double attnrt::loadAsDouble(ElementType type, const void *data, int64_t index) {
  switch (type) {
  case ElementType::F16:
    return halfToFloat(static_cast<const uint16_t *>(data)[index]);
  case ElementType::BF16:
    return bfloatToFloat(static_cast<const uint16_t *>(data)[index]);
  case ElementType::F32:
    return static_cast<const float *>(data)[index];
  case ElementType::F64:
    return static_cast<const double *>(data)[index];
  default:
    break;
  }
  assert(false && "not a floating-point type");
  return 0;
}

void attnrt::storeRounded(ElementType type, void *data, int64_t index,
                          double value) {
  switch (type) {
  case ElementType::F16:
    static_cast<uint16_t *>(data)[index] = doubleToHalf(value);
    return;
  case ElementType::BF16:
    static_cast<uint16_t *>(data)[index] = doubleToBfloat(value);
    return;
  case ElementType::F32:
    static_cast<float *>(data)[index] = static_cast<float>(value);
    return;
  case ElementType::F64:
    static_cast<double *>(data)[index] = value;
    return;
  default:
    break;
  }
  assert(false && "not a floating-point type");
}

double attnrt::roundTo(ElementType type, double value) {
  double slot = 0;
  storeRounded(type, &slot, 0, value);
  return loadAsDouble(type, &slot, 0);
}

/// Calls convert(begin, end) for parts of [0, count), on all cores.
template <typename Convert>
static void inParts(int64_t count, Convert convert) {
  constexpr int64_t kPart = 1 << 18;
  parallelFor((count + kPart - 1) / kPart, [&](int64_t part) {
    convert(part * kPart, std::min(count, (part + 1) * kPart));
  });
}

void attnrt::convertFromFloat(ElementType type, void *to, const float *from,
                              int64_t count) {
  assert(isFloat(type) && type != ElementType::F64);
  inParts(count, [=](int64_t begin, int64_t end) {
    auto *narrow = static_cast<uint16_t *>(to) + begin;
    if (type == ElementType::F16)
      std::transform(from + begin, from + end, narrow, floatToHalf);
    else if (type == ElementType::BF16)
      std::transform(from + begin, from + end, narrow, floatToBfloat);
    else
      std::copy(from + begin, from + end, static_cast<float *>(to) + begin);
  });
}

void attnrt::convertToFloat(ElementType type, float *to, const void *from,
                            int64_t count) {
  assert(isFloat(type) && type != ElementType::F64);
  inParts(count, [=](int64_t begin, int64_t end) {
    auto *narrow = static_cast<const uint16_t *>(from);
    if (type == ElementType::F16)
      std::transform(narrow + begin, narrow + end, to + begin, halfToFloat);
    else if (type == ElementType::BF16)
      std::transform(narrow + begin, narrow + end, to + begin, bfloatToFloat);
    else
      std::copy_n(static_cast<const float *>(from) + begin, end - begin,
                  to + begin);
  });
}

double attnrt::ulpAt(ElementType type, double value) {
  Format format = formatOf(type);
  value = std::fabs(value);
  int exponent = format.minExponent;
  if (std::isfinite(value) && value > 0)
    exponent =
        std::clamp(std::ilogb(value), format.minExponent, format.maxExponent);
  return std::ldexp(1.0, exponent - format.mantissaBits);
}
