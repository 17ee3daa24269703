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
#include "attnrt/Package.h"

#include <vector>

namespace attnrun {

/// The function's arguments in its own element types: from files where the
/// command line names them, else seeded normal random numbers.
attnrt::Expected<std::vector<attnrt::HostTensor>>
makeArguments(const attnrt::FunctionDescription &function,
              const CommandLine &line);

/// Shapes of the results, by the package's own rules.
attnrt::Expected<std::vector<attnrt::Shape>>
resultShapes(const attnrt::Function &function,
             const std::vector<attnrt::HostTensor> &args);

/// Device where the host does not have that much memory.
attnrt::Status checkHostMemory(uint64_t bytes);

/// "argument 2"
std::string argumentName(size_t index);

} // namespace attnrun

#endif // ATTN_RUN_ARGUMENTS_H
