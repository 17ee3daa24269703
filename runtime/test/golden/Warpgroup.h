//===- Warpgroup.h - One wgmma, as text -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_WARPGROUP_H
#define ATTNRT_TEST_GOLDEN_WARPGROUP_H

#include "Formats.h"

namespace attnrt::golden {

/// How an operand lies in shared memory: K-major, or MN-major, in rows of
/// `swizzle` bytes whose chunks of 16 change places, or with none.
struct Layout {
  unsigned swizzle = 128;
  bool mnMajor = false;
  /// Of the start, and of the matrix-descriptor's field.
  unsigned startBytes = 0, baseOffset = 0;

  /// The descriptor of `rows` by 32 bytes that begin `at` bytes behind the
  /// tile, but for the address of that.
  uint64_t descriptor(unsigned rows, unsigned at) const;
};

/// D += A·B once, by one warpgroup. The input of a CTA is an image of shared
/// memory, four words of A for each thread, then its accumulators; the output
/// is the accumulators.
struct Warpgroup {
  Format a = kF16, b = kF16, result = kF32;
  unsigned columns = 64;
  bool fromRegisters = true;
  Layout aLayout, bLayout;
  unsigned bAt = 0; // bytes from the begin of the image
  unsigned imageBytes = 8192;

  static constexpr unsigned kThreads = 128;
  unsigned depth() const { return 256 / a.bits(); }
  /// Words of a thread.
  unsigned accumulators() const { return columns / 2 * result.bits() / 32; }
  unsigned inputWords() const {
    return imageBytes / 4 + kThreads * (4 + accumulators());
  }
  unsigned outputWords() const { return kThreads * accumulators(); }
  std::string text() const;
};

/// What all probes of it have: text, shape, sizes, chip.
Probe probeOf(const Warpgroup &warpgroup, const std::string &name,
              unsigned ctas);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_WARPGROUP_H
