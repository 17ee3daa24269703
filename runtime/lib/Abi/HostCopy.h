//===- HostCopy.h - Arrays where the judge can read them --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_HOSTCOPY_H
#define ATTNRT_ABI_HOSTCOPY_H

#include "attnrt/HostTensor.h"

#include <memory>
#include <string>

namespace attnrt {

/// An array with its own strides in host memory: the caller's where it lies
/// there, else a copy of the memory between its first and its last element.
class HostCopy {
public:
  /// `name` is for messages. Waits for what is queued on the array's device.
  /// The shape and the strides of `tensor` must outlive the copy.
  static Expected<HostCopy> create(const DLTensor &tensor,
                                   const std::string &name);

  DLTensor *dl() { return &view; }

private:
  DLTensor view{};
  std::unique_ptr<char[]> storage;
};

/// The same values as a row-major array.
Expected<HostTensor> compact(const DLTensor &onHost, ElementType type);

} // namespace attnrt

#endif // ATTNRT_ABI_HOSTCOPY_H
