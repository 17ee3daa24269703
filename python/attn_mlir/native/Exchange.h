//===- Exchange.h - Arrays of Python as descriptors -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two ways lead from an array of Python to a DLTensor. Types such as
// torch.Tensor publish a table of C functions (`__dlpack_c_exchange_api__`,
// from DLPack 1.2 on), which fills in a descriptor without making an object;
// any other array is asked for a capsule by `__dlpack__`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_MLIR_EXCHANGE_H
#define ATTN_MLIR_EXCHANGE_H

#include <dlpack/dlpack.h>
#include <nanobind/nanobind.h>

#include <vector>

namespace attnpy {

/// Descriptors of arrays for the length of a call. What they point at lives as
/// long as the arrays do, or as the borrowed capsules in here.
class Descriptors {
public:
  ~Descriptors();
  /// Throws where `arrays` holds what is no array.
  void read(nanobind::handle arrays);
  DLTensor *const *pointers() const { return pointers_; }
  size_t size() const { return count; }
  /// The stream on which the arrays' framework works on their device; null on
  /// the host, and where the framework names none.
  void *stream() const;

  static constexpr size_t kMost = 32;

private:
  void readOne(nanobind::handle array, DLTensor &into);

  size_t count = 0;
  DLTensor tensors[kMost];
  DLTensor *pointers_[kMost];
  const struct ExchangeTable *streams = nullptr;
  std::vector<nanobind::object> capsules;
};

} // namespace attnpy

#endif // ATTN_MLIR_EXCHANGE_H
