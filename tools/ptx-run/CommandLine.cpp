//===- CommandLine.cpp - The flags of ptx-run -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "Arguments.h"

#include <CLI/CLI.hpp>

#include <cstdlib>

using namespace attnrt;

namespace ptxrun {
namespace {
/// What has to be read once the flags are known.
struct Texts {
  std::string grid = "1", block = "1", cluster = "1", smem = "0";
};

/// Flags that stand for a variable of the simulator.
struct Setting {
  const char *flag, *variable, *help;
  std::string value{};
};
} // namespace

static std::vector<Setting> settings() {
  return {
      {"--order", "ATTNRT_SIM_SCHEDULE",
       "when asynchronous work is done: late, early, torn or random:SEED"},
      {"--checks", "ATTNRT_SIM_CHECKS",
       "all, none, or all but some: -oob,-uninit; strict makes warnings "
       "hazards"},
      {"--seed", "ATTNRT_SIM_SEED", "which warp begins, or the order of all"},
      {"--math", "ATTNRT_SIM_MATH", "of tensor cores: fast or exact"},
      {"--max-instructions", "ATTNRT_SIM_MAX_INSTRUCTIONS",
       "warp instructions after which a thread block is stopped"},
      {"--max-memory", "ATTNRT_SIM_MAX_MEMORY",
       "bytes of the device: arrays and all state"},
  };
}

static Status readDims(const char *flag, const std::string &text, Dim3 &out) {
  Expected<Shape> sizes = parseSizes(text);
  bool fits = sizes && sizes->size() <= 3;
  for (size_t i = 0; fits && i < sizes->size(); ++i)
    fits = (*sizes)[i] > 0 && (*sizes)[i] <= INT32_MAX;
  if (!fits)
    return Status::badInput(std::string(flag) +
                            ": expected X, XxY or XxYxZ above 0, got '" + text +
                            "'");
  sizes->resize(3, 1);
  out = {static_cast<uint32_t>((*sizes)[0]), static_cast<uint32_t>((*sizes)[1]),
         static_cast<uint32_t>((*sizes)[2])};
  return Status::ok();
}

static Status finish(const Texts &texts, CommandLine &line) {
  Status status = readDims("--grid", texts.grid, line.shape.grid);
  if (status.isOk())
    status = readDims("--block", texts.block, line.shape.block);
  if (status.isOk())
    status = readDims("--cluster", texts.cluster, line.shape.cluster);
  Expected<Shape> bytes = parseSizes(texts.smem);
  if (status.isOk() &&
      (!bytes || bytes->size() != 1 || (*bytes)[0] > INT32_MAX))
    return Status::badInput("--smem: expected a number of bytes, got '" +
                            texts.smem + "'");
  if (status.isOk())
    line.shape.dynamicSharedBytes = static_cast<uint32_t>((*bytes)[0]);
  return status;
}

static void addFlags(CLI::App &app, CommandLine &line, Texts &texts,
                     std::vector<Setting> &all) {
  app.add_option("FILE", line.input, "PTX text")->required();
  app.add_option("ARG", line.arguments,
                 "one for each parameter: FILE.npy, TYPE[SIZES] (zeros), "
                 "either with :OUT.npy behind for what the kernel leaves, "
                 "TYPE=NUMBER, a number of the parameter's size, or "
                 "by-value=FILE.npy");
  app.add_option("--entry", line.entry,
                 "which kernel; needed where there are several");
  app.add_option("--grid", texts.grid, "blocks: X, XxY or XxYxZ (default: 1)");
  app.add_option("--block", texts.block, "threads of a block (default: 1)");
  app.add_option("--cluster", texts.cluster,
                 "blocks of a cluster (default: 1)");
  app.add_option("--smem", texts.smem, "bytes of dynamic shared memory");
  app.add_option("--json", line.json, "where the record goes");
  for (Setting &setting : all)
    app.add_option(setting.flag, setting.value, setting.help);
}

Expected<std::optional<CommandLine>> parseCommandLine(int argc, char **argv) {
  CommandLine line;
  Texts texts;
  std::vector<Setting> all = settings();
  CLI::App app("Runs a kernel of PTX on the simulator and says what is wrong "
               "with it.",
               "ptx-run");
  addFlags(app, line, texts, all);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &help) {
    app.exit(help);
    return std::optional<CommandLine>();
  } catch (const CLI::ParseError &failure) {
    return Status::badInput(failure.what());
  }
  for (const Setting &setting : all) {
    if (setting.value.empty())
      continue;
    setenv(setting.variable, setting.value.c_str(), 1);
    line.flagOfVariable[setting.variable] = setting.flag;
  }
  Status status = finish(texts, line);
  if (!status.isOk())
    return status;
  return std::optional<CommandLine>(std::move(line));
}

} // namespace ptxrun
