//===- Execution.h - One function on one device -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_EXECUTION_H
#define ATTN_RUN_EXECUTION_H

#include "attnrt/Device.h"
#include "attnrt/HostTensor.h"
#include "attnrt/Package.h"

#include <vector>

namespace attnrun {

/// Device copies of a function's arguments and room for its results.
class Execution {
public:
  Execution(attnrt::Device &device, const attnrt::Function &function)
      : device(device), function(function) {}
  Execution(const Execution &) = delete;
  Execution &operator=(const Execution &) = delete;
  ~Execution();

  attnrt::Status prepare(const std::vector<attnrt::HostTensor> &args,
                         const std::vector<attnrt::Shape> &resultShapes);
  /// Overwrites all results with what no kernel writes.
  attnrt::Status poisonResults();
  /// Calls the function's entry once, on the default stream.
  attnrt::Status enqueue();
  attnrt::Expected<std::vector<attnrt::HostTensor>> fetchResults();

private:
  struct Buffer {
    attnrt::DeviceAddress address;
    size_t bytes;
  };

  attnrt::Status addBuffer(attnrt::ElementType type, const attnrt::Shape &shape,
                           std::vector<Buffer> &buffers,
                           std::vector<attnrt::TensorView> &views);

  attnrt::Device &device;
  const attnrt::Function &function;
  std::vector<Buffer> argBuffers, resultBuffers;
  std::vector<attnrt::TensorView> args, results;
  std::vector<attnrt::Shape> resultShapes;
};

} // namespace attnrun

#endif // ATTN_RUN_EXECUTION_H
