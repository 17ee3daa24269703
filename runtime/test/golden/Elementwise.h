//===- Elementwise.h - One instruction on many operands ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_ELEMENTWISE_H
#define ATTNRT_TEST_GOLDEN_ELEMENTWISE_H

#include "Probe.h"

namespace attnrt::golden {

/// A thread has up to three words in %a, %b and %c and leaves one in %d.
struct Elementwise {
  const char *name;
  const char *about;
  const char *instructions;
  unsigned operands;
  Element element;
  const char *target = "sm_80";
  Demand demand = Demand::Equal;
  Bound bound = {};
};

/// `inputs` makes the operands one after the other; `count` of results.
Probe probeOf(const Elementwise &row, const std::string &name, size_t count,
              std::function<Words(Random &)> inputs);
/// The same, of inputs that are drawn once to count them.
Probe probeOf(const Elementwise &row, std::function<Words(Random &)> inputs);

/// "sm_90a" runs on that chip only.
Chips chipsOf(const std::string &target);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_ELEMENTWISE_H
