//===- ptx-run.cpp - Run a kernel of PTX on the simulator -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads PTX and arguments, runs one kernel, prints hazards and counters and
// writes the arrays that were asked for. Exit status: 0 fine, 1 a hazard, 2
// unusable input, 3 a resource that is missing; the reason is one line on
// stderr. Nothing is written unless the kernel came to its end.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "CommandLine.h"
#include "attnrt/File.h"
#include "attnrt/Report.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <new>

using namespace attnrt;
using namespace ptxrun;

static Expected<sim::KernelInfo> chooseKernel(const sim::Program &program,
                                              const CommandLine &line) {
  std::vector<sim::KernelInfo> kernels = sim::kernelsOf(program);
  std::string names;
  for (const sim::KernelInfo &kernel : kernels) {
    if (kernel.name == line.entry ||
        (line.entry.empty() && kernels.size() == 1))
      return kernel;
    names += (names.empty() ? "" : ", ") + kernel.name;
  }
  if (kernels.empty())
    return Status::badInput("no kernel in '" + line.input + "'");
  if (line.entry.empty())
    return Status::badInput("several kernels in '" + line.input +
                            "', choose one with --entry: " + names);
  return Status::badInput("no kernel '" + line.entry + "' in '" + line.input +
                          "', there are: " + names);
}

/// What can be known to fail before anything runs.
static Status checkOutputs(const CommandLine &line,
                           const std::vector<Argument> &arguments) {
  for (const Argument &argument : arguments)
    if (!argument.out.empty()) {
      Status status = checkWritable(argument.out);
      if (!status.isOk())
        return status;
    }
  return line.json ? checkWritable(*line.json) : Status::ok();
}

/// Brings arrays to the device; their addresses are the parameters.
static Status place(sim::GlobalMemory &memory,
                    std::vector<Argument> &arguments) {
  for (Argument &argument : arguments) {
    if (!argument.array)
      continue;
    const std::vector<uint8_t> &data = argument.array->data;
    Expected<uint64_t> address = memory.allocate(data.size());
    if (!address)
      return address.status();
    argument.address = *address;
    Status status = memory.write(*address, data.data(), data.size());
    if (!status.isOk())
      return status;
    argument.value.resize(8);
    std::memcpy(argument.value.data(), &*address, 8);
  }
  return Status::ok();
}

/// Takes the arrays back; elements that changed, by argument.
static Expected<std::vector<size_t>>
takeBack(sim::GlobalMemory &memory, std::vector<Argument> &arguments) {
  std::vector<size_t> changed;
  for (Argument &argument : arguments) {
    changed.push_back(0);
    if (!argument.array)
      continue;
    Array &array = *argument.array;
    std::vector<uint8_t> now(array.data.size());
    Status status = memory.read(now.data(), argument.address, now.size());
    if (!status.isOk())
      return status;
    for (size_t at = 0; at < now.size(); at += array.elementBytes)
      changed.back() +=
          std::memcmp(&now[at], &array.data[at], array.elementBytes) != 0;
    array.data = std::move(now);
  }
  return changed;
}

static nlohmann::ordered_json listOf(const Dim3 &dims) {
  return {dims.x, dims.y, dims.z};
}

static std::string recordOf(const sim::KernelInfo &kernel,
                            const CommandLine &line,
                            const std::vector<Argument> &arguments,
                            const std::vector<size_t> &changed,
                            const ExecutionReport &report) {
  nlohmann::ordered_json args = nlohmann::ordered_json::array();
  for (size_t i = 0; i < arguments.size(); ++i) {
    nlohmann::ordered_json arg = {{"text", arguments[i].text}};
    if (arguments[i].array) {
      arg["shape"] = arguments[i].array->shape;
      arg["changed"] = changed[i];
    }
    args.push_back(std::move(arg));
  }
  nlohmann::ordered_json record = {
      {"kernel", kernel.name},
      {"grid", listOf(line.shape.grid)},
      {"block", listOf(line.shape.block)},
      {"cluster", listOf(line.shape.cluster)},
      {"dynamic_shared_bytes", line.shape.dynamicSharedBytes},
      {"args", std::move(args)},
      {"sim", nlohmann::ordered_json::parse(toJson(report))}};
  return record.dump(2, ' ', false,
                     nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

static Status writeOutputs(const CommandLine &line,
                           const std::vector<Argument> &arguments,
                           const std::string &record) {
  OutputFiles files;
  Status status;
  for (const Argument &argument : arguments)
    if (status.isOk() && !argument.out.empty())
      status = files.add(argument.out, toNpy(*argument.array));
  if (status.isOk() && line.json)
    status = files.add(*line.json, record);
  return status.isOk() ? files.commit() : status;
}

static void printResult(const sim::KernelInfo &kernel, const CommandLine &line,
                        const std::vector<Argument> &arguments,
                        const std::vector<size_t> &changed,
                        const ExecutionReport &report) {
  const LaunchShape &shape = line.shape;
  std::printf("kernel   %s  grid %ux%ux%u  block %ux%ux%u  smem %llu B\n",
              kernel.name.c_str(), shape.grid.x, shape.grid.y, shape.grid.z,
              shape.block.x, shape.block.y, shape.block.z,
              static_cast<unsigned long long>(kernel.staticSharedBytes) +
                  shape.dynamicSharedBytes);
  print(stdout, report);
  for (size_t i = 0; i < arguments.size(); ++i)
    if (changed[i])
      std::printf("changed  argument %zu  %s  %zu of %zu elements\n", i,
                  arguments[i].text.c_str(), changed[i],
                  arguments[i].array->elements());
}

static Status run(const CommandLine &line) {
  Expected<std::string> text = readFile(line.input);
  if (!text)
    return text.status();
  Expected<sim::Options> options = sim::Options::fromEnvironment();
  if (!options)
    return options.status();
  Expected<std::shared_ptr<const sim::Program>> program = sim::decode(*text);
  if (!program)
    return Status(program.status().code(),
                  "'" + line.input + "': " + program.status().message());
  Expected<sim::KernelInfo> kernel = chooseKernel(**program, line);
  if (!kernel)
    return kernel.status();
  Expected<std::vector<Argument>> arguments =
      readArguments(*kernel, line.arguments);
  if (!arguments)
    return arguments.status();
  Status status = checkOutputs(line, *arguments);
  if (!status.isOk())
    return status;

  sim::GlobalMemory memory(
      std::min(options->maxMemoryBytes, availableHostBytes()));
  status = place(memory, *arguments);
  if (!status.isOk())
    return status;
  std::vector<void *> params;
  for (Argument &argument : *arguments)
    params.push_back(argument.value.data());
  ExecutionReport report;
  status = sim::run(**program, kernel->name, line.shape, params.data(), memory,
                    *options, report);
  if (!status.isOk())
    return status;
  Expected<std::vector<size_t>> changed = takeBack(memory, *arguments);
  if (!changed)
    return changed.status();
  status = writeOutputs(line, *arguments,
                        recordOf(*kernel, line, *arguments, *changed, report));
  if (!status.isOk())
    return status;
  printResult(*kernel, line, *arguments, *changed, report);
  if (report.hazards.empty())
    return Status::ok();
  return Status::wrong(std::to_string(report.hazards.size()) +
                       (report.hazards.size() == 1 ? " hazard" : " hazards"));
}

/// What a variable is blamed for is the fault of the flag that set it.
static int report(const Status &status, const CommandLine &line = {}) {
  std::fflush(stdout);
  if (status.isOk())
    return 0;
  std::string message = status.message();
  auto flag = line.flagOfVariable.find(message.substr(0, message.find(':')));
  if (flag != line.flagOfVariable.end())
    message = flag->second + message.substr(flag->first.size());
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return static_cast<int>(status.code());
}

int main(int argc, char **argv) {
  try {
    Expected<std::optional<CommandLine>> line = parseCommandLine(argc, argv);
    if (!line)
      return report(line.status());
    if (!*line)
      return 0;
    return report(run(**line), **line);
  } catch (const std::bad_alloc &) {
    return report(Status::device("out of host memory"));
  }
}
