//===- CommandLine.h - The flags of ptx-run ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PTX_RUN_COMMANDLINE_H
#define PTX_RUN_COMMANDLINE_H

#include "attnrt/Device.h"

#include <map>
#include <optional>

namespace ptxrun {

struct CommandLine {
  std::string input, entry;
  std::vector<std::string> arguments;
  attnrt::LaunchShape shape;
  std::optional<std::string> json;
  /// Variables that a flag has set, and that flag.
  std::map<std::string, std::string> flagOfVariable;
};

/// None where help was asked for and given.
attnrt::Expected<std::optional<CommandLine>> parseCommandLine(int argc,
                                                              char **argv);

} // namespace ptxrun

#endif // PTX_RUN_COMMANDLINE_H
