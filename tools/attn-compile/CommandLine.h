//===- CommandLine.h - Flags of attn-compile --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TOOLS_ATTN_COMPILE_COMMANDLINE_H
#define ATTN_TOOLS_ATTN_COMPILE_COMMANDLINE_H

#include "attn/Pipeline/Pipelines.h"
#include "attn/Target/TargetRegistry.h"

#include <optional>
#include <string>
#include <vector>

namespace attncompile {

/// Whether gradients are compiled in place of the functions, and what those
/// compute again.
enum class Vjp { None, All, FromSaved };

enum class Emit { Tile, NVVM, Ptx, Cubin, Vector, LLVMIR, Assembly, Package };

struct CommandLine {
  std::string input;
  std::string output; // empty: beside the working directory, or stdout
  /// As given, with commas between several. Empty: the GPU present, else the
  /// default.
  std::string target;
  /// The same, the best first; several only of processors.
  std::vector<const attn::TargetDesc *> targets;
  std::string schedule;
  std::string dumpDirectory;
  /// What is rounded where attention takes in what stands before it.
  attn::NumericsPolicy numerics = attn::NumericsPolicy::strict;
  bool mustNotRelax = false;
  Emit emit = Emit::Package;
  bool reports = false;
  Vjp vjp = Vjp::None;
};

/// No value after --help, which is printed. A message where the line cannot be
/// used.
std::optional<CommandLine> parseCommandLine(int argc, char **argv,
                                            std::string &error);

/// "so", "ptx", …: also the ending of the default output file.
const char *nameOf(Emit emit);

} // namespace attncompile

#endif // ATTN_TOOLS_ATTN_COMPILE_COMMANDLINE_H
