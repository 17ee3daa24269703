//===- Random.h - Reproducible inputs ---------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_RANDOM_H
#define ATTNRT_RANDOM_H

#include <cstdint>

namespace attnrt {

/// xoshiro256**, seeded through splitmix64.
class Random {
public:
  explicit Random(uint64_t seed);
  uint64_t next();
  /// In [0, 1), 53 bits.
  double uniform();
  /// Standard normal, by the ratio of uniforms: but for one comparison in a
  /// hundred it uses only operations that IEEE 754 makes exact everywhere.
  double normal();
  /// In [0, bound), bound > 0.
  uint64_t below(uint64_t bound);

private:
  uint64_t state[4];
};

/// Fills with standard normal numbers that depend on the seed, the stream (e.g.
/// the argument's index) and the position only, not on the number of threads.
void fillNormal(float *values, int64_t count, uint64_t seed, uint64_t stream);

/// Fills with 1, in three of four places, and 0; as reproducible.
void fillTruths(uint8_t *values, int64_t count, uint64_t seed, uint64_t stream);

/// Fills rows with 0, 1, 2, 3, in this order, each in one run. Where runs end
/// depends on the seed and the row's number, in parts of the length: two arrays
/// of as many rows agree, like documents of queries and of keys.
void fillRuns(int32_t *values, int64_t rows, int64_t length, uint64_t seed);

} // namespace attnrt

#endif // ATTNRT_RANDOM_H
