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
  for (const char *key : {"verify", "timing", "sim"})
    EXPECT_TRUE(parsed.at(key).is_null()) << key;
  const json &kernel = parsed["kernels"][0];
  for (const char *key : {"grid", "registers", "spill_bytes"})
    EXPECT_TRUE(kernel.at(key).is_null()) << key;
  EXPECT_TRUE(parsed["memory"]["workspace_bytes"].is_null());
  EXPECT_EQ(parsed["memory"]["argument_bytes"], 4);
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
