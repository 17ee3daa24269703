//===- Products.h - Loops of nothing but products ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PEAKS_PRODUCTS_H
#define ATTNRT_PEAKS_PRODUCTS_H

namespace attnrt {

/// A loop of products on registers: as many independent ones as hide their
/// latency.
struct ProductLoop {
  const char *instructions; // as /proc/cpuinfo spells them
  double flopsPerStep;
  /// Returns a value that depends on all of them.
  float (*run)(int steps);
};

/// The widest that this processor has; null where it has none.
const ProductLoop *f32Products();
const ProductLoop *bf16Products();

} // namespace attnrt

#endif // ATTNRT_PEAKS_PRODUCTS_H
