//===- VerifyTest.cpp - The judge -----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Verify.h"

#include "Verify/Rows.h"
#include "attnrt/Abi.h"
#include "attnrt/Float16.h"
#include "attnrt/Random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

using namespace attnrt;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Rows, LayoutFollowsTheNamedOrder) {
  // [batch, query, head, dim] with rows counted by batch, head, query.
  RowLayout layout({2, 5, 3, 4}, {0, 2, 1});
  EXPECT_EQ(layout.rows(), 30);
  EXPECT_EQ(layout.width(), 4);
  EXPECT_EQ(layout.lastExtent(), 5);
  // Row 8 is batch 0, head 1, query 3.
  EXPECT_EQ(layout.base(8), 3 * 3 * 4 + 1 * 4);
  EXPECT_EQ(layout.at(layout.base(8), 2), 3 * 3 * 4 + 1 * 4 + 2);
}

TEST(Rows, OneValueRows) {
  RowLayout layout({2, 3}, {0, 1});
  EXPECT_EQ(layout.width(), 1);
  EXPECT_EQ(layout.base(5), 5);
  EXPECT_EQ(unravel(5, {2, 3}), (Shape{1, 2}));
}

TEST(Rows, SampleHoldsEdges) {
  RowChoice choice;
  choice.rows = 64 * 1000; // 64 runs of 1000
  choice.lastExtent = 1000;
  choice.edges = {500, 5000};
  choice.rowsPerTile = {64};
  std::vector<int64_t> rows = sampleRows(choice, 256);
  EXPECT_GE(rows.size(), 256u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
  EXPECT_EQ(rows.front(), 0);
  EXPECT_EQ(rows.back(), choice.rows - 1);
  for (int64_t place : {499, 500, 501, 999, 63, 64, 959, 960, 961}) {
    EXPECT_THAT(rows, Contains(place));
    EXPECT_THAT(rows, Contains(63 * 1000 + place));
  }
  choice.seed = 1;
  EXPECT_NE(sampleRows(choice, 256), rows);
}

TEST(Rows, FewRowsAreAllJudged) {
  RowChoice choice;
  choice.rows = 5;
  choice.lastExtent = 5;
  EXPECT_THAT(sampleRows(choice, 256), ElementsAre(0, 1, 2, 3, 4));
}

TEST(Rows, Ranges) {
  std::vector<RowRange> ranges = toRanges({0, 1, 2, 3, 7, 9, 10}, 3);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (RowRange range : ranges)
    pairs.emplace_back(range.begin, range.end);
  EXPECT_THAT(pairs, ElementsAre(std::pair(0, 3), std::pair(3, 4),
                                 std::pair(7, 8), std::pair(9, 11)));
}

namespace {
/// A made-up function whose reference is a table; the baseline is the reference
/// rounded to the output's type, and so, at first, is the output.
class VerifyTest : public testing::Test {
protected:
  void create(ElementType type, Shape shape, std::vector<int> rowDims) {
    ResultType result{};
    result.type = type;
    result.shape = shape;
    result.judge = {"reference", "baseline", rowDims, 0, {}};
    function.results = {result};
    outputs.clear();
    outputs.push_back(std::move(*HostTensor::create(type, shape)));
    truth.resize(outputs[0].elements());
    Random random(11);
    for (double &value : truth)
      value = random.normal();
    roundTruth();
  }

  void roundTruth() {
    for (size_t i = 0; i < truth.size(); ++i)
      storeRounded(type(), outputs[0].data(), static_cast<int64_t>(i),
                   truth[i]);
  }

  ElementType type() const { return outputs[0].type(); }
  void set(int64_t at, double value) {
    storeRounded(type(), outputs[0].data(), at, value);
  }
  void poison(int64_t at) {
    size_t bytes = sizeInBytes(type());
    std::fill_n(outputs[0].as<uint8_t>() + at * bytes, bytes, kPoisonByte);
  }

  RowFunction table(bool rounded) {
    return [this, rounded](DLTensor *const *, DLTensor *const *results,
                           int64_t begin, int64_t end) {
      RowLayout layout(outputs[0].shape(), function.results[0].judge.rowDims);
      auto *out = static_cast<double *>(results[0]->data);
      for (int64_t row = begin; row < end; ++row)
        for (int64_t i = 0; i < layout.width(); ++i) {
          int64_t at = layout.at(layout.base(row), i);
          out[at] = rounded ? roundTo(type(), truth[at]) : truth[at];
        }
      calls += end - begin;
      return int(ATTNRT_OK);
    };
  }

  Expected<Verdict> run() {
    JudgeRequest request;
    request.function = &function;
    request.judges = {{reference ? reference : table(false),
                       baseline ? baseline : table(true)}};
    TensorViews views(args);
    request.args = views.pointers();
    request.shapes = {outputs[0].shape()};
    request.outputs = {&outputs[0]};
    request.flops = flops;
    return verify(request);
  }

  OutputVerdict judged() {
    Expected<Verdict> verdict = run();
    EXPECT_TRUE(verdict) << verdict.status().message();
    EXPECT_EQ(verdict->passed, verdict->outputs[0].passed);
    EXPECT_EQ(verdict->isWrong(),
              !verdict->outputs[0].passed && !verdict->outputs[0].isOutside);
    return verdict->outputs[0];
  }

  void expectPassed() {
    OutputVerdict output = judged();
    EXPECT_TRUE(output.passed) << output.reason;
  }

  void expectFailedAt(int64_t at, const char *reason) {
    OutputVerdict output = judged();
    EXPECT_FALSE(output.passed);
    EXPECT_THAT(output.reason, HasSubstr(reason));
    ASSERT_TRUE(output.worstIndex);
    EXPECT_EQ(*output.worstIndex, unravel(at, outputs[0].shape()));
  }

  FunctionDescription function;
  std::vector<HostTensor> args, outputs;
  std::vector<double> truth;
  RowFunction reference, baseline;
  double flops = 0;
  std::atomic<int64_t> calls{0};
};

class VerifyEveryType : public VerifyTest,
                        public testing::WithParamInterface<ElementType> {
protected:
  void SetUp() override { create(GetParam(), {2, 3, 50, 8}, {0, 1, 2}); }
};
} // namespace

TEST_P(VerifyEveryType, PassesWhatIsRight) {
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed) << output.reason;
  EXPECT_EQ(output.rowsJudged, 300);
  EXPECT_EQ(output.rowsTotal, 300);
  EXPECT_EQ(*output.maxAbsError, *output.baselineMaxAbsError);
  EXPECT_GT(*output.tolerance, 2 * *output.baselineMaxAbsError);
  EXPECT_EQ(calls, 600);
}

TEST_P(VerifyEveryType, OneWrongElement) {
  set(1234, truth[1234] + 0.1);
  expectFailedAt(1234, "exceeds tolerance");
}

TEST_P(VerifyEveryType, JustAboveTheTolerance) {
  double tolerance = *judged().tolerance;
  auto largest =
      std::max_element(truth.begin(), truth.end(), [](double a, double b) {
        return std::fabs(a) < std::fabs(b);
      });
  int64_t at = largest - truth.begin();
  double sign = std::copysign(1, *largest);
  double ulp = ulpAt(type(), *largest);
  set(at, *largest - sign * (tolerance + ulp));
  expectFailedAt(at, "exceeds tolerance");
  set(at, *largest - sign * (tolerance - ulp));
  expectPassed();
}

TEST_P(VerifyEveryType, ANaN) {
  set(777, std::nan(""));
  expectFailedAt(777, "got nan");
}

TEST_P(VerifyEveryType, AnInfinityInTheWrongPlace) {
  set(5, kInfinity);
  expectFailedAt(5, "got inf");
}

TEST_P(VerifyEveryType, PoisonLeft) {
  poison(2399);
  expectFailedAt(2399, "never written");
}

TEST_P(VerifyEveryType, PoisonWhereNaNIsRight) {
  truth[8] = std::nan("");
  set(8, truth[8]);
  expectPassed();
  poison(8);
  expectFailedAt(8, "never written");
}

TEST_P(VerifyEveryType, AScaledOutput) {
  for (int64_t i = 0; i < outputs[0].elements(); ++i)
    set(i, truth[i] * 1.02);
  EXPECT_FALSE(judged().passed);
}

TEST_P(VerifyEveryType, RowsExchanged) {
  for (int64_t i = 0; i < 8; ++i) {
    set(i, truth[8 + i]);
    set(8 + i, truth[i]);
  }
  EXPECT_FALSE(judged().passed);
}

TEST_P(VerifyEveryType, NonFiniteInTheSamePlaces) {
  truth[3] = -kInfinity;
  truth[4] = kInfinity;
  truth[5] = std::nan("");
  roundTruth();
  expectPassed();
  set(3, kInfinity);
  expectFailedAt(3, "expected -inf, got inf");
  set(3, 0);
  expectFailedAt(3, "expected -inf, got 0");
  set(3, -kInfinity);
  set(5, 0);
  expectFailedAt(5, "expected nan");
}

TEST_P(VerifyEveryType, AllNonFinite) {
  std::fill(truth.begin(), truth.end(), -kInfinity);
  roundTruth();
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed);
  EXPECT_FALSE(output.maxAbsError);
  EXPECT_FALSE(output.worstIndex);
}

INSTANTIATE_TEST_SUITE_P(Types, VerifyEveryType,
                         testing::Values(ElementType::F16, ElementType::BF16,
                                         ElementType::F32),
                         [](const auto &info) { return nameOf(info.param); });

TEST_F(VerifyTest, OverflowOfTheTypeIsInfinite) {
  create(ElementType::F16, {1, 1, 4, 8}, {0, 1, 2});
  truth[0] = 1e6;
  roundTruth();
  expectPassed();
}

TEST_F(VerifyTest, NearTheLargestValueRoundingDecides) {
  create(ElementType::F16, {1, 1, 4, 8}, {0, 1, 2});
  truth[3] = 65504;
  roundTruth();
  expectPassed();
  set(3, kInfinity);
  OutputVerdict output = judged();
  EXPECT_FALSE(output.passed);
  EXPECT_TRUE(output.isOutside);
  EXPECT_THAT(output.reason, HasSubstr("expected 65504, got inf"));
  // Elsewhere an infinity is wrong, and so is what else is wrong beside it.
  set(4, kInfinity);
  EXPECT_FALSE(judged().isOutside);
  expectFailedAt(4, "got inf");
}

TEST_F(VerifyTest, WhereTheBaselineOverflowsNothingIsWrong) {
  create(ElementType::BF16, {1, 1, 4, 8}, {0, 1, 2});
  RowFunction rounded = table(true);
  baseline = [&](DLTensor *const *arguments, DLTensor *const *results,
                 int64_t begin, int64_t end) {
    int code = rounded(arguments, results, begin, end);
    if (begin == 0)
      static_cast<double *>(results[0]->data)[0] = std::nan("");
    return code;
  };
  expectPassed();
  set(0, std::nan(""));
  EXPECT_TRUE(judged().isOutside);
  set(1, std::nan(""));
  EXPECT_FALSE(judged().isOutside);
}

TEST_F(VerifyTest, SumsOfLargeArgumentsMayOverflow) {
  create(ElementType::BF16, {1, 1, 4, 8}, {0, 1, 2});
  set(0, std::nan(""));
  ArgumentType argument;
  argument.type = ElementType::BF16;
  argument.shape = {2, 64};
  function.args = {argument};
  args.push_back(std::move(*HostTensor::create(argument.type, argument.shape)));
  std::fill_n(args[0].as<uint16_t>(), 128, uint16_t(0));
  storeRounded(argument.type, args[0].data(), 77, 0x1p120);
  EXPECT_FALSE(judged().isOutside);
  storeRounded(argument.type, args[0].data(), 77, -0x1p121);
  OutputVerdict output = judged();
  EXPECT_TRUE(output.isOutside);
  EXPECT_THAT(output.reason,
              HasSubstr("argument 0 holds values up to 2.66e+36"));
  // Nothing excuses what was never written.
  poison(0);
  EXPECT_FALSE(judged().isOutside);
}

TEST_F(VerifyTest, FlushedResultsPass) {
  create(ElementType::BF16, {1, 1, 4, 8}, {0, 1, 2});
  std::fill(truth.begin(), truth.end(), 0x1p-128);
  roundTruth();
  set(2, 0);
  expectPassed();
}

TEST_F(VerifyTest, ChainsWidenF32) {
  create(ElementType::F32, {1, 1, 4, 8}, {0, 1, 2});
  std::fill(truth.begin(), truth.end(), 0.5);
  roundTruth();
  set(0, 0.5 + 100 * 0x1p-23);
  EXPECT_FALSE(judged().passed);
  function.results[0].judge.chain = 128;
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed) << output.reason;
  // 2 e0 + ulp(0.5) + 2^-23 K max(1, m), and e0 is 0.
  EXPECT_DOUBLE_EQ(*output.tolerance, 0x1p-24 + 128 * 0x1p-23);
}

TEST_F(VerifyTest, EmptyOutputsPass) {
  create(ElementType::F16, {2, 3, 0, 8}, {0, 1, 2});
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed);
  EXPECT_EQ(output.rowsTotal, 0);
  EXPECT_FALSE(output.maxAbsError);
  create(ElementType::F16, {2, 3, 4, 0}, {0, 1, 2});
  EXPECT_TRUE(judged().passed);
}

TEST_F(VerifyTest, OtherLayout) {
  create(ElementType::BF16, {2, 50, 3, 8}, {0, 2, 1});
  expectPassed();
  set(1000, 9);
  expectFailedAt(1000, "exceeds");
}

TEST_F(VerifyTest, LargeOutputsAreSampled) {
  flops = 1e12;
  create(ElementType::F16, {4, 8, 1000, 8}, {0, 1, 2});
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed);
  EXPECT_GE(output.rowsJudged, 256);
  EXPECT_LT(output.rowsJudged, 400);
  EXPECT_EQ(output.rowsTotal, 32000);
  EXPECT_LT(calls, 1000);
}

TEST_F(VerifyTest, ASampleStillSeesPoisonAndNonFiniteValues) {
  flops = 1e12;
  create(ElementType::F16, {4, 8, 1000, 8}, {0, 1, 2});
  int64_t inTheMiddle = 123457;
  set(inTheMiddle, std::nan(""));
  expectFailedAt(inTheMiddle, "got nan");
  poison(inTheMiddle);
  expectFailedAt(inTheMiddle, "never written");
  // An infinity that belongs there is found to belong there.
  truth[inTheMiddle] = kInfinity;
  roundTruth();
  expectPassed();
}

TEST_F(VerifyTest, ManyNonFiniteRowsStayAffordable) {
  flops = 1e12;
  create(ElementType::F32, {4, 8, 1000}, {0, 1, 2});
  std::fill(truth.begin(), truth.end(), -kInfinity);
  roundTruth();
  OutputVerdict output = judged();
  EXPECT_TRUE(output.passed);
  EXPECT_LT(output.rowsJudged, 2000);
  // Poison in a row that is not among those judged.
  poison(5);
  expectFailedAt(5, "never written");
}

TEST_F(VerifyTest, EdgesComeFromArguments) {
  flops = 1e12;
  create(ElementType::F16, {4, 8, 1000, 8}, {0, 1, 2});
  args.push_back(std::move(*HostTensor::create(ElementType::F16, {4, 333})));
  LinearIndex edge;
  edge.constant = 100;
  edge.terms = {{0, 1, 1}}; // 100 + 333
  function.results[0].judge.edges = {edge};
  set(433 * 8, 1000); // batch 0, head 0
  expectFailedAt(433 * 8, "exceeds");
}

TEST_F(VerifyTest, AFailingReferenceIsNoVerdict) {
  create(ElementType::F16, {1, 1, 4, 8}, {0, 1, 2});
  reference = [](DLTensor *const *, DLTensor *const *, int64_t, int64_t) {
    return attnrtFail(ATTNRT_BAD_INPUT, "unheard of");
  };
  Expected<Verdict> verdict = run();
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.status().code(), Code::BadInput);
  EXPECT_EQ(verdict.status().message(), "reference: unheard of");
}

namespace {
/// Two results of four rows. Each has a reference of its own, or both share
/// one; what is right is 1, 2, 3, … in the first and 10, 20, 30, … in the
/// second.
class TwoResults : public testing::Test {
protected:
  void SetUp() override {
    for (const char *symbol : {"one", "two"}) {
      ResultType result{};
      result.type = ElementType::F32;
      result.shape = {4};
      result.judge = {symbol, symbol, {0}, 0, {}};
      function.results.push_back(result);
      outputs.push_back(std::move(*HostTensor::create(ElementType::F32, {4})));
    }
    for (int i = 0; i < 4; ++i) {
      outputs[0].as<float>()[i] = float(1 + i);
      outputs[1].as<float>()[i] = float(10 + 10 * i);
    }
  }

  RowFunction filling(std::vector<int> results) {
    return [this, results](DLTensor *const *, DLTensor *const *arrays,
                           int64_t begin, int64_t end) {
      ++calls;
      for (int result : results)
        for (int64_t row = begin; row < end; ++row)
          static_cast<double *>(arrays[result]->data)[row] =
              (result == 0 ? 1.0 : 10.0) * double(1 + row);
      return int(ATTNRT_OK);
    };
  }

  Verdict run(std::vector<RowFunctions> judges,
              std::vector<const HostTensor *> judged) {
    JudgeRequest request;
    request.function = &function;
    request.judges = std::move(judges);
    request.shapes = {{4}, {4}};
    request.outputs = std::move(judged);
    Expected<Verdict> verdict = verify(request);
    EXPECT_TRUE(verdict) << verdict.status().message();
    return verdict ? *verdict : Verdict{};
  }

  FunctionDescription function;
  std::vector<HostTensor> outputs;
  std::atomic<int> calls{0};
};
} // namespace

TEST_F(TwoResults, EachHasItsOwnReference) {
  RowFunctions first{filling({0}), filling({0})};
  RowFunctions second{filling({1}), filling({1})};
  Verdict verdict = run({first, second}, {&outputs[0], &outputs[1]});
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.outputs.size(), 2u);
  // Neither is filled by what the other names.
  EXPECT_FALSE(run({first, first}, {&outputs[0], &outputs[1]}).passed);
}

TEST_F(TwoResults, OneCallFillsAllThatShareASymbol) {
  for (ResultType &result : function.results)
    result.judge.reference = result.judge.baseline = "both";
  RowFunctions both{filling({0, 1}), filling({0, 1})};
  EXPECT_TRUE(run({both, both}, {&outputs[0], &outputs[1]}).passed);
  int shared = calls;
  calls = 0;
  function.results[1].judge.reference = "other";
  EXPECT_TRUE(run({both, both}, {&outputs[0], &outputs[1]}).passed);
  EXPECT_EQ(2 * calls, 3 * shared);
}

TEST_F(TwoResults, WhatIsNotGivenIsNotJudged) {
  RowFunctions second{filling({1}), filling({1})};
  Verdict verdict = run({{}, second}, {nullptr, &outputs[1]});
  EXPECT_TRUE(verdict.passed);
  ASSERT_EQ(verdict.outputs.size(), 1u);
  EXPECT_EQ(verdict.outputs[0].index, 1);
  outputs[1].as<float>()[2] = 31;
  verdict = run({{}, second}, {nullptr, &outputs[1]});
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(*verdict.outputs[0].worstIndex, (Shape{2}));
}
