//===- HalfKernelsTest.cpp - kernels/halves.cu ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kOne = {"halves.nvcc"};
static constexpr Rounding kModes[] = {Rounding::NearestEven, Rounding::Zero,
                                      Rounding::Up, Rounding::Down};

/// Every value of a format, every tie between two and what lies next to a tie;
/// and the ends of f32.
static std::vector<float> edgesOf(const Format &format) {
  std::vector<float> out = {INFINITY, -INFINITY, NAN,     0.0f,     -0.0f,
                            1e-45f,   -1e-45f,   3e38f,   -3.4e38f, 65519.996f,
                            65520.0f, -65520.0f, 3.4e38f, 0x1p-25f, 0x1.8p-25f};
  uint32_t step = format.fractionBits == 7 ? 5 : 1;
  for (uint32_t code = 0; code + 1 < format.infinity(); code += step) {
    double low = format.magnitude(code), high = format.magnitude(code + 1);
    float tie = float((low + high) / 2), sign = code % 2 ? -1 : 1;
    for (float x : {float(low), tie, std::nextafter(tie, INFINITY),
                    std::nextafter(tie, 0.0f)})
      out.push_back(sign * x);
  }
  return out;
}

static void checkNarrow(Kernels &k, const std::vector<float> &in) {
  int n = in.size();
  uint64_t out = k.room<uint16_t>(8 * n);
  k.launch("narrow", {uint32_t(n + 255) / 256}, {256}, k.put(in), n, out);
  std::vector<uint16_t> codes = k.get<uint16_t>(out, 8 * n);
  for (int i = 0; i < n; ++i)
    for (int w = 0; w < 8; ++w) {
      const Format &format = w < 4 ? kHalf : kBrain;
      if (std::isnan(in[i]))
        ASSERT_EQ(codes[8 * i + w], 0x7fff) << w;
      else
        ASSERT_EQ(codes[8 * i + w], format.round(in[i], kModes[w % 4]))
            << in[i] << " word " << w;
    }
}

TEST(HalfKernels, NarrowAroundEveryHalf) {
  Kernels k("halves.nvcc");
  checkNarrow(k, edgesOf(kHalf));
}

TEST(HalfKernels, NarrowAroundEveryFifthBrainFloat) {
  Kernels k("halves.nvcc");
  checkNarrow(k, edgesOf(kBrain));
}

TEST(HalfKernels, WidenEveryCode) {
  Kernels k("halves.nvcc");
  uint64_t out = k.room<float>(131072);
  k.launch("widen", {256}, {256}, out);
  std::vector<float> values = k.get<float>(out, 131072);
  for (uint32_t code = 0; code < 65536; ++code)
    for (int w = 0; w < 2; ++w) {
      const Format &format = w ? kBrain : kHalf;
      double expected = format.value(code), got = values[2 * code + w];
      if (format.isNaN(code))
        ASSERT_TRUE(std::isnan(got)) << code;
      else
        ASSERT_TRUE(got == expected &&
                    std::signbit(got) == std::signbit(expected))
            << code << " " << w;
    }
}

TEST(HalfKernels, IntegersOfEveryHalf) {
  Kernels k("halves.nvcc");
  uint64_t out = k.room<int>(4 * 65536), back = k.room<uint16_t>(2 * 65536);
  k.launch("integers", {256}, {256}, out, back);
  std::vector<int> integers = k.get<int>(out, 4 * 65536);
  std::vector<uint16_t> halves = k.get<uint16_t>(back, 2 * 65536);
  for (int code = 0; code < 65536; ++code) {
    double x = kHalf.value(code);
    if (kHalf.isNaN(code))
      x = 0;
    double down = std::floor(x), up = std::ceil(x);
    double nearest = x - down < 0.5            ? down
                     : x - down > 0.5          ? up
                     : std::fmod(down, 2) == 0 ? down
                                               : up;
    double expected[] = {nearest, x < 0 ? up : down, up, down};
    for (int w = 0; w < 4; ++w) {
      double clamped = std::min(std::max(expected[w], -0x1p31), 0x1p31 - 1);
      ASSERT_EQ(integers[4 * code + w],
                std::isinf(x) ? (x > 0 ? INT32_MAX : INT32_MIN) : int(clamped))
          << x << " " << w;
    }
    ASSERT_EQ(halves[2 * code],
              kHalf.round(code - 32768, Rounding::NearestEven));
    ASSERT_EQ(halves[2 * code + 1], kHalf.round(code * 3, Rounding::Zero));
  }
}

namespace {

/// The code of a finite sum, or what IEEE makes of infinities.
uint16_t rounded(const Format &format, Exact x) {
  if (!std::isfinite(x.hi))
    return std::isnan(x.hi) ? 0x7fff : format.round(x.hi, kModes[0]);
  return format.round(x.isNegative() || (x.isZero() && std::signbit(x.hi)),
                      x.size(), Rounding::NearestEven);
}

uint16_t fused(const Format &f, uint16_t a, uint16_t b, uint16_t c) {
  return rounded(f, Exact::sum(f.value(a) * f.value(b), f.value(c)));
}

/// One that is not NaN; +0 is above -0.
uint16_t extreme(const Format &f, uint16_t a, uint16_t b, bool isMost) {
  if (f.isNaN(a) || f.isNaN(b))
    return !f.isNaN(a) ? a : !f.isNaN(b) ? b : 0x7fff;
  double x = f.value(a), y = f.value(b);
  if (x == y)
    return std::signbit(x) == isMost ? b : a;
  return (x > y) == isMost ? a : b;
}

} // namespace

TEST(HalfKernels, Arithmetic) {
  forEach(kOne, [](Kernels &k) {
    const int n = 4096;
    // All kinds of codes; every eighth pair is of the same exponent.
    auto code = [](auto &draw) {
      uint32_t x = draw();
      return draw() % 8 ? x : (x & 0x83ff83ff) | 0x3c003c00;
    };
    auto a = drawn(n, 1, code), b = drawn(n, 2, code), c = drawn(n, 3, code);
    uint32_t odd[] = {0,          0x80000000, 0x7c007c00, 0xfc00fc00,
                      0x7e007e00, 0x00010001, 0x80018001, 0x7f807f80};
    for (int i = 0; i < 512; ++i) {
      a[i] = odd[i % 8];
      b[i] = odd[i / 8 % 8];
      c[i] = odd[i / 64];
    }
    uint64_t out = k.room<uint32_t>(8 * n);
    k.launch("arithmetic", {n / 128}, {128}, k.put(a), k.put(b), k.put(c), out);
    std::vector<uint32_t> words = k.get<uint32_t>(out, 8 * n);
    for (int i = 0; i < n; ++i)
      for (int h = 0; h < 2; ++h) {
        uint16_t x = a[i] >> 16 * h, y = b[i] >> 16 * h, z = c[i] >> 16 * h;
        uint16_t sum =
                     rounded(kHalf, Exact::sum(kHalf.value(x), kHalf.value(y))),
                 product =
                     rounded(kHalf, {kHalf.value(sum) * kHalf.value(z), 0});
        uint16_t expected[] = {sum,
                               product,
                               fused(kHalf, product, z, x),
                               extreme(kHalf, x, y, false),
                               extreme(kHalf, x, y, true),
                               fused(kBrain, x, y, z),
                               extreme(kBrain, x, y, false),
                               extreme(kBrain, x, y, true)};
        for (int w = 0; w < 8; ++w)
          ASSERT_EQ(uint16_t(words[8 * i + w] >> 16 * h), expected[w])
              << std::hex << x << " " << y << " " << z << " word " << w;
      }
  });
}
