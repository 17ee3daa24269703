//===- AttentionTest.cpp - The hand-written attention itself --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "attnrt/Random.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace attnrt;
using namespace attnrt::test;

static std::vector<double> randomArray(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<double> values(count);
  for (double &value : values)
    value = random.normal();
  return values;
}

TEST(Attention, OneKeyGivesItsValue) {
  Attention problem;
  problem.qkDim = problem.valueDim = 2;
  problem.scale = 0.5;
  AttentionResult result = attend(problem, {1, 2}, {3, 4}, {5, -6});
  EXPECT_EQ(result.out, (std::vector<double>{5, -6}));
  EXPECT_DOUBLE_EQ(result.lse[0], 5.5);
}

TEST(Attention, EqualScoresGiveTheMean) {
  Attention problem;
  problem.keys = 4;
  problem.qkDim = problem.valueDim = 1;
  AttentionResult result = attend(problem, {0}, {1, 2, 3, 4}, {10, 20, 30, 40});
  EXPECT_DOUBLE_EQ(result.out[0], 25);
  EXPECT_DOUBLE_EQ(result.lse[0], std::log(4.0));
}

/// Values that name their key show which keys a row keeps.
static std::vector<double> keptMeans(Attention problem) {
  problem.qkDim = problem.valueDim = 1;
  std::vector<double> q(problem.queries, 0), k(problem.keys, 0),
      v(problem.keys);
  for (int64_t j = 0; j < problem.keys; ++j)
    v[j] = static_cast<double>(1 << j);
  AttentionResult result = attend(problem, q, k, v);
  // mean * count is the set of kept keys as a bit mask.
  for (int64_t i = 0; i < problem.queries; ++i)
    result.out[i] *= std::exp(result.lse[i]);
  for (double &mask : result.out)
    mask = std::round(mask);
  return result.out;
}

TEST(Attention, CausalKinds) {
  Attention problem;
  problem.queries = 2;
  problem.keys = 4;
  problem.causal = Attention::Causal::TopLeft;
  EXPECT_EQ(keptMeans(problem), (std::vector<double>{0b0001, 0b0011}));
  problem.causal = Attention::Causal::BottomRight;
  EXPECT_EQ(keptMeans(problem), (std::vector<double>{0b0111, 0b1111}));
  problem.causal = Attention::Causal::Offset;
  problem.causalOffset = 1;
  EXPECT_EQ(keptMeans(problem), (std::vector<double>{0b0011, 0b0111}));
}

TEST(Attention, Window) {
  Attention problem;
  problem.queries = problem.keys = 4;
  problem.windowLeft = 1;
  problem.windowRight = 0;
  EXPECT_EQ(keptMeans(problem),
            (std::vector<double>{0b0001, 0b0011, 0b0110, 0b1100}));
  problem.windowLeft.reset();
  problem.windowRight = 1;
  EXPECT_EQ(keptMeans(problem),
            (std::vector<double>{0b0011, 0b0111, 0b1111, 0b1111}));
}

TEST(Attention, MaskedRows) {
  Attention problem;
  problem.queries = 2;
  problem.keys = 1;
  problem.qkDim = problem.valueDim = 1;
  problem.causal = Attention::Causal::BottomRight; // row 0 is at -1
  auto first = [&](Attention::MaskedRow policy) {
    problem.maskedRow = policy;
    AttentionResult result = attend(problem, {1, 1}, {1}, {7});
    EXPECT_EQ(result.lse[0], -INFINITY);
    EXPECT_DOUBLE_EQ(result.out[1], 7);
    return result.out[0];
  };
  EXPECT_EQ(first(Attention::MaskedRow::Zero), 0);
  EXPECT_TRUE(std::isnan(first(Attention::MaskedRow::NaN)));
  EXPECT_EQ(first(Attention::MaskedRow::Uniform), 7);
}

TEST(Attention, GroupedHeadsAreRepeatedHeads) {
  Attention grouped;
  grouped.batch = 2;
  grouped.queryHeads = 6;
  grouped.kvHeads = 2;
  grouped.queries = 5;
  grouped.keys = 7;
  grouped.qkDim = 4;
  grouped.valueDim = 3;
  std::vector<double> q = randomArray(2 * 6 * 5 * 4, 1);
  std::vector<double> k = randomArray(2 * 2 * 7 * 4, 2);
  std::vector<double> v = randomArray(2 * 2 * 7 * 3, 3);

  Attention full = grouped;
  full.kvHeads = 6;
  std::vector<double> fullK, fullV;
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 6; ++h)
      for (int64_t j = 0; j < 7; ++j) {
        for (int64_t d = 0; d < 4; ++d)
          fullK.push_back(k[grouped.at(2, 7, 4, b, h / 3, j, d)]);
        for (int64_t d = 0; d < 3; ++d)
          fullV.push_back(v[grouped.at(2, 7, 3, b, h / 3, j, d)]);
      }
  EXPECT_EQ(attend(grouped, q, k, v).out, attend(full, q, fullK, fullV).out);
}

TEST(Attention, LayoutsAgree) {
  Attention bhsd;
  bhsd.batch = 2;
  bhsd.queryHeads = 3;
  bhsd.kvHeads = 3;
  bhsd.queries = bhsd.keys = 4;
  bhsd.qkDim = bhsd.valueDim = 2;
  Attention bshd = bhsd;
  bshd.layout = Attention::Layout::Bshd;
  std::vector<double> x = randomArray(2 * 3 * 4 * 2, 4), y(x.size());
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 3; ++h)
      for (int64_t s = 0; s < 4; ++s)
        for (int64_t d = 0; d < 2; ++d)
          y[bshd.at(3, 4, 2, b, h, s, d)] = x[bhsd.at(3, 4, 2, b, h, s, d)];
  AttentionResult first = attend(bhsd, x, x, x), second = attend(bshd, y, y, y);
  EXPECT_EQ(first.lse, second.lse);
  EXPECT_EQ(first.out[bhsd.at(3, 4, 2, 1, 2, 3, 1)],
            second.out[bshd.at(3, 4, 2, 1, 2, 3, 1)]);
}

TEST(Attention, ScoreAndKeep) {
  Attention problem;
  problem.keys = 3;
  problem.qkDim = problem.valueDim = 1;
  problem.softcap = 2;
  problem.score = [](double s, int64_t, int64_t, int64_t, int64_t j) {
    return s + static_cast<double>(j);
  };
  problem.keep = [](int64_t, int64_t, int64_t, int64_t j) { return j != 1; };
  AttentionResult result = attend(problem, {1}, {4, 5, 6}, {1, 1, 1});
  double a = 2 * std::tanh(4.0 / 2), c = 2 * std::tanh(6.0 / 2) + 2;
  EXPECT_NEAR(result.lse[0], std::log(std::exp(a) + std::exp(c)), 1e-12);
}
