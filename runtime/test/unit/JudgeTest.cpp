//===- JudgeTest.cpp - The judge, called from C ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Abi.h"
#include "attnrt/HostTensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace attnrt;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
/// Functions of the fixture `several`, which multiply by 1.7.
class JudgeTest : public testing::Test {
protected:
  static constexpr int64_t kCount = 2 * 4 * 3 * 8;

  void open(const char *name) {
    ASSERT_EQ(
        attnrtOpenFunction(ATTNRT_FIXTURES "/several.so", name, &function),
        ATTNRT_OK)
        << attnrtLastError();
    for (int i = 0; i < kCount; ++i) {
      in[i] = float(i) - 50;
      out[i] = float(double(in[i]) * double(1.7f));
    }
  }

  int judge() {
    DLTensor *args[] = {arg.dl(), second.dl()}, *results[] = {result};
    return attnrtJudge(function, args, results, 1, verdicts);
  }

  void expectRefused(const char *text) {
    EXPECT_EQ(judge(), ATTNRT_BAD_INPUT);
    EXPECT_THAT(attnrtLastError(), HasSubstr(text));
  }

  const AttnrtFunction *function = nullptr;
  alignas(16) float in[kCount], out[kCount];
  TensorView arg{ElementType::F32, {2, 4, 3, 8}, in, {kDLCPU, 0}};
  TensorView second{ElementType::F32, {2, 4, 3, 8}, in, {kDLCPU, 0}};
  TensorView output{ElementType::F32, {2, 4, 3, 8}, out, {kDLCPU, 0}};
  DLTensor *result = output.dl();
  AttnrtVerdict verdicts[2];
};
} // namespace

TEST_F(JudgeTest, PassesWhatIsRight) {
  open("scale_f32");
  ASSERT_EQ(judge(), ATTNRT_OK) << attnrtLastError();
  EXPECT_TRUE(verdicts[0].judged && verdicts[0].passed);
  EXPECT_STREQ(verdicts[0].reason, "");
  EXPECT_EQ(verdicts[0].rowsJudged, 24);
  EXPECT_EQ(verdicts[0].rowsTotal, 24);
  EXPECT_LE(verdicts[0].maxAbsError, verdicts[0].tolerance);
}

TEST_F(JudgeTest, FindsWhatIsWrong) {
  open("scale_f32");
  out[8 * 5 + 3] += 1;
  ASSERT_EQ(judge(), ATTNRT_OK);
  EXPECT_TRUE(verdicts[0].judged);
  EXPECT_FALSE(verdicts[0].passed);
  EXPECT_THAT(verdicts[0].reason, HasSubstr("exceeds tolerance"));
  ASSERT_EQ(verdicts[0].worstRank, 4);
  EXPECT_THAT(std::vector(verdicts[0].worstIndex, verdicts[0].worstIndex + 4),
              ElementsAre(0, 1, 2, 3));
}

TEST_F(JudgeTest, PoisonHasNoError) {
  open("scale_f32");
  std::memset(out, 0xff, sizeof out);
  ASSERT_EQ(judge(), ATTNRT_OK);
  EXPECT_FALSE(verdicts[0].passed);
  EXPECT_STREQ(verdicts[0].reason, "value was never written");
  EXPECT_TRUE(std::isnan(verdicts[0].maxAbsError));
}

TEST_F(JudgeTest, ResultsMayHaveAnyStrides) {
  open("scale_f32");
  // The same values from the last to the first, behind eight others.
  float reversed[8 + kCount];
  for (int i = 0; i < kCount; ++i)
    reversed[8 + i] = out[kCount - 1 - i];
  int64_t strides[] = {-96, -24, -8, -1};
  result->strides = strides;
  result->data = reversed;
  result->byte_offset = (8 + kCount - 1) * sizeof(float);
  ASSERT_EQ(judge(), ATTNRT_OK) << attnrtLastError();
  EXPECT_TRUE(verdicts[0].passed) << verdicts[0].reason;
  reversed[8 + 10] += 1;
  ASSERT_EQ(judge(), ATTNRT_OK);
  EXPECT_FALSE(verdicts[0].passed);
  EXPECT_THAT(std::vector(verdicts[0].worstIndex, verdicts[0].worstIndex + 4),
              ElementsAre(1, 3, 1, 5));
}

TEST_F(JudgeTest, NullIsNotJudged) {
  open("scale_f32");
  result = nullptr;
  ASSERT_EQ(judge(), ATTNRT_OK) << attnrtLastError();
  EXPECT_FALSE(verdicts[0].judged);
}

TEST_F(JudgeTest, OnlyOneOfTwoResults) {
  open("marked");
  uint16_t bits[kCount] = {};
  TensorView zeros(ElementType::BF16, {2, 4, 3, 8}, bits, {kDLCPU, 0});
  float marks[24];
  for (int i = 0; i < 24; ++i)
    marks[i] = i % 2 ? -INFINITY : 1;
  TensorView second(ElementType::F32, {2, 4, 3}, marks, {kDLCPU, 0});
  DLTensor *args[] = {zeros.dl()}, *results[] = {nullptr, second.dl()};
  ASSERT_EQ(attnrtJudge(function, args, results, 1, verdicts), ATTNRT_OK)
      << attnrtLastError();
  EXPECT_FALSE(verdicts[0].judged);
  EXPECT_TRUE(verdicts[1].judged && verdicts[1].passed) << verdicts[1].reason;
  marks[7] = 1;
  ASSERT_EQ(attnrtJudge(function, args, results, 1, verdicts), ATTNRT_OK);
  EXPECT_FALSE(verdicts[1].passed);
  EXPECT_STREQ(verdicts[1].reason, "expected -inf, got 1");
}

/// Of a function that says it does a lot, whose tiles have 16 rows.
TEST_F(JudgeTest, RowsAtTheEndsOfTilesAreInTheSample) {
  open("sampled");
  constexpr int64_t kLength = 10000;
  std::vector<uint16_t> zeros(4 * kLength * 8), values(4 * kLength * 8);
  TensorView wide(ElementType::F16, {1, 4, kLength, 8}, zeros.data(),
                  {kDLCPU, 0});
  TensorView result(ElementType::F16, {1, 4, kLength, 8}, values.data(),
                    {kDLCPU, 0});
  DLTensor *args[] = {wide.dl()}, *results[] = {result.dl(), nullptr};
  for (int64_t row : {15, 16, 17, 9983, 9984}) {
    values[row * 8 + 3] = 0x3c00; // 1
    ASSERT_EQ(attnrtJudge(function, args, results, 1, verdicts), ATTNRT_OK)
        << attnrtLastError();
    EXPECT_FALSE(verdicts[0].passed) << row;
    EXPECT_EQ(verdicts[0].worstIndex[2], row);
    values[row * 8 + 3] = 0;
  }
  ASSERT_EQ(attnrtJudge(function, args, results, 1, verdicts), ATTNRT_OK);
  EXPECT_TRUE(verdicts[0].passed);
  EXPECT_GE(verdicts[0].rowsJudged, 256);
  EXPECT_LT(verdicts[0].rowsJudged, 600);
  EXPECT_EQ(verdicts[0].rowsTotal, 4 * kLength);
}

TEST_F(JudgeTest, ArraysThatAreNotTheFunctions) {
  open("scale_f32");
  result->shape[2] = 2;
  expectRefused("result 0: expected dimension 2 to be 3, got 2");
  result->shape[2] = 3;
  result->dtype.bits = 64;
  expectRefused("result 0: expected element type f32, got f64");
  result->dtype.bits = 32;
  result->data = nullptr;
  expectRefused("result 0: expected data, got a null pointer");
  result->device = {kDLROCM, 1};
  result->data = out;
  expectRefused(
      "result 0: expected memory of a CUDA device or of the host, got "
      "DLPack device 10:1");
  arg.dl()->ndim = 3;
  expectRefused("argument 0: expected rank 4, got 3");
}

TEST_F(JudgeTest, WhatTheShapesDoNotAllow) {
  open("pair");
  second.dl()->shape[2] = 2;
  expectRefused("argument 1: expected dimension 2 to be 3 as in argument 0");
}

TEST_F(JudgeTest, FunctionsThatAreNotThere) {
  EXPECT_EQ(attnrtOpenFunction(ATTNRT_FIXTURES "/several.so", "g", &function),
            ATTNRT_BAD_INPUT);
  EXPECT_THAT(attnrtLastError(), HasSubstr("no function 'g' in '"));
  EXPECT_EQ(attnrtOpenFunction("absent.so", "g", &function), ATTNRT_BAD_INPUT);
  EXPECT_THAT(attnrtLastError(), HasSubstr("absent.so"));
}

TEST_F(JudgeTest, SymbolsAreTheFunctions) {
  open("scale_f32");
  AttnrtSymbols symbols{};
  attnrtSymbolsOf(function, &symbols);
  DLTensor *args[] = {arg.dl()};
  arg.dl()->data = nullptr; // only shapes are read
  double flops = 0;
  EXPECT_EQ(symbols.flops(args, &flops), ATTNRT_OK);
  EXPECT_EQ(flops, kCount);
  int64_t shape[4] = {};
  EXPECT_EQ(symbols.shapes(args, shape), ATTNRT_OK);
  EXPECT_THAT(shape, ElementsAre(2, 4, 3, 8));
}
