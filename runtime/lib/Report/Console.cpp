//===- Console.cpp - The run record for people ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Report.h"

#include <cinttypes>

using namespace attnrt;

/// Hazards shown; the record has all.
static constexpr size_t kShownHazards = 5;

/// "8xbf16" after the shape, as MLIR prints tensors.
static std::string describe(const std::vector<RunRecord::Tensor> &tensors) {
  std::string text;
  for (const RunRecord::Tensor &tensor : tensors) {
    text += text.empty() ? "" : ", ";
    if (!tensor.shape.empty())
      text += toString(tensor.shape) + "x";
    text += nameOf(tensor.type);
    if (tensor.number)
      text += "(" + std::to_string(*tensor.number) + ")";
  }
  return text;
}

static std::string describe(const Dim3 &dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" +
         std::to_string(dim.z);
}

static std::string describeIndex(const Shape &index) {
  std::string text;
  for (int64_t i : index)
    text += (text.empty() ? "" : ", ") + std::to_string(i);
  return "[" + text + "]";
}

static void printKernel(std::FILE *to, const RunRecord::Kernel &kernel) {
  const KernelDescription &description = kernel.description;
  std::fprintf(to, "kernel   %s", description.name.c_str());
  if (kernel.launch)
    std::fprintf(to, "  grid %s  block %s",
                 describe(kernel.launch->grid).c_str(),
                 describe(kernel.launch->block).c_str());
  else
    std::fprintf(to, "  not launched");
  if (description.scratchBytes)
    std::fprintf(to, "  scratch %s",
                 describeBytes(*description.scratchBytes).c_str());
  else
    std::fprintf(to, "  smem %s",
                 describeBytes(description.sharedBytes).c_str());
  if (description.registers)
    std::fprintf(to, "  regs %" PRIu64, *description.registers);
  if (description.spillBytes)
    std::fprintf(to, "  spills %" PRIu64 " B", *description.spillBytes);
  std::fprintf(to, "  [%s]\n", description.schedule.text.c_str());
  for (const std::string &warning : description.ptxasWarnings)
    std::fprintf(to, "         ptxas: %s\n", warning.c_str());
}

static void printVerdict(std::FILE *to, const OutputVerdict &output) {
  std::fprintf(to, "verify   result %d  %s", output.index,
               output.passed      ? "passed"
               : output.isOutside ? "outside the judged range"
                                  : "FAILED");
  if (output.maxAbsError)
    std::fprintf(to, "  max error %.3g  baseline %.3g  tolerance %.3g",
                 *output.maxAbsError, *output.baselineMaxAbsError,
                 *output.tolerance);
  if (output.worstIndex)
    std::fprintf(to, "  at %s", describeIndex(*output.worstIndex).c_str());
  if (output.rowsJudged < output.rowsTotal)
    std::fprintf(to, "  (%" PRId64 " of %" PRId64 " rows judged)",
                 output.rowsJudged, output.rowsTotal);
  std::fprintf(to, "\n");
  if (!output.passed)
    std::fprintf(to, "         %s\n", output.reason.c_str());
}

void attnrt::printHazards(std::FILE *to, const std::vector<Hazard> &hazards) {
  for (size_t i = 0; i < hazards.size() && i < kShownHazards; ++i) {
    const Hazard &hazard = hazards[i];
    std::fprintf(to, "%s  %s  PTX line %d  cta %u,%u,%u",
                 hazard.isWarning ? "warning" : "hazard ", hazard.kind.c_str(),
                 hazard.ptxLine, hazard.cta.x, hazard.cta.y, hazard.cta.z);
    if (hazard.warp >= 0)
      std::fprintf(to, "  warp %d", hazard.warp);
    std::fprintf(to, "\n         %s\n", hazard.message.c_str());
  }
  if (hazards.size() > kShownHazards)
    std::fprintf(to, "         and %zu more\n", hazards.size() - kShownHazards);
}

void attnrt::print(std::FILE *to, const ExecutionReport &report) {
  std::fprintf(to,
               "sim      %" PRIu64 " warp instructions  %zu hazard%s  "
               "%" PRIu64 " bank conflict%s  (%.2f s on %u host thread%s)\n",
               report.warpInstructions, report.hazards.size(),
               report.hazards.size() == 1 ? "" : "s", report.bankConflicts,
               report.bankConflicts == 1 ? "" : "s", report.seconds,
               report.threads, report.threads == 1 ? "" : "s");
  printHazards(to, report.hazards);
  printHazards(to, report.warnings);
}

/// A processor's rate would be 0.1 TFLOP/s.
static void printTiming(std::FILE *to, const Timing &timing) {
  bool isOfProcessor = timing.threads.has_value();
  std::fprintf(to,
               "time     median %.4f ms  p10 %.4f  p90 %.4f  (%d runs)  "
               "%.1f %s  %.1f GB/s\n",
               timing.medianMs, timing.p10Ms, timing.p90Ms, timing.repeats,
               isOfProcessor ? 1000 * timing.tflops : timing.tflops,
               isOfProcessor ? "GFLOP/s" : "TFLOP/s", timing.gbytesPerSecond);
}

void attnrt::print(std::FILE *to, const RunRecord &record) {
  std::fprintf(to, "context  %s on %s (%s), target %s\n",
               record.function.c_str(), record.device.kind.c_str(),
               record.device.name.c_str(), record.target.c_str());
  std::fprintf(to, "tensors  %s -> %s\n", describe(record.args).c_str(),
               describe(record.results).c_str());
  for (const RunRecord::Kernel &kernel : record.kernels)
    printKernel(to, kernel);
  if (record.sim)
    print(to, *record.sim);
  if (record.host)
    std::fprintf(to, "host     %u thread%s\n", record.host->threads,
                 record.host->threads == 1 ? "" : "s");
  if (record.verify)
    for (const OutputVerdict &output : record.verify->outputs)
      printVerdict(to, output);
  if (record.timing)
    printTiming(to, *record.timing);
}
