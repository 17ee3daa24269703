//===- Array.h - Arrays in memory and in .npy files -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PTX_RUN_ARRAY_H
#define PTX_RUN_ARRAY_H

#include "attnrt/HostTensor.h"

#include <optional>

namespace ptxrun {

/// A type of elements: "u32", and how .npy files spell it.
struct ElementKind {
  std::string name, descr;
  size_t bytes = 0;
  bool isFloat = false;
};
std::optional<ElementKind> kindNamed(std::string_view name);

/// Elements of any type, as their bytes.
struct Array {
  std::string descr; // "<u4"
  size_t elementBytes = 1;
  attnrt::Shape shape;
  std::vector<uint8_t> data;

  size_t elements() const { return data.size() / elementBytes; }
};

attnrt::Expected<Array> zeros(const ElementKind &kind, attnrt::Shape shape);
attnrt::Expected<Array> readArray(const std::string &path);
std::string toNpy(const Array &array);

} // namespace ptxrun

#endif // PTX_RUN_ARRAY_H
