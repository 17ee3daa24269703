//===- Comparison.h - Whether two devices agree -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_COMPARISON_H
#define ATTNRT_TEST_GOLDEN_COMPARISON_H

#include "Recording.h"

namespace attnrt::golden {

enum class Agreement : uint8_t {
  Equal,   // to the bit, or refused by both
  Near,    // within the probe's bound
  Shown,   // not compared
  Omitted, // the simulator says that it does not model it
  Skipped, // recorded on a chip that it is not for
  Differs,
  Stale,   // the probe has changed since it was recorded
  Missing, // not recorded
};
inline constexpr const char *kAgreements[] = {"equal",   "near",    "shown",
                                              "omitted", "skipped", "differs",
                                              "stale",   "missing"};

struct Verdict {
  Agreement agreement;
  std::string text; // one line, or one for each value that is shown
};

/// `recorded` is null where there is no answer; `isSim` says who answered
/// `here`.
Verdict compare(const Probe &probe, const Answer *recorded, const Answer &here,
                const Words &inputs, bool isSim);

/// The steps between two words, the larger of its elements; infinite where one
/// of them only is NaN, or where bits have no order.
double ulpsBetween(Element element, uint32_t a, uint32_t b);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_COMPARISON_H
