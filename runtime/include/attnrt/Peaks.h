//===- Peaks.h - What the processor can do at best --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PEAKS_H
#define ATTNRT_PEAKS_H

#include "attnrt/Status.h"

#include <string>

namespace attnrt {

/// The most that launchThreads() threads together were seen to do.
struct Peaks {
  /// One kind of product: multiplications and additions a second, and the
  /// instructions ("avx512f"). Empty and 0 where the processor has none.
  struct Products {
    std::string instructions;
    double gflops = 0;
  };

  unsigned threads = 0;
  Products f32;  // products and sums in f32
  Products bf16; // dot products of bf16, sums in f32
  /// Of arrays beyond the caches. What a copy moves is read and written, and
  /// counts twice.
  double readGbytesPerSecond = 0;
  double copyGbytesPerSecond = 0;
};

/// Takes some tenths of a second.
Expected<Peaks> measurePeaks();

} // namespace attnrt

#endif // ATTNRT_PEAKS_H
