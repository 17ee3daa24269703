//===- HostTensor.h - Arrays in host memory ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_HOSTTENSOR_H
#define ATTNRT_HOSTTENSOR_H

#include "attnrt/ElementType.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace attnrt {

using Shape = std::vector<int64_t>;

/// "2x32x1024x128"; "scalar" for rank 0.
std::string toString(const Shape &shape);
/// Number of elements. Negative sizes and products whose bytes do not fit in
/// 63 bits are BadInput.
Expected<int64_t> countElements(const Shape &shape, ElementType type);
/// Row-major strides, in elements.
Shape compactStrides(const Shape &shape);

/// Bytes as a person reads them: "3.0 GiB".
std::string describeBytes(uint64_t bytes);
/// Host memory that can be had without swapping.
uint64_t availableHostBytes();

/// A DLTensor and the arrays it points to. Moving keeps the pointers valid.
class TensorView {
public:
  TensorView(ElementType type, Shape shape, void *data, DLDevice device);
  TensorView(TensorView &&) = default;
  TensorView &operator=(TensorView &&) = default;
  TensorView(const TensorView &) = delete;
  TensorView &operator=(const TensorView &) = delete;

  DLTensor *dl() { return &tensor; }

private:
  Shape sizes, steps;
  DLTensor tensor{};
};

/// A row-major array. Its pages start as zero and cost nothing until touched.
class HostTensor {
public:
  /// Too large for the memory there is: Device, with both sizes.
  static Expected<HostTensor> create(ElementType type, Shape shape);

  ElementType type() const { return elementType; }
  const Shape &shape() const { return sizes; }
  int64_t elements() const { return count; }
  size_t bytes() const { return count * sizeInBytes(elementType); }
  void *data() { return start; }
  const void *data() const { return start; }
  template <typename T>
  T *as() {
    return static_cast<T *>(data());
  }
  template <typename T>
  const T *as() const {
    return static_cast<const T *>(data());
  }
  double at(int64_t index) const;

  TensorView view() const;

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };

  HostTensor(ElementType type, Shape shape, int64_t count, void *memory);

  ElementType elementType;
  Shape sizes;
  int64_t count;
  std::unique_ptr<void, Free> storage;
  void *start;
};

/// The argument list of a call on host tensors, which must outlive it.
class TensorViews {
public:
  explicit TensorViews(const std::vector<HostTensor> &tensors);

  const std::vector<DLTensor *> &pointers() const { return list; }

private:
  std::vector<TensorView> views;
  std::vector<DLTensor *> list;
};

} // namespace attnrt

#endif // ATTNRT_HOSTTENSOR_H
