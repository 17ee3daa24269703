//===- Domain.cpp - Which values can be judged ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Verify/Domain.h"

#include "attnrt/Float16.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

using namespace attnrt;

static double largestOf(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return 65504;
  case ElementType::BF16:
    return 0x1.fep127;
  case ElementType::F32:
    return std::numeric_limits<float>::max();
  default:
    return std::numeric_limits<double>::max();
  }
}

bool attnrt::isOutsideJudgedRange(ElementType type, double reference,
                                  double baseline) {
  // More than the relative errors of 16-bit weights add up to.
  constexpr double kNear = 0x1p-6;
  if (!std::isfinite(reference))
    return false;
  double toLargest = std::fabs(reference) / largestOf(type);
  bool isNearLargest = std::fabs(toLargest - 1) <= kNear;
  bool overflowsOnTheWay = toLargest < 1 && !std::isfinite(baseline);
  return isNearLargest || overflowsOnTheWay;
}

/// Elements from one index of a dimension to the next; without strides, the
/// array is compact.
static int64_t strideOf(const DLTensor &tensor, int dim) {
  if (tensor.strides)
    return tensor.strides[dim];
  int64_t stride = 1;
  for (int i = dim + 1; i < tensor.ndim; ++i)
    stride *= tensor.shape[i];
  return stride;
}

/// Largest finite magnitude of the elements below dimension `dim`.
static double largestFinite(ElementType type, const DLTensor &tensor, int dim,
                            int64_t offset) {
  if (dim == tensor.ndim) {
    const void *data =
        static_cast<const char *>(tensor.data) + tensor.byte_offset;
    double value = std::fabs(loadAsDouble(type, data, offset));
    return std::isfinite(value) ? value : 0;
  }
  int64_t stride = strideOf(tensor, dim);
  double largest = 0;
  for (int64_t i = 0; i < tensor.shape[dim]; ++i)
    largest = std::max(
        largest, largestFinite(type, tensor, dim + 1, offset + i * stride));
  return largest;
}

std::optional<std::string>
attnrt::whySumsMayOverflow(ElementType type, const DLTensor &argument) {
  constexpr double kLimit = 0x1p127;
  if (!isFloat(type) || argument.ndim == 0)
    return std::nullopt;
  int64_t terms =
      *std::max_element(argument.shape, argument.shape + argument.ndim);
  double largest = largestFinite(type, argument, /*dim=*/0, /*offset=*/0);
  if (largest * static_cast<double>(terms) < kLimit)
    return std::nullopt;
  char text[128];
  std::snprintf(text, sizeof text,
                "holds values up to %.3g, whose sums may overflow in f32",
                largest);
  return text;
}
