//===- Span.h - Where the elements of an array are --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_SPAN_H
#define ATTNRT_ABI_SPAN_H

#include "attnrt/Abi.h"

namespace attnrt {

/// The elements from the first to behind the last, in elements from the address
/// of element 0.
struct Span {
  int64_t begin = 0, end = 0;

  int64_t size() const { return end - begin; }
};

inline Span spanOf(const DLTensor &tensor) {
  Span span{0, 1};
  for (int i = 0; i < tensor.ndim; ++i) {
    if (tensor.shape[i] == 0)
      return {};
    int64_t reach = (tensor.shape[i] - 1) * attnrtStride(&tensor, i);
    (reach < 0 ? span.begin : span.end) += reach;
  }
  return span;
}

/// Of element 0.
inline char *addressOf(const DLTensor &tensor) {
  return static_cast<char *>(tensor.data) + tensor.byte_offset;
}

} // namespace attnrt

#endif // ATTNRT_ABI_SPAN_H
