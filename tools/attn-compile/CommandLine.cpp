//===- CommandLine.cpp - Flags of attn-compile ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CommandLine.h"

#include "attn/Target/TargetRegistry.h"

#include <CLI/CLI.hpp>

#include <map>

namespace attncompile {

static const std::map<std::string, Emit> kEmits = {
    {"tile", Emit::Tile},    {"nvvm", Emit::NVVM},     {"ptx", Emit::Ptx},
    {"cubin", Emit::Cubin},  {"vector", Emit::Vector}, {"llvm", Emit::LLVMIR},
    {"asm", Emit::Assembly}, {"so", Emit::Package}};

const char *nameOf(Emit emit) {
  for (const auto &[name, value] : kEmits)
    if (value == emit)
      return name.c_str();
  return "";
}

/// Values that are not free text.
struct Texts {
  std::string emit = "so", report, numerics = "strict", vjp;
};

static void addFlags(CLI::App &app, CommandLine &line, Texts &texts) {
  app.add_option("IN", line.input, "MLIR of any stage; - is standard input")
      ->required();
  app.add_option("-o,--output", line.output, "where the result goes");
  app.add_option("--target", line.target,
                 "chip or kind of processor to compile for, or host, the "
                 "machine that compiles (default: the GPU present, else " +
                     attn::defaultTarget().name.str() + ")");
  app.add_option("--emit", texts.emit,
                 "so or tile; for GPUs cubin, ptx or nvvm; for processors "
                 "asm, llvm or vector");
  app.add_option("--schedule", line.schedule,
                 "keys of the schedule to override, e.g. q=128,kv=64; "
                 "docs/generated/ScheduleKeys.md lists them");
  app.add_flag("--vjp{all}", texts.vjp,
               "compile the gradients of the functions, f_vjp for f; saved: "
               "from the results of f");
  app.add_option("--report", texts.report,
                 "json: what was compiled, on standard output");
  app.add_option("--dump-after-each", line.dumpDirectory,
                 "directory for the IR after each pass");
  app.add_option("--numerics", texts.numerics,
                 "strict or flash: norms and rotations before attention round "
                 "as separate operations would, or once, at the end");
  app.add_flag("--no-relax", line.mustNotRelax,
               "refuse kernels that spill with the schedule of the table, "
               "instead of trying smaller tiles");
}

static std::string check(const Texts &texts, CommandLine &line) {
  auto emit = kEmits.find(texts.emit);
  if (emit == kEmits.end())
    return "--emit: expected so, tile, cubin, ptx, nvvm, asm, llvm or "
           "vector, got '" +
           texts.emit + "'";
  line.emit = emit->second;
  if (texts.numerics != "strict" && texts.numerics != "flash")
    return "--numerics: expected strict or flash, got '" + texts.numerics + "'";
  if (texts.numerics == "flash")
    line.numerics = attn::NumericsPolicy::flash;
  if (!texts.report.empty() && texts.report != "json")
    return "--report: expected json, got '" + texts.report + "'";
  line.reports = !texts.report.empty();
  if (!texts.vjp.empty() && texts.vjp != "all" && texts.vjp != "saved")
    return "--vjp: expected nothing or saved, got '" + texts.vjp + "'";
  line.vjp = texts.vjp.empty()    ? Vjp::None
             : texts.vjp == "all" ? Vjp::All
                                  : Vjp::FromSaved;
  return "";
}

std::optional<CommandLine> parseCommandLine(int argc, char **argv,
                                            std::string &error) {
  CommandLine line;
  Texts texts;
  CLI::App app("Compiles functions on attention to a package of kernels.",
               "attn-compile");
  addFlags(app, line, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &help) {
    app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError &failure) {
    error = failure.what();
    return std::nullopt;
  }
  error = check(texts, line);
  return line;
}

} // namespace attncompile
