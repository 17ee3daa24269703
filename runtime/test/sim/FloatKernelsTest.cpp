//===- FloatKernelsTest.cpp - kernels/floats.cu ---------------------------===//
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

static constexpr auto kOne = {"floats.nvcc"};
static constexpr Rounding kModes[] = {Rounding::NearestEven, Rounding::Zero,
                                      Rounding::Up, Rounding::Down};

/// Of all sizes, near 1, and subnormal.
static auto singles(unsigned count, unsigned seed) {
  return drawn(count, seed, [](auto &draw) {
    std::normal_distribution<float> normal;
    float x = normal(draw);
    switch (draw() % 4) {
    case 0:
      return std::ldexp(x, int(draw() % 40) - 20);
    case 1:
      return std::ldexp(x, int(draw() % 20) - 140);
    case 2:
      return std::nextafter(1.0f, x);
    default:
      return x;
    }
  });
}

static void expectSingle(float got, bool isNegative, const Magnitude &size,
                         Rounding mode, const std::string &where) {
  ASSERT_EQ(bitsOf(got), kSingle.round(isNegative, size, mode)) << where;
}

TEST(FloatKernels, Roundings) {
  forEach(kOne, [](Kernels &k) {
    const unsigned n = 2048;
    auto a = singles(n, 1), b = singles(n, 2), c = singles(n, 3);
    uint64_t out = k.room<float>(16 * n);
    k.launch("roundings", {n / 128}, {128}, k.put(a), k.put(b), k.put(c), out);
    std::vector<float> values = k.get<float>(out, 16 * n);
    for (unsigned i = 0; i < n; ++i) {
      double x = a[i], y = b[i];
      const float *got = &values[16 * i];
      std::string where = std::to_string(i);
      Exact results[] = {Exact::sum(x, y), {x * y, 0}, Exact::sum(x * y, c[i])};
      for (int w = 0; w < 12; ++w) {
        const Exact &exact = results[w / 4];
        // A sum that is zero has a sign of its own.
        if (!exact.isZero())
          expectSingle(got[w], exact.isNegative(), exact.size(), kModes[w % 4],
                       where + " word " + std::to_string(w));
      }
      // |x / y| against v is |x| against v |y|; 25 bits times 24 are exact.
      bool isNegative = (x < 0) != (y < 0);
      auto quotient = [=](double v) {
        return (std::abs(x) > v * std::abs(y)) -
               (std::abs(x) < v * std::abs(y));
      };
      expectSingle(got[12], isNegative, quotient, kModes[0], where + " div.rn");
      expectSingle(got[13], isNegative, quotient, kModes[3], where + " div.rd");
      auto root = [=](double v) {
        return (std::abs(x) > v * v) - (std::abs(x) < v * v);
      };
      expectSingle(got[14], false, root, kModes[0], where + " sqrt.rn");
      auto inverse = [=](double v) {
        return (1 > v * std::abs(y)) - (1 < v * std::abs(y));
      };
      expectSingle(got[15], y < 0, inverse, kModes[2], where + " rcp.ru");
    }
  });
}

TEST(FloatKernels, Doubles) {
  forEach(kOne, [](Kernels &k) {
    const unsigned n = 256;
    auto value = [](auto &draw) {
      return std::normal_distribution<double>(0, 100)(draw);
    };
    auto a = drawn(n, 4, value), b = drawn(n, 5, value);
    uint64_t out = k.room<double>(8 * n);
    k.launch("doubles", {2}, {n / 2}, k.put(a), k.put(b), out);
    std::vector<double> values = k.get<double>(out, 8 * n);
    for (unsigned i = 0; i < n; ++i) {
      double x = a[i], y = b[i];
      double expected[] = {x + y,
                           x * y,
                           std::fma(x, y, x),
                           x / y,
                           std::sqrt(std::abs(x)),
                           double(float(x)),
                           double(int64_t(x * 1000)),
                           std::floor(x) + std::ceil(y) * 1024 +
                               std::nearbyint(x + y) * 1048576};
      for (int w = 0; w < 8; ++w)
        ASSERT_EQ(values[8 * i + w], expected[w]) << i << " word " << w;
    }
  });
}

TEST(FloatKernels, Approximations) {
  forEach(kOne, [](Kernels &k) {
    const unsigned n = 1024;
    std::vector<float> in(n);
    for (unsigned i = 0; i < n; ++i)
      in[i] = (int(i) - 512) / 82.0f + 1e-3f; // within 2 pi of 0
    uint64_t out = k.room<float>(8 * n);
    k.launch("fast", {n / 128}, {128}, k.put(in), out);
    std::vector<float> values = k.get<float>(out, 8 * n);
    for (unsigned i = 0; i < n; ++i) {
      const float *got = &values[8 * i];
      double x = in[i];
      EXPECT_NEAR(got[0] / std::exp2(x), 1, 0x1p-22) << x;
      double log = std::log2(std::abs(x));
      bool isNear = std::abs(x) > 0.5 && std::abs(x) < 2;
      EXPECT_NEAR(got[1], log, isNear ? 0x1p-22 : 0x1p-22 * std::abs(log));
      EXPECT_NEAR(got[2], std::sin(x), 0x1p-20) << x;
      EXPECT_NEAR(got[3], std::cos(x), 0x1p-20) << x;
      EXPECT_NEAR(got[4] * std::sqrt(std::abs(x)), 1, 0x1p-22) << x;
      EXPECT_NEAR(got[5] * 3 / x, 1, 0x1p-22) << x;
      EXPECT_NEAR(got[6], std::tanh(x), 0x1p-21) << x;
      // exp2 of a product that is rounded.
      EXPECT_NEAR(got[7] / std::exp(x), 1, 0x1p-22 * (2 + std::abs(x))) << x;
    }
  });
}

TEST(FloatKernels, TiledProduct) {
  for (int n : {16, 48, 53})
    forEach(kOne, [n](Kernels &k) {
      // Small integers: sums are exact in f32 and have a closed form.
      std::vector<float> a(n * n), b(n * n);
      for (int i = 0; i < n * n; ++i) {
        a[i] = i / n + i % n;
        b[i] = i / n - i % n;
      }
      uint64_t out = k.room<float>(n * n);
      uint32_t tiles = (n + 15) / 16;
      k.launch("matmul", {tiles, tiles}, {16, 16}, k.put(a), k.put(b), n, out);
      std::vector<float> c = k.get<float>(out, n * n);
      double first = n * (n - 1) / 2.0, second = first * (2 * n - 1) / 3;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) // sum of (i + t) (t - j)
          ASSERT_EQ(c[i * n + j], second + (i - j) * first - double(n) * i * j);
    });
}
