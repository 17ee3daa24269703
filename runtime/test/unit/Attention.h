//===- Attention.h - Attention, the slow and obvious way --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Double precision, one loop per index, no code shared with the compiler: what
// compiled references are checked against.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_ATTENTION_H
#define ATTNRT_TEST_ATTENTION_H

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace attnrt::test {

struct Attention {
  enum class Layout { Bhsd, Bshd };
  enum class Causal { None, TopLeft, BottomRight, Offset };
  /// What a row that keeps no key gives: 0, NaN, or the mean of all values. Its
  /// LSE is -inf under each.
  enum class MaskedRow { Zero, NaN, Uniform };

  int64_t batch = 1, queryHeads = 1, kvHeads = 1;
  int64_t queries = 1, keys = 1;
  int64_t qkDim = 8, valueDim = 8;
  Layout layout = Layout::Bhsd;
  double scale = 1;
  Causal causal = Causal::None;
  int64_t causalOffset = 0;
  /// Counts of keys left and right of the row's position; none is no limit.
  std::optional<int64_t> windowLeft, windowRight;
  std::optional<double> softcap;
  MaskedRow maskedRow = MaskedRow::Zero;
  /// (score, b, h, i, j) -> score, after scale and softcap.
  std::function<double(double, int64_t, int64_t, int64_t, int64_t)> score;
  /// (b, h, i, j) -> whether the key counts, besides causal and window.
  std::function<bool(int64_t, int64_t, int64_t, int64_t)> keep;

  /// Linear index of element (b, h, s, d) of an array with `heads` heads.
  int64_t at(int64_t heads, int64_t length, int64_t dim, int64_t b, int64_t h,
             int64_t s, int64_t d) const;
};

struct AttentionResult {
  /// In the problem's layout.
  std::vector<double> out;
  /// [batch, queryHeads, queries], natural logarithm.
  std::vector<double> lse;
};

AttentionResult attend(const Attention &problem, const std::vector<double> &q,
                       const std::vector<double> &k,
                       const std::vector<double> &v);

} // namespace attnrt::test

#endif // ATTNRT_TEST_ATTENTION_H
