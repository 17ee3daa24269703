//===- HopperKernelsTest.cpp - kernels/hopper.cu --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//===----------------------------------------------------------------------===//

#include "HopperCases.h"

using namespace attnrt;
using namespace attnrt::sim;
using namespace attnrt::sim::hopper;

/// Right, and without a hazard, whenever asynchronous work is done.
TEST(HopperKernels, UnderAllPolicies) {
  for (const Case &which : allCases())
    for (const Schedule &schedule : allSchedules()) {
      SCOPED_TRACE(which.name + ", " + schedule.name());
      Kernels kernels("hopper.nvcc");
      schedule.applyTo(kernels);
      EXPECT_TRUE(which.isRight(kernels));
    }
}

/// What is drawn in one cluster does not depend on those before it.
TEST(HopperKernels, SameWhateverTheThreads) {
  Case which = split(60);
  for (Completion completion : {Completion::Torn, Completion::Random}) {
    std::vector<uint64_t> instructions;
    for (unsigned threads : {1, 2, 3}) {
      Kernels kernels("hopper.nvcc");
      kernels.completion = completion;
      kernels.seed = 1005;
      kernels.threads = threads;
      EXPECT_TRUE(which.isRight(kernels));
      instructions.push_back(kernels.report.warpInstructions);
    }
    EXPECT_EQ(instructions[0], instructions[1]);
    EXPECT_EQ(instructions[0], instructions[2]);
  }
}

/// A tile that a copy wrote in another swizzle than wgmma reads is named.
TEST(HopperKernels, SwizzleOfTheCopy) {
  constexpr int kDepth = 64;
  Matrix a = matrixOf(64, kDepth, 1), b = matrixOf(64, kDepth, 2);
  for (int swizzle : {0, 128}) {
    Kernels k("hopper.nvcc");
    uint64_t aAt = putBf16(k, a), out = k.room<float>(64 * 64);
    Map aMap = mapOf(aAt, kBf16, 64, kDepth, 64, 64, 128);
    Map bMap = mapOf(putBf16(k, b), kBf16, 64, kDepth, 64, 64, swizzle);
    k.dynamicShared = 4 * 64 * 128;
    k.launch("gemm_128", {1}, {128}, aMap, bMap, aAt, kDepth, out);
    bool isRight = k.get<float>(out, 64 * 64) == product(a, b, false);
    EXPECT_EQ(isRight, swizzle == 128);
    ASSERT_EQ(k.report.warnings.empty(), isRight);
    if (!isRight) {
      EXPECT_NE(k.report.warnings[0].message.find(
                    "in a swizzle of 128 bytes, and a copy wrote it in one "
                    "of 0"),
                std::string::npos)
          << k.report.warnings[0].message;
    }
  }
}

TEST(HopperKernels, Counters) {
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(pipeline(256, 64, 448).isRight(kernels));
  // Two CTAs of two warpgroups; seven steps of four products.
  EXPECT_EQ(kernels.report.wgmmaInstructions, 2u * 2 * 7 * 4);
  // Three boxes of 8 KiB a step, and two results.
  EXPECT_EQ(kernels.report.bulkBytes, 2u * (7 * 3 + 2) * 8192);
}
