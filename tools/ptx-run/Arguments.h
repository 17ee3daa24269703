//===- Arguments.h - What a kernel is given ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PTX_RUN_ARGUMENTS_H
#define PTX_RUN_ARGUMENTS_H

#include "Array.h"
#include "Run/Simulator.h"

namespace ptxrun {

/// One argument: an array of the device, or the parameter's own bytes.
struct Argument {
  std::string text; // as it was given
  std::optional<Array> array;
  std::string out; // where the array goes afterwards; empty for nowhere
  std::vector<uint8_t> value;
  uint64_t address = 0; // of the array, on the device
};

/// Reads the arguments against the parameters that the kernel declares.
attnrt::Expected<std::vector<Argument>>
readArguments(const attnrt::sim::KernelInfo &kernel,
              const std::vector<std::string> &texts);

/// "4x2" or "4x2x1", without anything else.
attnrt::Expected<attnrt::Shape> parseSizes(const std::string &text);

} // namespace ptxrun

#endif // PTX_RUN_ARGUMENTS_H
