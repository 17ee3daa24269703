//===- PeaksTest.cpp - What the processor can do at best ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Peaks.h"
#include "Device/Host/Processor.h"
#include "Peaks/Products.h"
#include "attnrt/Abi.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace attnrt;

TEST(Peaks, loopsOfProductsUseWhatTheProcessorHas) {
  const ProductLoop *f32 = f32Products(), *bf16 = bf16Products();
  ASSERT_NE(f32, nullptr);
  EXPECT_TRUE(missingFeature(f32->instructions).empty());
  if (bf16) {
    EXPECT_TRUE(missingFeature(bf16->instructions).empty());
    EXPECT_GE(bf16->flopsPerStep, f32->flopsPerStep);
  }
}

TEST(Peaks, sumsChangeAndStayFinite) {
  const ProductLoop *loop = f32Products();
  ASSERT_NE(loop, nullptr);
  EXPECT_NE(loop->run(0), loop->run(1));
  EXPECT_NE(loop->run(1), loop->run(2));
  EXPECT_TRUE(std::isfinite(loop->run(1000000)));
}

TEST(Peaks, everyNumberIsThere) {
  AttnrtPeaks peaks;
  ASSERT_EQ(attnrtMeasurePeaks(&peaks), ATTNRT_OK) << attnrtLastError();
  EXPECT_EQ(peaks.threads, attnrtThreads());
  EXPECT_STREQ(peaks.f32Instructions, f32Products()->instructions);
  // Any vector unit makes more than this, and none makes a thousand times more.
  EXPECT_GT(peaks.f32Gflops, 0.5);
  EXPECT_LT(peaks.f32Gflops, 1000.0 * peaks.threads);
  EXPECT_EQ(std::isnan(peaks.bf16Gflops), bf16Products() == nullptr);
  EXPECT_EQ(peaks.bf16Instructions[0] == '\0', bf16Products() == nullptr);
  EXPECT_GT(peaks.readGbytesPerSecond, 0.1);
  EXPECT_LT(peaks.readGbytesPerSecond, 10000);
  EXPECT_GT(peaks.copyGbytesPerSecond, 0.1);
  EXPECT_LT(peaks.copyGbytesPerSecond, 10000);
}
