//===- Json.cpp - The run record as JSON ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Report.h"

#include <nlohmann/json.hpp>

using namespace attnrt;
using Json = nlohmann::ordered_json;

static constexpr int kRecordSchema = 1;
/// Instructions with bank conflicts, of each kernel.
static constexpr size_t kShownConflicts = 16;

template <typename T>
static Json orNull(const std::optional<T> &value) {
  return value ? Json(*value) : Json(nullptr);
}

static Json toJson(const Dim3 &dim) { return {dim.x, dim.y, dim.z}; }

static Json toJson(const std::vector<RunRecord::Tensor> &tensors) {
  Json list = Json::array();
  for (const RunRecord::Tensor &tensor : tensors) {
    list.push_back({{"shape", tensor.shape}, {"type", nameOf(tensor.type)}});
    if (tensor.number)
      list.back()["value"] = *tensor.number;
  }
  return list;
}

static Json toJson(const RunRecord::Kernel &kernel) {
  const KernelDescription &description = kernel.description;
  Json grid = nullptr;
  Json block = description.block;
  if (kernel.launch) {
    grid = toJson(kernel.launch->grid);
    block = toJson(kernel.launch->block);
  }
  return {{"name", description.name},
          {"grid", grid},
          {"block", block},
          {"smem_bytes", description.sharedBytes},
          {"scratch_bytes", orNull(description.scratchBytes)},
          {"registers", orNull(description.registers)},
          {"spill_bytes", orNull(description.spillBytes)},
          {"ptxas_warnings", description.ptxasWarnings},
          {"schedule", description.schedule.text}};
}

static Json toJson(const Verdict &verdict) {
  Json outputs = Json::array();
  for (const OutputVerdict &output : verdict.outputs) {
    Json entry = {
        {"index", output.index},
        {"max_abs_error", orNull(output.maxAbsError)},
        {"baseline_max_abs_error", orNull(output.baselineMaxAbsError)},
        {"tolerance", orNull(output.tolerance)},
        {"worst_index", orNull(output.worstIndex)},
        {"rows_judged", output.rowsJudged},
        {"rows_total", output.rowsTotal}};
    if (!output.passed) {
      entry["reason"] = output.reason;
      entry["outside_judged_range"] = output.isOutside;
    }
    outputs.push_back(std::move(entry));
  }
  // Neither where the only values that miss the rule cannot be judged.
  Json passed = verdict.passed || verdict.isWrong() ? Json(verdict.passed)
                                                    : Json(nullptr);
  return {{"passed", std::move(passed)}, {"outputs", std::move(outputs)}};
}

static Json toJson(const Timing &timing) {
  return {{"median_ms", timing.medianMs},
          {"p10_ms", timing.p10Ms},
          {"p90_ms", timing.p90Ms},
          {"repeats", timing.repeats},
          {"tflops", timing.tflops},
          {"gbytes_per_s", timing.gbytesPerSecond},
          {"threads", orNull(timing.threads)}};
}

static Json toJson(const RunRecord::Host &host) {
  return {{"threads", host.threads}, {"scratch_bytes", host.scratchBytes}};
}

static Json toJson(const std::vector<Hazard> &hazards) {
  Json json = Json::array();
  for (const Hazard &hazard : hazards)
    json.push_back(
        {{"kind", hazard.kind},
         {"ptx_line",
          hazard.ptxLine > 0 ? Json(hazard.ptxLine) : Json(nullptr)},
         {"cta", toJson(hazard.cta)},
         {"warp", hazard.warp >= 0 ? Json(hazard.warp) : Json(nullptr)},
         {"message", hazard.message}});
  return json;
}

/// An object of what an enumeration counts, by these names.
template <typename Counts, size_t kSize>
static Json toJson(const Counts &counts, const char *const (&names)[kSize]) {
  Json json = Json::object();
  for (size_t i = 0; i < kSize; ++i)
    json[names[i]] = counts.values[i];
  return json;
}

static Json toJson(const InstructionCounts &counts) {
  return toJson(counts, kInstructionClassNames);
}

static Json toJson(const KernelCounters::Product &product) {
  return {{"instruction", product.instruction},
          {"shape", product.shape},
          {"types", product.types},
          {"a", product.fromRegisters ? "registers" : "shared"},
          {"count", product.count},
          {"flops", product.flops}};
}

static Json orNull(const std::string &text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

static Json toJson(const KernelCounters::Conflict &conflict) {
  return {{"ptx_line", conflict.ptxLine},      {"text", conflict.text},
          {"origin", orNull(conflict.origin)}, {"accesses", conflict.accesses},
          {"wavefronts", conflict.wavefronts}, {"extra", conflict.extra}};
}

static Json toJson(const BarrierCounts &counts) {
  return {{"arrivals", counts.arrivals},
          {"waits", counts.waits},
          {"incomplete", counts.incomplete}};
}

static Json toJson(const KernelCounters::NamedBarrier &barrier) {
  Json json = {{"id", barrier.id}};
  json.update(toJson(barrier.counts));
  return json;
}

static Json toJson(const KernelCounters::MBarrier &barrier) {
  Json json = {{"variable", barrier.variable}, {"offset", barrier.offset}};
  json.update(toJson(barrier.counts));
  json["bytes"] = barrier.bytes;
  return json;
}

static Json toJson(const KernelCounters &counters);

/// At most `limit` of a list.
template <typename T>
static Json listOf(const std::vector<T> &items, size_t limit = SIZE_MAX) {
  Json json = Json::array();
  for (const T &item : items)
    if (json.size() < limit)
      json.push_back(toJson(item));
  return json;
}

static Json toJson(const KernelCounters &counters) {
  return {
      {"kernel", counters.kernel},
      {"launches", counters.launches},
      {"instructions", toJson(counters.instructions())},
      {"warpgroups", listOf(counters.warpgroups)},
      {"special", {{"ex2", counters.ex2}, {"other", counters.otherSpecial}}},
      {"flops", counters.flops()},
      {"products", listOf(counters.products)},
      {"bytes", toJson(counters.bytes, kTrafficNames)},
      {"bank_conflicts", listOf(counters.conflicts, kShownConflicts)},
      {"barriers", listOf(counters.barriers)},
      {"cluster_barrier", toJson(counters.clusterBarrier)},
      {"mbarriers", listOf(counters.mbarriers)}};
}

static Json toJson(const ExecutionReport &report) {
  return {{"warp_instructions", report.warpInstructions},
          {"mma_instructions", report.mmaInstructions},
          {"wgmma_instructions", report.wgmmaInstructions},
          {"bulk_bytes", report.bulkBytes},
          {"bank_conflicts", report.bankConflicts},
          {"counters", listOf(report.counters)},
          {"hazards", toJson(report.hazards)},
          {"warnings", toJson(report.warnings)},
          {"seconds", report.seconds},
          {"threads", report.threads}};
}

// Text from a package or a driver need not be UTF-8.
static std::string textOf(const Json &json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string attnrt::toJson(const ExecutionReport &report) {
  return textOf(::toJson(report));
}

std::string attnrt::toJson(const RunRecord &record) {
  Json kernels = Json::array();
  for (const RunRecord::Kernel &kernel : record.kernels)
    kernels.push_back(::toJson(kernel));
  Json json = {
      {"schema", kRecordSchema},
      {"function", record.function},
      {"gradient_of",
       record.gradientOf.empty() ? Json(nullptr) : Json(record.gradientOf)},
      {"device", record.device.kind},
      {"device_name", record.device.name},
      {"target", record.target},
      {"args", ::toJson(record.args)},
      {"results", ::toJson(record.results)},
      {"kernels", std::move(kernels)},
      {"verify", record.verify ? ::toJson(*record.verify) : Json(nullptr)},
      {"timing", record.timing ? ::toJson(*record.timing) : Json(nullptr)},
      {"memory",
       {{"argument_bytes", record.argumentBytes},
        {"result_bytes", record.resultBytes},
        {"workspace_bytes", orNull(record.workspaceBytes)}}},
      {"sim", record.sim ? ::toJson(*record.sim) : Json(nullptr)},
      {"host", record.host ? ::toJson(*record.host) : Json(nullptr)}};
  return textOf(json);
}
