//===- Compare.h - One output against its reference -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_VERIFY_COMPARE_H
#define ATTNRT_VERIFY_COMPARE_H

#include "Verify/Rows.h"
#include "attnrt/Verify.h"

namespace attnrt {

/// What was seen over a part of an output. The index of a value that must not
/// be there is -1 where there is none.
struct Tally {
  double error = 0, baselineError = 0, magnitude = 0;
  int64_t worst = -1;
  int64_t poison = -1;
  int64_t mismatch = -1;
  int64_t outside = -1; // a value that misses, outside of the judged range
  bool anyFinite = false;

  void merge(const Tally &other);
};

struct Comparison {
  const HostTensor &output;
  const HostTensor &reference, &baseline; // f64
};

/// Compares the values of rows [begin, end).
Tally compareRows(const Comparison &comparison, const RowLayout &layout,
                  RowRange range);

/// What a look at the output alone shows.
struct Scan {
  int64_t poison = -1;
  std::vector<int64_t> nonFiniteRows; // sorted
};

Scan scanRows(const HostTensor &output, const RowLayout &layout,
              RowRange range);

/// Applies the rule of Verify.h.
OutputVerdict judge(const Comparison &comparison, const Tally &tally,
                    int64_t chain);

} // namespace attnrt

#endif // ATTNRT_VERIFY_COMPARE_H
