//===- Float16Test.cpp - 16-bit floating point ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Float16.h"
#include "attnrt/Random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace attnrt;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Float16, EveryHalfSurvivesARoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = halfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_EQ(floatToHalf(value), 0x7fff);
      EXPECT_EQ(doubleToHalf(value), 0x7fff);
      continue;
    }
    ASSERT_EQ(floatToHalf(value), bits);
    ASSERT_EQ(doubleToHalf(value), bits);
  }
}

TEST(Float16, EveryBfloatSurvivesARoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = bfloatToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_EQ(floatToBfloat(value), 0x7fff);
      EXPECT_EQ(doubleToBfloat(value), 0x7fff);
      continue;
    }
    ASSERT_EQ(floatToBfloat(value), bits);
    ASSERT_EQ(doubleToBfloat(value), bits);
  }
}

TEST(Float16, KnownValues) {
  EXPECT_EQ(halfToFloat(0x3c00), 1.0f);
  EXPECT_EQ(halfToFloat(0xc000), -2.0f);
  EXPECT_EQ(halfToFloat(0x7bff), 65504.0f);
  EXPECT_EQ(halfToFloat(0x0001), 0x1p-24f);
  EXPECT_EQ(halfToFloat(0x7c00), kInfinity);
  EXPECT_EQ(bfloatToFloat(0x3f80), 1.0f);
  EXPECT_EQ(bfloatToFloat(0xff80), -kInfinity);
  EXPECT_EQ(floatToHalf(-0.0f), 0x8000);
  EXPECT_EQ(floatToBfloat(-0.0f), 0x8000);
}

TEST(Float16, HalfwayGoesToEven) {
  EXPECT_EQ(floatToHalf(1 + 0x1p-11f), 0x3c00);
  EXPECT_EQ(floatToHalf(1 + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(floatToBfloat(1 + 0x1p-8f), 0x3f80);
  EXPECT_EQ(floatToBfloat(1 + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(floatToHalf(0x1p-25f), 0); // half of the smallest
  EXPECT_EQ(floatToHalf(3 * 0x1p-25f), 2);
}

TEST(Float16, OverflowIsInfinite) {
  EXPECT_EQ(floatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00); // halfway, to even
  EXPECT_EQ(floatToHalf(-1e10f), 0xfc00);
  EXPECT_EQ(floatToBfloat(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(doubleToBfloat(1e300), 0x7f80);
  EXPECT_EQ(doubleToHalf(kInfinity), 0x7c00);
}

TEST(Float16, DoublesRoundOnce) {
  // Through float this would become a tie and go to even.
  double justAboveTie = 1 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(doubleToHalf(justAboveTie), 0x3c01);
  EXPECT_EQ(doubleToBfloat(1 + 0x1p-8 + 0x1p-40), 0x3f81);
}

TEST(Float16, FastAndGeneralPathsAgree) {
  Random random(7);
  for (int i = 0; i < 2000000; ++i) {
    auto bits = static_cast<uint32_t>(random.next());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    ASSERT_EQ(floatToHalf(value), doubleToHalf(value)) << value;
    ASSERT_EQ(floatToBfloat(value), doubleToBfloat(value)) << value;
  }
}

TEST(Float16, Ulp) {
  EXPECT_EQ(ulpAt(ElementType::F16, 1.0), 0x1p-10);
  EXPECT_EQ(ulpAt(ElementType::F16, -1.9), 0x1p-10);
  EXPECT_EQ(ulpAt(ElementType::F16, 0), 0x1p-24);
  EXPECT_EQ(ulpAt(ElementType::BF16, 2.0), 0x1p-6);
  EXPECT_EQ(ulpAt(ElementType::F32, 1.5), 0x1p-23);
}

TEST(Float16, ArraysConvert) {
  std::vector<float> values(1 << 19); // more than one part
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i % 2048);
  std::vector<uint16_t> narrow(values.size());
  std::vector<float> back(values.size());
  convertFromFloat(ElementType::F16, narrow.data(), values.data(),
                   static_cast<int64_t>(values.size()));
  convertToFloat(ElementType::F16, back.data(), narrow.data(),
                 static_cast<int64_t>(values.size()));
  EXPECT_EQ(values, back);
}
