//===- Attention.cpp - Attention, the slow and obvious way ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include <cmath>
#include <limits>

using namespace attnrt::test;

int64_t Attention::at(int64_t heads, int64_t length, int64_t dim, int64_t b,
                      int64_t h, int64_t s, int64_t d) const {
  if (layout == Layout::Bhsd)
    return ((b * heads + h) * length + s) * dim + d;
  return ((b * length + s) * heads + h) * dim + d;
}

static int64_t positionOf(const Attention &problem, int64_t i) {
  switch (problem.causal) {
  case Attention::Causal::None:
  case Attention::Causal::TopLeft:
    return i;
  case Attention::Causal::BottomRight:
    return i + problem.keys - problem.queries;
  case Attention::Causal::Offset:
    return i + problem.causalOffset;
  }
  return i;
}

static bool keeps(const Attention &problem, int64_t b, int64_t h, int64_t i,
                  int64_t j) {
  int64_t p = positionOf(problem, i);
  if (problem.causal != Attention::Causal::None && j > p)
    return false;
  if (problem.windowLeft && j < p - *problem.windowLeft)
    return false;
  if (problem.windowRight && j > p + *problem.windowRight)
    return false;
  return !problem.keep || problem.keep(b, h, i, j);
}

namespace {
/// The scores of one row; only those that are kept.
struct Row {
  std::vector<int64_t> keys;
  std::vector<double> scores;
};
} // namespace

static Row scoresOf(const Attention &problem, const std::vector<double> &q,
                    const std::vector<double> &k, int64_t b, int64_t h,
                    int64_t i) {
  int64_t kvHead = h / (problem.queryHeads / problem.kvHeads);
  Row row;
  for (int64_t j = 0; j < problem.keys; ++j) {
    if (!keeps(problem, b, h, i, j))
      continue;
    double s = 0;
    for (int64_t d = 0; d < problem.qkDim; ++d)
      s += q[problem.at(problem.queryHeads, problem.queries, problem.qkDim, b,
                        h, i, d)] *
           k[problem.at(problem.kvHeads, problem.keys, problem.qkDim, b, kvHead,
                        j, d)];
    s *= problem.scale;
    if (problem.softcap)
      s = *problem.softcap * std::tanh(s / *problem.softcap);
    if (problem.score)
      s = problem.score(s, b, h, i, j);
    row.keys.push_back(j);
    row.scores.push_back(s);
  }
  return row;
}

static double logSumExp(const std::vector<double> &scores) {
  double largest = -std::numeric_limits<double>::infinity();
  for (double s : scores)
    largest = std::fmax(largest, s);
  if (std::isinf(largest))
    return largest;
  double sum = 0;
  for (double s : scores)
    sum += std::exp(s - largest);
  return largest + std::log(sum);
}

AttentionResult attnrt::test::attend(const Attention &problem,
                                     const std::vector<double> &q,
                                     const std::vector<double> &k,
                                     const std::vector<double> &v) {
  AttentionResult result;
  result.out.resize(problem.batch * problem.queryHeads * problem.queries *
                    problem.valueDim);
  result.lse.resize(problem.batch * problem.queryHeads * problem.queries);
  for (int64_t b = 0; b < problem.batch; ++b)
    for (int64_t h = 0; h < problem.queryHeads; ++h)
      for (int64_t i = 0; i < problem.queries; ++i) {
        int64_t kvHead = h / (problem.queryHeads / problem.kvHeads);
        Row row = scoresOf(problem, q, k, b, h, i);
        double lse = logSumExp(row.scores);
        bool masked = std::isinf(lse) && lse < 0;
        result.lse[(b * problem.queryHeads + h) * problem.queries + i] = lse;

        for (int64_t d = 0; d < problem.valueDim; ++d) {
          auto value = [&](int64_t j) {
            return v[problem.at(problem.kvHeads, problem.keys, problem.valueDim,
                                b, kvHead, j, d)];
          };
          double sum = 0;
          if (!masked)
            for (size_t n = 0; n < row.keys.size(); ++n)
              sum += std::exp(row.scores[n] - lse) * value(row.keys[n]);
          else if (problem.maskedRow == Attention::MaskedRow::NaN)
            sum = std::numeric_limits<double>::quiet_NaN();
          else if (problem.maskedRow == Attention::MaskedRow::Uniform)
            for (int64_t j = 0; j < problem.keys; ++j)
              sum += value(j) / static_cast<double>(problem.keys);
          result.out[problem.at(problem.queryHeads, problem.queries,
                                problem.valueDim, b, h, i, d)] = sum;
        }
      }
  return result;
}
