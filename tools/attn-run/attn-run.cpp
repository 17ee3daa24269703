//===- attn-run.cpp - Run, verify and time compiled attention -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses flags, opens (or compiles) a package, chooses function and device,
// runs, has the result judged and timed, and reports. Exit status: 0 fine, 1
// wrong result or hazard, 2 unusable input, 3 device or resource failure; the
// reason is one line on stderr.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "CommandLine.h"
#include "Compile.h"
#include "Execution.h"
#include "attnrt/Bench.h"
#include "attnrt/File.h"
#include "attnrt/HostThreads.h"
#include "attnrt/Launch.h"
#include "attnrt/Npy.h"
#include "attnrt/Report.h"
#include "attnrt/Verify.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace attnrt;
using namespace attnrun;

static Expected<Package> openInput(const CommandLine &line) {
  if (!looksLikePackage(line.input)) {
    std::optional<std::string> target = line.target;
    if (!target && line.device == "host")
      target = "host";
    return compileAndOpen(line.input, target, line.schedule, line.vjp);
  }
  if (line.target || line.schedule || !line.vjp.empty())
    return Status::badInput(std::string(line.target     ? "--target"
                                        : line.schedule ? "--schedule"
                                                        : "--vjp") +
                            ": '" + line.input + "' is compiled already");
  return openPackage(line.input);
}

static std::string listNames(const Package &package) {
  std::string names;
  for (const Function &function : package.functions)
    names += (names.empty() ? "" : ", ") + function.description.name;
  return names;
}

static Expected<const Function *> chooseFunction(const Package &package,
                                                 const CommandLine &line) {
  if (package.functions.empty())
    return Status::badInput("no function in '" + line.input + "'");
  if (!line.function) {
    if (package.functions.size() == 1)
      return &package.functions[0];
    return Status::badInput(
        "several functions in '" + line.input +
        "', choose one with --function: " + listNames(package));
  }
  std::string name = *line.function + (line.vjp.empty() ? "" : "_vjp");
  for (const Function &function : package.functions)
    if (function.description.name == name)
      return &function;
  return Status::badInput("no function '" + name + "' in '" + line.input +
                          "', there are: " + listNames(package));
}

/// What can be known to fail before anything runs.
static Status checkOutputs(const Function &function, const CommandLine &line) {
  size_t results = function.description.results.size();
  if (!line.results.empty() && line.results.rbegin()->first >= results)
    return Status::badInput(
        "--result: no result " + std::to_string(line.results.rbegin()->first) +
        ", '" + function.description.name + "' has " + std::to_string(results));
  for (const auto &[index, path] : line.results) {
    Status status = checkWritable(path);
    if (!status.isOk())
      return status;
  }
  return line.json ? checkWritable(*line.json) : Status::ok();
}

static Status applyPtxReplacement(const CommandLine &line) {
  if (!line.replacePtx)
    return Status::ok();
  Expected<std::string> text = readFile(*line.replacePtx);
  if (!text)
    return text.status();
  replacePtx(std::move(*text));
  return Status::ok();
}

/// Code of processors and code of GPUs run on devices of their own.
static Status checkDevice(const Package &package, const CommandLine &line) {
  bool isForHost = package.description.isForHost();
  bool fits = line.device == "auto" || (line.device == "host") == isForHost;
  if (!fits)
    return Status::badInput("--device=" + line.device + ": '" + line.input +
                            "' holds code for " +
                            (isForHost ? "processors" : "GPUs") + " (" +
                            package.description.target + ")" +
                            (isForHost ? ", which runs on host" : ""));
  if (!isForHost && line.threads)
    return Status::badInput("--threads: '" + line.input +
                            "' holds code for GPUs (" +
                            package.description.target + ")");
  if (isForHost && line.replacePtx)
    return Status::badInput("--replace-ptx: '" + line.input +
                            "' holds code for processors (" +
                            package.description.target + ")");
  return Status::ok();
}

static Status applyThreads(const CommandLine &line) {
  if (!line.threads)
    return Status::ok();
  Status status = setLaunchThreads(*line.threads);
  return status.isOk()
             ? status
             : Status(status.code(), "--threads: " + status.message());
}

/// The device that a run without --device is for.
static std::string deviceName(const Package &package, const CommandLine &line) {
  return line.device == "auto" && package.description.isForHost() ? "host"
                                                                  : line.device;
}

/// The number that an argument is, where reports tell it.
static std::optional<int64_t> numberOf(const HostTensor &argument) {
  if (argument.type() != ElementType::I64 || !argument.shape().empty())
    return std::nullopt;
  return *argument.as<int64_t>();
}

static RunRecord beginRecord(const Package &package, const Function &function,
                             const Device &device,
                             const std::vector<HostTensor> &args,
                             const std::vector<Shape> &resultShapes) {
  RunRecord record;
  record.function = function.description.name;
  record.gradientOf = function.description.gradientOf;
  record.target = package.description.target;
  record.device = device.info();
  for (const HostTensor &arg : args) {
    record.args.push_back({arg.shape(), arg.type(), numberOf(arg)});
    record.argumentBytes += arg.bytes();
  }
  for (size_t i = 0; i < resultShapes.size(); ++i)
    record.results.push_back(
        {resultShapes[i], function.description.results[i].type, std::nullopt});
  record.resultBytes = totalBytes(function.description.results, resultShapes);
  return record;
}

static void addKernels(const Package &package, const Function &function,
                       const std::vector<LaunchRecord> &launches,
                       RunRecord &record) {
  for (const std::string &name : function.description.kernels) {
    RunRecord::Kernel kernel;
    kernel.description = *package.description.findKernel(name);
    for (const LaunchRecord &launch : launches)
      if (launch.kernel == name)
        kernel.launch = launch.shape;
    record.kernels.push_back(std::move(kernel));
  }
}

/// Runs once and brings back what there is. Hazards are in the record, not in
/// the status: results are worth judging beside them.
static Expected<std::vector<HostTensor>>
runOnce(Device &device, Execution &execution, RunRecord &record) {
  Status status = execution.poisonResults();
  if (!status.isOk())
    return status;
  status = execution.enqueue();
  if (std::unique_ptr<ExecutionReport> report = device.takeExecutionReport())
    record.sim = std::move(*report);
  bool hadHazards = record.sim && !record.sim->hazards.empty();
  if (!status.isOk() && !hadHazards)
    return status;
  status = device.synchronize();
  if (!status.isOk())
    return status;
  return execution.fetchResults();
}

static Status writeOutputs(const CommandLine &line, const RunRecord &record,
                           const std::vector<HostTensor> &results) {
  OutputFiles files;
  for (const auto &[index, path] : line.results) {
    Status status = files.add(path, toNpy(results[index]));
    if (!status.isOk())
      return status;
  }
  if (line.json) {
    Status status = files.add(*line.json, toJson(record));
    if (!status.isOk())
      return status;
  }
  return files.commit();
}

static Status describeHazards(const RunRecord &record) {
  if (!record.sim || record.sim->hazards.empty())
    return Status::ok();
  const Hazard &first = record.sim->hazards[0];
  size_t count = record.sim->hazards.size();
  std::string line =
      first.ptxLine > 0 ? " at PTX line " + std::to_string(first.ptxLine) : "";
  return Status::wrong(std::to_string(count) +
                       (count == 1 ? " hazard: " : " hazards, the first: ") +
                       first.kind + line + ": " + first.message);
}

static Status conclude(const RunRecord &record) {
  Status hazards = describeHazards(record);
  if (!hazards.isOk())
    return hazards;
  for (const OutputVerdict &output : record.verify->outputs)
    if (!output.passed && !output.isOutside)
      return Status::wrong("result " + std::to_string(output.index) +
                           " is wrong: " + output.reason);
  return Status::ok();
}

static Expected<Timing> timeRuns(Device &device, Execution &execution,
                                 const RunRecord &record, double flops) {
  double bytes = static_cast<double>(record.argumentBytes + record.resultBytes);
  return bench(
      device, [&] { return execution.enqueue(); }, flops, bytes,
      BenchOptions::of(device.info()));
}

/// Fills the record's verdict and gives the FLOP that the function counts.
static Expected<double> judgeResults(const Function &function,
                                     const std::vector<HostTensor> &args,
                                     const std::vector<HostTensor> &results,
                                     const CommandLine &line,
                                     RunRecord &record) {
  TensorViews views(args);
  std::vector<const HostTensor *> outputs;
  for (const HostTensor &result : results)
    outputs.push_back(&result);
  Expected<JudgeRequest> request =
      judgeRequest(function, views.pointers(), std::move(outputs));
  if (!request)
    return request.status();
  request->seed = line.seed;
  Expected<Verdict> verdict = verify(*request);
  if (!verdict)
    return verdict.status();
  record.verify = std::move(*verdict);
  return request->flops;
}

/// Runs, judges and times; fills the record and brings back the results.
static Expected<std::vector<HostTensor>>
measure(Device &device, const Package &package, const Function &function,
        const CommandLine &line, const std::vector<HostTensor> &args,
        const std::vector<Shape> &shapes, RunRecord &record) {
  Execution execution(device, function);
  Status status = execution.prepare(args, shapes);
  if (!status.isOk())
    return status;
  recordLaunches(true);
  takePeakWorkspaceBytes();
  Expected<std::vector<HostTensor>> results =
      runOnce(device, execution, record);
  recordLaunches(false);
  record.workspaceBytes = takePeakWorkspaceBytes();
  if (!results)
    return results;
  addKernels(package, function, takeLaunches(), record);

  Expected<double> flops = judgeResults(function, args, *results, line, record);
  if (!flops)
    return flops.status();

  if (device.info().kind == "host")
    record.host = {*launchThreads(), device.takePeakScratchBytes()};
  if (record.host)
    *record.workspaceBytes += record.host->scratchBytes;
  bool hasTime = device.info().kind != "sim";
  if (line.bench && hasTime && conclude(record).isOk()) {
    Expected<Timing> timing = timeRuns(device, execution, record, *flops);
    if (!timing)
      return timing.status();
    record.timing = *timing;
    if (record.host)
      record.timing->threads = record.host->threads;
  }
  return results;
}

/// Asked before there is any memory: what the function does not take is the
/// input's fault and not the machine's. Files say their shapes when they are
/// read.
static Status checkShapes(const Function &function, const CommandLine &line,
                          const std::vector<Shape> &argShapes) {
  if (!line.args.empty())
    return Status::ok();
  std::vector<TensorView> views;
  for (size_t i = 0; i < argShapes.size(); ++i)
    views.emplace_back(function.description.args[i].type, argShapes[i], nullptr,
                       DLDevice{kDLCPU, 0});
  std::vector<DLTensor *> args;
  for (TensorView &view : views)
    args.push_back(view.dl());
  return resultShapes(function, args).status();
}

static Status run(const CommandLine &line) {
  Expected<Package> package = openInput(line);
  if (!package)
    return package.status();
  Expected<const Function *> function = chooseFunction(*package, line);
  if (!function)
    return function.status();
  Status status = checkDevice(*package, line);
  if (status.isOk())
    status = checkOutputs(**function, line);
  if (status.isOk())
    status = applyThreads(line);
  if (status.isOk())
    status = applyPtxReplacement(line);
  if (!status.isOk())
    return status;
  const FunctionDescription &description = (*function)->description;
  Expected<std::vector<Shape>> argShapes = argumentShapes(description, line);
  if (!argShapes)
    return argShapes.status();

  status = checkShapes(**function, line, *argShapes);
  if (!status.isOk())
    return status;

  Expected<std::unique_ptr<Device>> device =
      openDevice(deviceName(*package, line));
  if (!device)
    return device.status();
  const DeviceInfo &info = (*device)->info();
  status = checkMemory(info, totalBytes(description.args, *argShapes));
  if (!status.isOk())
    return status;
  Expected<std::vector<HostTensor>> args =
      makeArguments(description, line, *argShapes);
  if (!args)
    return args.status();
  Expected<std::vector<Shape>> shapes =
      resultShapes(**function, TensorViews(*args).pointers());
  if (!shapes)
    return shapes.status();
  status = checkMemory(info, totalBytes(description.results, *shapes));
  if (!status.isOk())
    return status;

  RunRecord record =
      beginRecord(*package, **function, **device, *args, *shapes);
  setCurrentDevice(device->get());
  Expected<std::vector<HostTensor>> results =
      measure(**device, *package, **function, line, *args, *shapes, record);
  setCurrentDevice(nullptr);
  if (!results)
    return results.status();

  status = writeOutputs(line, record, *results);
  if (!status.isOk())
    return status;
  print(stdout, record);
  if (line.bench && record.device.kind == "sim")
    std::printf("time     not measured: the simulator has no time\n");
  return conclude(record);
}

/// What a variable is blamed for is the fault of the flag that set it.
static std::string inTermsOfFlags(const std::string &message,
                                  const CommandLine &line) {
  auto flag = line.flagOfVariable.find(message.substr(0, message.find(':')));
  if (flag == line.flagOfVariable.end())
    return message;
  return flag->second + message.substr(flag->first.size());
}

static int report(const Status &status,
                  const CommandLine &commandLine = CommandLine()) {
  std::fflush(stdout);
  // A failure without a message has been reported by attn-compile.
  if (!status.isOk() && !status.message().empty()) {
    std::string line = inTermsOfFlags(status.message(), commandLine);
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::fprintf(stderr, "error: %s\n", line.c_str());
  }
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
