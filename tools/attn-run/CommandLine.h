//===- CommandLine.h - Flags of attn-run ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_COMMANDLINE_H
#define ATTN_RUN_COMMANDLINE_H

#include "attnrt/HostTensor.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace attnrun {

/// The flags, syntactically right; whether they fit the function is seen when
/// there is one.
struct CommandLine {
  std::string input;
  std::optional<std::string> function;
  std::string device = "auto";
  std::optional<std::string> target, schedule;
  /// Empty unless gradients are run: `all` or `saved`.
  std::string vjp;
  bool bench = false;
  std::optional<std::string> threads;
  /// By argument or result index.
  std::map<size_t, attnrt::Shape> shapes;
  std::map<size_t, std::string> args, results;
  uint64_t seed = 0;
  std::optional<std::string> json, replacePtx;
  /// Variables that a flag has set, and that flag.
  std::map<std::string, std::string> flagOfVariable;
};

/// None after --help, which was printed. The --sim flags are stored in their
/// variables, where the simulator reads them.
attnrt::Expected<std::optional<CommandLine>> parseCommandLine(int argc,
                                                              char **argv);

} // namespace attnrun

#endif // ATTN_RUN_COMMANDLINE_H
