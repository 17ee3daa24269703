//===- RegisterModelTest.cpp - What fits a thread's registers -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Schedule/RegisterModel.h"

#include <gtest/gtest.h>

using namespace attn;
using attn::tile::AttentionKeys;

namespace {

AttentionKeys keysOf(int64_t q, int64_t kv, int64_t warps,
                     int64_t producers = 0) {
  AttentionKeys keys;
  keys.q = q;
  keys.kv = kv;
  keys.warps = warps;
  keys.stages = 2;
  keys.producers = producers;
  return keys;
}

TEST(RegisterModel, SixteenRowsKeepTheirQuery) {
  EXPECT_TRUE(holdsQueryInRegisters(keysOf(128, 64, 8), {64, 64}));
  EXPECT_TRUE(holdsQueryInRegisters(keysOf(128, 64, 8), {128, 128}));
}

TEST(RegisterModel, MoreRowsDoNot) {
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(128, 64, 4), {64, 64}));
}

TEST(RegisterModel, WarpgroupsReadItFromSharedMemory) {
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(128, 64, 8, 4), {64, 64}));
}

TEST(RegisterModel, QueriesOfF32AreReadInEachStep) {
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(128, 32, 8), {16, 16, 32}));
}

/// 32 registers are 128 columns of 16 rows.
TEST(RegisterModel, MostOfTheQuery) {
  EXPECT_TRUE(holdsQueryInRegisters(keysOf(64, 32, 4), {128, 64}));
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(64, 32, 4), {144, 64}));
}

/// The larger of scores and accumulators counts: 144 registers in all.
TEST(RegisterModel, MostWithResults) {
  EXPECT_TRUE(holdsQueryInRegisters(keysOf(64, 32, 4), {64, 256}));
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(64, 32, 4), {80, 256}));
  EXPECT_TRUE(holdsQueryInRegisters(keysOf(64, 256, 4), {64, 64}));
  EXPECT_FALSE(holdsQueryInRegisters(keysOf(64, 256, 4), {80, 64}));
}

TEST(RegisterModel, EstimateCountsWhatAStepHolds) {
  // Accumulators 32, scores 32, probabilities 16, query 16, addresses 40.
  EXPECT_EQ(estimateRegisters(keysOf(128, 64, 8), {64, 64}), 136);
  // Two strips of rows, of which four registers each are read in every step.
  EXPECT_EQ(estimateRegisters(keysOf(128, 64, 4), {64, 64}),
            64 + 64 + 32 + 8 + 40);
  EXPECT_EQ(estimateRegisters(keysOf(128, 64, 8, 4), {64, 64}),
            32 + 32 + 16 + 24);
}

TEST(RegisterModel, F32HasPartsAndSumsBesides) {
  // Accumulators 32, scores 16 and as many second parts, two sums of 32
  // columns, two parts of the query, addresses 40.
  EXPECT_EQ(estimateRegisters(keysOf(128, 32, 8), {64, 64, 32}),
            32 + 16 + 16 + 2 * 16 + 8 + 40);
}

TEST(RegisterModel, LimitIsWhatProducersLeave) {
  const TargetDesc &hopper = *lookupTarget("sm_90a");
  EXPECT_EQ(registerLimit(hopper, keysOf(128, 64, 8)), 255);
  EXPECT_EQ(registerLimit(hopper, keysOf(128, 64, 8, 4)), 240);
  EXPECT_EQ(registerLimit(hopper, keysOf(192, 64, 12, 4)), 160);
}

} // namespace
