//===- ReportTest.cpp - The run record ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Report.h"
#include "TestFiles.h"
#include "attnrt/File.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

using namespace attnrt;
using namespace attnrt::test;
using nlohmann::json;
using testing::HasSubstr;

static RunRecord record() {
  RunRecord record;
  record.function = "f";
  record.target = "sm_80";
  record.device.kind = "sim";
  record.device.name = "a simulator";
  record.args = {{{1, 2}, ElementType::BF16}};
  record.results = {{{1, 2}, ElementType::F32}};
  RunRecord::Kernel kernel{};
  kernel.description.name = "f_0";
  kernel.description.block[0] = 128;
  record.kernels = {kernel};
  record.argumentBytes = 4;
  record.resultBytes = 8;
  return record;
}

TEST(Json, UnmeasuredIsNull) {
  json parsed = json::parse(toJson(record()));
  EXPECT_EQ(parsed["schema"], 1);
  EXPECT_EQ(parsed["device"], "sim");
  EXPECT_EQ(parsed["args"][0]["type"], "bf16");
  EXPECT_EQ(parsed["args"][0]["shape"], (std::vector<int>{1, 2}));
  for (const char *key : {"verify", "timing", "sim", "host"})
    EXPECT_TRUE(parsed.at(key).is_null()) << key;
  const json &kernel = parsed["kernels"][0];
  for (const char *key : {"grid", "registers", "spill_bytes", "scratch_bytes"})
    EXPECT_TRUE(kernel.at(key).is_null()) << key;
  EXPECT_TRUE(parsed["memory"]["workspace_bytes"].is_null());
  EXPECT_EQ(parsed["memory"]["argument_bytes"], 4);
}

TEST(Json, ProcessorsHaveThreads) {
  RunRecord run = record();
  run.host = {3, 640};
  run.timing = Timing();
  run.timing->threads = 3;
  run.kernels[0].description.scratchBytes = 64;
  json parsed = json::parse(toJson(run));
  EXPECT_EQ(parsed["host"]["threads"], 3);
  EXPECT_EQ(parsed["host"]["scratch_bytes"], 640);
  EXPECT_EQ(parsed["timing"]["threads"], 3);
  EXPECT_EQ(parsed["kernels"][0]["scratch_bytes"], 64);
  run.timing->threads.reset();
  EXPECT_TRUE(json::parse(toJson(run))["timing"]["threads"].is_null());
}

TEST(Json, Measured) {
  RunRecord full = record();
  full.kernels[0].launch = LaunchShape{{3, 4, 5}, {128, 1, 1}, 64};
  full.kernels[0].description.registers = 0;
  OutputVerdict output;
  output.passed = false;
  output.reason = "max error 1 exceeds tolerance 0";
  output.maxAbsError = std::numeric_limits<double>::infinity();
  output.baselineMaxAbsError = 0.5;
  output.tolerance = 0.25;
  output.worstIndex = Shape{0, 1};
  output.rowsJudged = output.rowsTotal = 1;
  full.verify = Verdict{false, {output}};
  full.timing = summarize({1, 2, 3}, 1, 1);
  ExecutionReport sim;
  sim.warpInstructions = 7;
  Hazard hazard;
  hazard.kind = "oob";
  hazard.message = "not \xff utf-8";
  sim.hazards = {hazard};
  full.sim = sim;

  json parsed = json::parse(toJson(full));
  EXPECT_EQ(parsed["kernels"][0]["grid"], (std::vector<int>{3, 4, 5}));
  EXPECT_EQ(parsed["kernels"][0]["registers"], 0);
  const json &verdict = parsed["verify"]["outputs"][0];
  EXPECT_EQ(parsed["verify"]["passed"], false);
  EXPECT_TRUE(verdict["max_abs_error"].is_null()) << "JSON has no infinity";
  EXPECT_EQ(verdict["worst_index"], (std::vector<int>{0, 1}));
  EXPECT_EQ(parsed["timing"]["median_ms"], 2);
  EXPECT_EQ(parsed["sim"]["warp_instructions"], 7);
  EXPECT_EQ(parsed["sim"]["hazards"][0]["kind"], "oob");
  EXPECT_TRUE(parsed["sim"]["hazards"][0]["ptx_line"].is_null());
  EXPECT_TRUE(parsed["sim"]["hazards"][0]["warp"].is_null());
}

/// Every count is another number.
static KernelCounters counters() {
  uint64_t next = 100;
  auto barrier = [&] { return BarrierCounts{next++, next++, next++}; };
  KernelCounters out;
  out.kernel = "f_0";
  out.launches = next++;
  out.warpgroups.resize(2);
  for (InstructionCounts &warpgroup : out.warpgroups)
    for (uint64_t &value : warpgroup.values)
      value = next++;
  out.ex2 = next++;
  out.otherSpecial = next++;
  out.products.push_back(
      {"wgmma", "m64n128k16", "f32.bf16.bf16", false, next++, next++});
  out.products.push_back(
      {"mma", "m16n8k16", "f16.f16.f16.f16", true, next++, next++});
  for (uint64_t &value : out.bytes.values)
    value = next++;
  for (int line = 1; line <= 20; ++line)
    out.conflicts.push_back({line, "st.shared.u32",
                             line % 2 ? "tile.store" : "", next++, next++,
                             next++});
  out.barriers.push_back({3, barrier()});
  out.clusterBarrier = barrier();
  out.mbarriers.push_back({"full", 8, barrier(), next++});
  return out;
}

static void expectBarrier(const json &object, const BarrierCounts &counts) {
  EXPECT_EQ(object["arrivals"], counts.arrivals);
  EXPECT_EQ(object["waits"], counts.waits);
  EXPECT_EQ(object["incomplete"], counts.incomplete);
}

TEST(Json, Counters) {
  RunRecord full = record();
  KernelCounters expected = counters();
  full.sim = ExecutionReport();
  full.sim->counters = {expected, KernelCounters()};
  json parsed = json::parse(toJson(full));
  ASSERT_EQ(parsed["sim"]["counters"].size(), 2u);
  const json &object = parsed["sim"]["counters"][0];
  EXPECT_EQ(object["kernel"], "f_0");
  EXPECT_EQ(object["launches"], expected.launches);
  EXPECT_EQ(object["special"]["ex2"], expected.ex2);
  EXPECT_EQ(object["special"]["other"], expected.otherSpecial);
  EXPECT_EQ(object["flops"], expected.flops());

  EXPECT_EQ(object["instructions"].size(),
            expected.instructions().values.size());
  for (size_t i = 0; i < std::size(kInstructionClassNames); ++i) {
    const char *name = kInstructionClassNames[i];
    EXPECT_EQ(object["instructions"][name], expected.instructions().values[i]);
    for (size_t w = 0; w < 2; ++w)
      EXPECT_EQ(object["warpgroups"][w][name],
                expected.warpgroups[w].values[i]);
  }
  EXPECT_EQ(object["bytes"].size(), expected.bytes.values.size());
  for (size_t i = 0; i < std::size(kTrafficNames); ++i)
    EXPECT_EQ(object["bytes"][kTrafficNames[i]], expected.bytes.values[i]);

  ASSERT_EQ(object["products"].size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    const KernelCounters::Product &product = expected.products[i];
    EXPECT_EQ(object["products"][i]["instruction"], product.instruction);
    EXPECT_EQ(object["products"][i]["shape"], product.shape);
    EXPECT_EQ(object["products"][i]["types"], product.types);
    EXPECT_EQ(object["products"][i]["a"], i ? "registers" : "shared");
    EXPECT_EQ(object["products"][i]["count"], product.count);
    EXPECT_EQ(object["products"][i]["flops"], product.flops);
  }
  ASSERT_EQ(object["bank_conflicts"].size(), 16u) << "a list is bounded";
  for (size_t i = 0; i < 16; ++i) {
    const json &conflict = object["bank_conflicts"][i];
    EXPECT_EQ(conflict["ptx_line"], i + 1);
    EXPECT_EQ(conflict["text"], "st.shared.u32");
    EXPECT_EQ(conflict["origin"], i % 2 ? json(nullptr) : json("tile.store"));
    EXPECT_EQ(conflict["accesses"], expected.conflicts[i].accesses);
    EXPECT_EQ(conflict["wavefronts"], expected.conflicts[i].wavefronts);
    EXPECT_EQ(conflict["extra"], expected.conflicts[i].extra);
  }
  EXPECT_EQ(object["barriers"][0]["id"], 3);
  expectBarrier(object["barriers"][0], expected.barriers[0].counts);
  expectBarrier(object["cluster_barrier"], expected.clusterBarrier);
  EXPECT_EQ(object["mbarriers"][0]["variable"], "full");
  EXPECT_EQ(object["mbarriers"][0]["offset"], 8);
  EXPECT_EQ(object["mbarriers"][0]["bytes"], expected.mbarriers[0].bytes);
  expectBarrier(object["mbarriers"][0], expected.mbarriers[0].counts);
}

TEST(Console, ShowsAHandfulOfHazards) {
  RunRecord full = record();
  ExecutionReport sim;
  sim.hazards.resize(9);
  full.sim = sim;
  char *text = nullptr;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  print(stream, full);
  std::fclose(stream);
  EXPECT_THAT(text, HasSubstr("9 hazards"));
  EXPECT_THAT(text, HasSubstr("and 4 more"));
  EXPECT_EQ(std::string(text).find("context"), 0u);
  std::free(text);
}

TEST(OutputFiles, AppearTogetherOrNotAtAll) {
  TestFiles files;
  {
    OutputFiles output;
    EXPECT_TRUE(output.add(files.path("a"), "1").isOk());
    EXPECT_FALSE(output.add(files.path("absent/b"), "2").isOk());
  }
  EXPECT_EQ(files.count(), 0u);
  {
    OutputFiles output;
    EXPECT_TRUE(output.add(files.path("a"), "1").isOk());
    EXPECT_TRUE(output.add(files.path("b"), "2").isOk());
    EXPECT_TRUE(output.commit().isOk());
  }
  EXPECT_EQ(TestFiles::read(files.path("a")), "1");
  EXPECT_EQ(TestFiles::read(files.path("b")), "2");
  EXPECT_EQ(files.count(), 2u);
}

TEST(OutputFiles, LinksAndDevicesStay) {
  TestFiles files;
  files.write("real", "old");
  ASSERT_EQ(symlink(files.path("real").c_str(), files.path("link").c_str()), 0);
  OutputFiles output;
  EXPECT_TRUE(output.add(files.path("link"), "new").isOk());
  EXPECT_TRUE(output.add("/dev/null", "gone").isOk());
  EXPECT_TRUE(output.commit().isOk());
  EXPECT_TRUE(std::filesystem::is_symlink(files.path("link")));
  EXPECT_EQ(TestFiles::read(files.path("real")), "new");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}
