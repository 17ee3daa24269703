//===- CommandLine.cpp - Flags of attn-run --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

using namespace attnrt;

namespace attnrun {
namespace {

/// The flags as text, as CLI11 leaves them.
struct Texts {
  std::string seed;
  std::vector<std::string> shapes, args, results;
  std::string simSchedule, simMath, simChecks, simMaxInstructions, simMaxMemory;
};

} // namespace

/// Decimal digits only: no sign, no space, no overflow.
static bool parseNumber(std::string_view text, uint64_t &number) {
  number = 0;
  for (char c : text)
    if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, c - '0', &number))
      return false;
  return !text.empty();
}

/// Splits "K=value".
static Status splitIndexed(const char *flag, const std::string &text,
                           size_t &index, std::string &value) {
  size_t equals = text.find('=');
  uint64_t number = 0;
  if (equals == std::string::npos || equals + 1 == text.size() ||
      !parseNumber(std::string_view(text).substr(0, equals), number))
    return Status::badInput(
        std::string(flag) + ": expected K=" +
        (flag == std::string("--shape") ? "SIZExSIZE…" : "FILE") + ", got '" +
        text + "'");
  index = number;
  value = text.substr(equals + 1);
  return Status::ok();
}

static Expected<Shape> parseShape(const std::string &text) {
  Shape shape;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('x', begin), text.size());
    uint64_t size = 0;
    if (!parseNumber(std::string_view(text).substr(begin, end - begin), size) ||
        size > uint64_t(std::numeric_limits<int64_t>::max()))
      return Status::badInput(
          "--shape: expected sizes of at least 0 with x between, got '" + text +
          "'");
    shape.push_back(static_cast<int64_t>(size));
    begin = end + 1;
  }
  return shape;
}

template <typename T>
static Status insertOnce(std::map<size_t, T> &map, const char *flag,
                         const char *what, size_t index, T value) {
  if (map.emplace(index, std::move(value)).second)
    return Status::ok();
  return Status::badInput(std::string(flag) + ": " + what + " " +
                          std::to_string(index) + " is given twice");
}

static Status parseShapes(const std::vector<std::string> &texts,
                          std::map<size_t, Shape> &shapes) {
  for (const std::string &text : texts) {
    size_t index;
    std::string value;
    Status status = splitIndexed("--shape", text, index, value);
    if (!status.isOk())
      return status;
    Expected<Shape> shape = parseShape(value);
    if (!shape)
      return shape.status();
    status = insertOnce(shapes, "--shape", "argument", index, *shape);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}

static Status parseFiles(const char *flag, const char *what,
                         const std::vector<std::string> &texts,
                         std::map<size_t, std::string> &files) {
  for (const std::string &text : texts) {
    size_t index;
    std::string value;
    Status status = splitIndexed(flag, text, index, value);
    if (status.isOk())
      status = insertOnce(files, flag, what, index, value);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}

/// Hands a flag to the simulator, which reads its variable.
static void setVariable(CommandLine &line, const char *name, const char *flag,
                        const std::string &value) {
  if (value.empty())
    return;
  setenv(name, value.c_str(), 1);
  line.flagOfVariable[name] = flag;
}

static Status finish(const Texts &texts, CommandLine &line) {
  if (!texts.seed.empty() && !parseNumber(texts.seed, line.seed))
    return Status::badInput("--seed: expected a number from 0 to 2^64 - 1, "
                            "got '" +
                            texts.seed + "'");
  if (!line.vjp.empty() && line.vjp != "all" && line.vjp != "saved")
    return Status::badInput("--vjp: expected nothing or saved, got '" +
                            line.vjp + "'");
  constexpr std::string_view kDevices[] = {"auto", "cuda", "sim", "host"};
  if (std::find(std::begin(kDevices), std::end(kDevices), line.device) ==
      std::end(kDevices))
    return Status::badInput(
        "--device: expected auto, cuda, sim or host, got '" + line.device +
        "'");
  Status status = parseShapes(texts.shapes, line.shapes);
  if (status.isOk())
    status = parseFiles("--arg", "argument", texts.args, line.args);
  if (status.isOk())
    status = parseFiles("--result", "result", texts.results, line.results);
  setVariable(line, "ATTNRT_SIM_SCHEDULE", "--sim-schedule", texts.simSchedule);
  setVariable(line, "ATTNRT_SIM_MATH", "--sim-math", texts.simMath);
  setVariable(line, "ATTNRT_SIM_CHECKS", "--sim-checks", texts.simChecks);
  setVariable(line, "ATTNRT_SIM_MAX_INSTRUCTIONS", "--sim-max-instructions",
              texts.simMaxInstructions);
  setVariable(line, "ATTNRT_SIM_MAX_MEMORY", "--sim-max-memory",
              texts.simMaxMemory);
  return status;
}

static void addFlags(CLI::App &app, CommandLine &line, Texts &texts) {
  app.add_option("IN", line.input, "attention in MLIR, or a compiled package")
      ->required();
  app.add_option("--function", line.function,
                 "which function; needed where there are several");
  app.add_option(
      "--device", line.device,
      "auto, cuda, sim or host; auto is host for code of processors, "
      "else cuda where one works, else sim");
  app.add_option("--target", line.target,
                 "what to compile for, e.g. sm_80, or host");
  app.add_option("--threads", line.threads,
                 "threads of the device host (default: ATTNRT_THREADS, else "
                 "one for each processor)");
  app.add_option("--schedule", line.schedule,
                 "schedule to compile with, e.g. q=128,kv=128");
  app.add_flag("--vjp{all}", line.vjp,
               "run the gradients of the function: f_vjp for f; saved: from "
               "its results");
  // Verification is what runs anyway; the flag says so in scripts.
  app.add_flag("--verify", "compare the results with the reference (default)");
  app.add_flag("--bench", line.bench, "time it, once it has verified");
  app.add_option("--shape", texts.shapes,
                 "shape of argument K, e.g. 0=2x32x1024x128")
      ->allow_extra_args(false);
  app.add_option("--arg", texts.args,
                 "K=FILE.npy: values of argument K (default: random; normal "
                 "floats, i1 of which 3/4 are true, captured integers 0 to 3 "
                 "in runs)")
      ->allow_extra_args(false);
  app.add_option("--result", texts.results,
                 "K=FILE.npy: where result K goes, as float32")
      ->allow_extra_args(false);
  app.add_option("--seed", texts.seed, "of the random inputs (default: 0)");
  app.add_option("--json", line.json, "where the run record goes");
  app.add_option("--replace-ptx", line.replacePtx,
                 "PTX text to run in place of the compiled one");
  app.add_option("--sim-schedule", texts.simSchedule,
                 "when the simulator completes asynchronous work: late, early, "
                 "torn or random:SEED");
  app.add_option("--sim-math", texts.simMath,
                 "how the simulator computes: fast or exact");
  app.add_option("--sim-checks", texts.simChecks,
                 "the simulator's checks: all, none, or all but some: "
                 "-oob,-uninit; strict makes warnings hazards");
  app.add_option("--sim-max-instructions", texts.simMaxInstructions,
                 "warp instructions after which the simulator stops a thread "
                 "block");
  app.add_option("--sim-max-memory", texts.simMaxMemory,
                 "bytes of the simulated device: arrays and all state");
}

Expected<std::optional<CommandLine>> parseCommandLine(int argc, char **argv) {
  CommandLine line;
  Texts texts;
  CLI::App app("Runs a compiled attention function, verifies its results and "
               "times it.",
               "attn-run");
  addFlags(app, line, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &help) {
    app.exit(help);
    return std::optional<CommandLine>();
  } catch (const CLI::ParseError &failure) {
    return Status::badInput(failure.what());
  }
  Status status = finish(texts, line);
  if (!status.isOk())
    return status;
  return std::optional<CommandLine>(std::move(line));
}

} // namespace attnrun
