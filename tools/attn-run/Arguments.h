//===- Arguments.h - Input tensors ------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_ARGUMENTS_H
#define ATTN_RUN_ARGUMENTS_H

#include "CommandLine.h"
#include "attnrt/Device.h"
#include "attnrt/Package.h"

#include <vector>

namespace attnrun {

/// Checks the flags about arguments and gives their shapes; that of an argument
/// which comes from a file is left empty.
attnrt::Expected<std::vector<attnrt::Shape>>
argumentShapes(const attnrt::FunctionDescription &function,
               const CommandLine &line);

/// Device where `bytes` of tensors do not fit into the device, or their copies
/// not into the host.
attnrt::Status checkMemory(const attnrt::DeviceInfo &device, uint64_t bytes);

/// Bytes of tensors of these shapes, which were counted before.
template <typename Type>
uint64_t totalBytes(const std::vector<Type> &types,
                    const std::vector<attnrt::Shape> &shapes) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < shapes.size(); ++i)
    if (auto count = attnrt::countElements(shapes[i], types[i].type))
      bytes +=
          static_cast<uint64_t>(*count) * attnrt::sizeInBytes(types[i].type);
  return bytes;
}

/// The function's arguments in its own element types: from files where the
/// command line names them, else seeded normal random numbers.
attnrt::Expected<std::vector<attnrt::HostTensor>>
makeArguments(const attnrt::FunctionDescription &function,
              const CommandLine &line,
              const std::vector<attnrt::Shape> &shapes);

/// "argument 2"
std::string argumentName(size_t index);

} // namespace attnrun

#endif // ATTN_RUN_ARGUMENTS_H
