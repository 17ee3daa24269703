//===- Product.h - Products as tensor cores compute them --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of an element of the result and what it accumulates to are
// summed as one: all are shifted to the largest exponent among them, what lies
// below the last bit kept is cut off, and the sum, which is exact, is rounded
// once. The exponent of a product is the sum of those of its factors, though
// its significand may have reached two.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_PRODUCT_H
#define ATTNRT_SIM_OPS_PRODUCT_H

#include "Ops/Lanes.h"

#include <string_view>

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// c += a·b, widened to f32. Strides are in elements; columns lie side by side.
struct Product {
  static constexpr unsigned kMaxColumns = 256, kMaxDepth = 32;
  const float *a;
  unsigned aByRow, aByDepth;
  const float *b;
  unsigned bByDepth;
  float *c;
  unsigned cByRow;
  unsigned rows, columns, depth;
};

/// Types that operands and results had before they were widened.
enum class Widened : uint8_t { Half, Bhalf, Tf32, E4m3, E5m2, Single };

/// What differs between architectures, instructions and types.
struct TensorCore {
  Widened a, b, c;
  unsigned bitsKept;   // behind the binary point, while summing
  unsigned resultBits; // of an f32 result, behind the point
  unsigned steps;      // one after the other, each of a part of the depth
};

/// `target` is that of the module: sm_80.
TensorCore coreOfMma(std::string_view target, Widened type, Widened result,
                     unsigned depth);
TensorCore coreOfWgmma(Widened a, Widened b, Widened result);

void multiplyExact(const Product &product, const TensorCore &core);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_PRODUCT_H
