//===- Compare.cpp - One output against its reference ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify/Compare.h"

#include "Verify/Domain.h"
#include "attnrt/Float16.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace attnrt;

/// Below this, values of every type are finite.
static constexpr double kNeverOverflows = 32768;

/// The smaller of two indices, where -1 is none.
static int64_t firstOf(int64_t a, int64_t b) {
  if (a < 0 || b < 0)
    return std::max(a, b);
  return std::min(a, b);
}

void Tally::merge(const Tally &other) {
  // At equal errors the first index wins, so that threads change nothing.
  if (other.worst >= 0 && (worst < 0 || other.error > error ||
                           (other.error == error && other.worst < worst)))
    worst = other.worst;
  error = std::max(error, other.error);
  baselineError = std::max(baselineError, other.baselineError);
  magnitude = std::max(magnitude, other.magnitude);
  poison = firstOf(poison, other.poison);
  mismatch = firstOf(mismatch, other.mismatch);
  outside = firstOf(outside, other.outside);
  anyFinite |= other.anyFinite;
}

static bool isPoison(const HostTensor &tensor, int64_t index) {
  if (sizeInBytes(tensor.type()) == 2)
    return tensor.as<uint16_t>()[index] == 0xffff;
  assert(sizeInBytes(tensor.type()) == 4 && "outputs are of 16 or 32 bits");
  return tensor.as<uint32_t>()[index] == 0xffffffff;
}

static bool sameValue(double a, double b) {
  if (std::isnan(b))
    return std::isnan(a);
  return a == b;
}

static void noteMiss(Tally &tally, int64_t at, bool isOutside) {
  int64_t &first = isOutside ? tally.outside : tally.mismatch;
  first = firstOf(first, at);
}

Tally attnrt::compareRows(const Comparison &comparison, const RowLayout &layout,
                          RowRange range) {
  const HostTensor &output = comparison.output;
  const double *reference = comparison.reference.as<double>();
  const double *baseline = comparison.baseline.as<double>();
  Tally tally;
  for (int64_t row = range.begin; row < range.end; ++row) {
    int64_t base = layout.base(row);
    for (int64_t i = 0; i < layout.width(); ++i) {
      int64_t at = layout.at(base, i);
      double got = output.at(at);
      if (std::isnan(got) && isPoison(output, at)) {
        tally.poison = firstOf(tally.poison, at);
        continue;
      }
      // What overflows in the output's type must be infinite there.
      double expected = reference[at];
      if (!(std::fabs(expected) < kNeverOverflows))
        expected = roundTo(output.type(), expected);
      bool isOutside =
          isOutsideJudgedRange(output.type(), reference[at], baseline[at]);
      bool isFinite = std::isfinite(expected) && std::isfinite(got);
      if (!isFinite || (isOutside && !std::isfinite(baseline[at]))) {
        if (!sameValue(got, roundTo(output.type(), expected)))
          noteMiss(tally, at, isOutside);
        continue;
      }
      tally.anyFinite = true;
      double error = std::fabs(got - reference[at]);
      if (error > tally.error || tally.worst < 0) {
        tally.error = error;
        tally.worst = at;
      }
      tally.magnitude = std::max(tally.magnitude, std::fabs(reference[at]));
      if (std::isfinite(baseline[at]))
        tally.baselineError = std::max(tally.baselineError,
                                       std::fabs(baseline[at] - reference[at]));
    }
  }
  return tally;
}

Scan attnrt::scanRows(const HostTensor &output, const RowLayout &layout,
                      RowRange range) {
  Scan scan;
  for (int64_t row = range.begin; row < range.end; ++row) {
    int64_t base = layout.base(row);
    bool finite = true;
    for (int64_t i = 0; i < layout.width(); ++i) {
      int64_t at = layout.at(base, i);
      if (std::isfinite(output.at(at)))
        continue;
      finite = false;
      if (isPoison(output, at))
        scan.poison = firstOf(scan.poison, at);
    }
    if (!finite)
      scan.nonFiniteRows.push_back(row);
  }
  return scan;
}

static std::string describe(const char *format, double a, double b) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

OutputVerdict attnrt::judge(const Comparison &comparison, const Tally &tally,
                            int64_t chain) {
  const HostTensor &output = comparison.output;
  OutputVerdict verdict;
  if (tally.anyFinite) {
    double tolerance = 2 * tally.baselineError +
                       ulpAt(output.type(), tally.magnitude) + kFlushed;
    if (output.type() == ElementType::F32)
      tolerance +=
          0x1p-23 * static_cast<double>(chain) * std::max(1.0, tally.magnitude);
    verdict.maxAbsError = tally.error;
    verdict.baselineMaxAbsError = tally.baselineError;
    verdict.tolerance = tolerance;
  }

  int64_t worst = tally.worst;
  if (tally.poison >= 0) {
    worst = tally.poison;
    verdict.reason = "value was never written";
  } else if (tally.mismatch >= 0) {
    worst = tally.mismatch;
    verdict.reason =
        describe("expected %g, got %g",
                 comparison.reference.as<double>()[worst], output.at(worst));
  } else if (tally.anyFinite && !(tally.error <= *verdict.tolerance)) {
    verdict.reason = describe("max error %.3g exceeds tolerance %.3g",
                              tally.error, *verdict.tolerance);
  }
  if (verdict.reason.empty() && tally.outside >= 0) {
    worst = tally.outside;
    verdict.isOutside = true;
    verdict.reason =
        describe("expected %g, got %g, where sums may overflow",
                 comparison.reference.as<double>()[worst], output.at(worst));
  }
  verdict.passed = verdict.reason.empty();
  if (worst >= 0)
    verdict.worstIndex = unravel(worst, output.shape());
  return verdict;
}
