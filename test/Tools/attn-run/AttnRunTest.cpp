//===- AttnRunTest.cpp - The command line tool from outside ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Spawns attn-run on packages made by hand. Every failure must have its exit
// status, exactly one `error:` line on stderr, and leave no file behind.
//
//===----------------------------------------------------------------------===//

#include "Fixtures/Elementwise.ptx.h"
#include "TestFiles.h"
#include "attnrt/Device.h"
#include "attnrt/Npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace attnrt;
using namespace attnrt::test;
using nlohmann::json;
using testing::HasSubstr;

namespace {
struct Outcome {
  int code = -1; // negative: the signal that ended it
  std::string out, err;
};

class AttnRun : public testing::Test {
protected:
  static std::string fixture(const std::string &name) {
    return std::string(ATTNRT_FIXTURES) + "/" + name + ".so";
  }

  /// Starts it in a directory of its own, so that stray files are seen.
  pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), tool);
    std::vector<char *> argv;
    for (std::string &argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t process = fork();
    if (process != 0)
      return process;
    int out =
        open(streams.path("out").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int err =
        open(streams.path("err").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(out, 1);
    dup2(err, 2);
    for (const auto &[name, value] : environment)
      setenv(name.c_str(), value.c_str(), 1);
    if (chdir(files.path("").c_str()) == 0)
      execv(argv[0], argv.data());
    _exit(127);
  }

  Outcome finish(pid_t process) {
    int state = 0;
    while (waitpid(process, &state, 0) < 0 && errno == EINTR) {
    }
    Outcome outcome;
    outcome.code = WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
    outcome.out = TestFiles::read(streams.path("out"));
    outcome.err = TestFiles::read(streams.path("err"));
    return outcome;
  }

  Outcome run(std::vector<std::string> arguments) {
    return finish(start(std::move(arguments)));
  }

  /// On the package `several`, on the simulator, with a shape that fits.
  Outcome runFunction(const std::string &name,
                      std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {fixture("several"), "--device=sim",
                                          "--function=" + name,
                                          "--shape=0=2x4x33x8"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  static size_t countErrors(const std::string &text) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find("error:", at)) != std::string::npos;
         ++at)
      ++count;
    return count;
  }

  void expectFailure(const Outcome &outcome, int code, const std::string &why) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(countErrors(outcome.err), 1u) << outcome.err;
    EXPECT_EQ(outcome.err.find("error: "), 0u) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(why));
    // Only what ran is reported.
    EXPECT_EQ(outcome.out.empty(), code != 1) << outcome.out;
  }

  /// Bad use: nothing may be written, though everything is asked for.
  void expectRefused(std::vector<std::string> arguments, int code,
                     const std::string &why) {
    size_t before = files.count();
    arguments.push_back("--json=record.json");
    arguments.push_back("--result=0=result.npy");
    expectFailure(run(arguments), code, why);
    EXPECT_EQ(files.count(), before) << why;
  }

  void expectFine(const Outcome &outcome) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
  }

  /// A float32 file.
  std::string writeNpy(const std::string &name, Shape shape,
                       std::vector<float> values) {
    Expected<HostTensor> tensor = HostTensor::create(ElementType::F32, shape);
    values.resize(tensor->elements());
    std::copy(values.begin(), values.end(), tensor->as<float>());
    return files.write(name, toNpy(*tensor));
  }

  json record() { return json::parse(TestFiles::read(files.path("r.json"))); }

  std::string tool = ATTN_RUN;
  std::map<std::string, std::string> environment;
  TestFiles files, streams;
};
} // namespace

// What works.

TEST_F(AttnRun, Help) {
  Outcome outcome = run({"--help"});
  expectFine(outcome);
  for (const char *flag :
       {"--function", "--device", "--target", "--verify", "--bench", "--shape",
        "--arg", "--result", "--seed", "--json", "--schedule", "--replace-ptx",
        "--sim-schedule", "--sim-math", "--sim-checks",
        "--sim-max-instructions", "--sim-max-memory"})
    EXPECT_THAT(outcome.out, HasSubstr(flag));
}

TEST_F(AttnRun, EveryType) {
  for (const char *name : {"scale_f16", "scale_bf16", "scale_f32"}) {
    Outcome outcome = runFunction(name);
    expectFine(outcome);
    EXPECT_EQ(outcome.out.find("context  " + std::string(name)), 0u);
    EXPECT_THAT(outcome.out, HasSubstr("passed"));
  }
}

TEST_F(AttnRun, FlagsWithSpaceOrEquals) {
  expectFine(run({"--device", "sim", "--function", "scale_f16", "--shape",
                  "0=1x4x2x8", "--seed", "3", fixture("several")}));
  expectFine(run({fixture("one"), "--device=sim", "--shape=0=1x4x2x8",
                  "--verify", "--bench"}));
}

TEST_F(AttnRun, Record) {
  expectFine(runFunction("marked", {"--json=r.json"}));
  json r = record();
  std::vector<std::string> keys;
  for (const auto &item : r.items())
    keys.push_back(item.key());
  EXPECT_THAT(keys, testing::UnorderedElementsAre(
                        "schema", "function", "device", "device_name", "target",
                        "args", "results", "kernels", "verify", "timing",
                        "memory", "sim", "host", "gradient_of"));
  EXPECT_EQ(r["device"], "sim");
  EXPECT_EQ(r["args"][0]["shape"], (std::vector<int>{2, 4, 33, 8}));
  EXPECT_EQ(r["results"][1]["shape"], (std::vector<int>{2, 4, 33}));
  EXPECT_EQ(r["kernels"][0]["grid"], (std::vector<int>{17, 1, 1}));
  EXPECT_EQ(r["kernels"][1]["name"], "mark_odd");
  EXPECT_EQ(r["verify"]["passed"], true);
  EXPECT_EQ(r["verify"]["outputs"].size(), 2u);
  EXPECT_EQ(r["memory"]["argument_bytes"], 2 * 4 * 33 * 8 * 2);
  EXPECT_TRUE(r["timing"].is_null());
  EXPECT_GT(r["sim"]["warp_instructions"], 0);
  EXPECT_TRUE(r["sim"]["hazards"].empty());
  EXPECT_EQ(files.count(), 1u) << "temporaries must go";
}

TEST_F(AttnRun, BenchOnTheSimulatorReportsCountsOnly) {
  Outcome outcome = runFunction("scale_f32", {"--bench", "--json=r.json"});
  expectFine(outcome);
  EXPECT_THAT(outcome.out, HasSubstr("the simulator has no time"));
  EXPECT_TRUE(record()["timing"].is_null());
  EXPECT_EQ(record()["verify"]["passed"], true);
}

TEST_F(AttnRun, SampledJudging) {
  expectFine(run({fixture("several"), "--device=sim", "--function=sampled",
                  "--shape=0=4x4x200x8", "--json=r.json"}));
  json output = record()["verify"]["outputs"][0];
  EXPECT_EQ(output["rows_total"], 3200);
  EXPECT_GE(output["rows_judged"], 256);
}

TEST_F(AttnRun, EmptyTensors) {
  expectFine(run({fixture("one"), "--device=sim", "--shape=0=0x4x5x8"}));
  expectFine(run({fixture("one"), "--device=sim", "--shape=0=2x4x0x8"}));
}

TEST_F(AttnRun, FilesInAndOut) {
  std::vector<float> values(64);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  writeNpy("in.npy", {1, 4, 2, 8}, values);
  expectFine(run({fixture("several"), "--device=sim", "--function=scale_bf16",
                  "--arg=0=in.npy", "--result", "0=out.npy"}));
  Expected<HostTensor> result = readNpy(files.path("out.npy"));
  ASSERT_TRUE(result) << result.status().message();
  EXPECT_EQ(result->type(), ElementType::F32);
  EXPECT_EQ(result->shape(), (Shape{1, 4, 2, 8}));
  EXPECT_EQ(result->at(0), 0);
  EXPECT_NEAR(result->at(20), 34, 0.2);
}

TEST_F(AttnRun, SeedsDecideInputs) {
  auto result = [&](const char *seed) {
    runFunction("scale_f32", {"--seed", seed, "--result=0=out.npy"});
    return TestFiles::read(files.path("out.npy"));
  };
  std::string zero = result("0");
  EXPECT_EQ(result("0"), zero);
  EXPECT_NE(result("1"), zero);
}

TEST_F(AttnRun, ReplacedPtx) {
  // A mutant that multiplies twice.
  std::string ptx = kPtx;
  size_t at = ptx.find("mul.rn.f32 %f2, %f2, %f1;");
  ASSERT_NE(at, std::string::npos);
  files.write("same.ptx", ptx);
  files.write("mutant.ptx", ptx.insert(at, "mul.rn.f32 %f2, %f2, %f1;\n"));
  expectFine(runFunction("scale_f32", {"--replace-ptx=same.ptx"}));
  expectFailure(runFunction("scale_f32", {"--replace-ptx=mutant.ptx"}), 1,
                "result 0 is wrong");
}

// What is wrong: exit status 1, and the record says why.

TEST_F(AttnRun, WrongResult) {
  expectFailure(runFunction("wrong", {"--json=r.json", "--result=0=out.npy"}),
                1, "result 0 is wrong: max error");
  EXPECT_EQ(record()["verify"]["passed"], false);
  EXPECT_EQ(record()["verify"]["outputs"][0]["worst_index"].size(), 4u);
  EXPECT_TRUE(std::filesystem::exists(files.path("out.npy")));
}

TEST_F(AttnRun, NothingWritten) {
  expectFailure(runFunction("lazy", {"--json=r.json"}), 1, "never written");
  EXPECT_TRUE(record()["kernels"][0]["grid"].is_null());
}

TEST_F(AttnRun, Hazard) {
  Outcome outcome = runFunction("hazard", {"--json=r.json"});
  expectFailure(outcome, 1, "hazard");
  EXPECT_THAT(outcome.out, HasSubstr("hazard   "));
  json r = record();
  ASSERT_FALSE(r["sim"]["hazards"].empty());
  for (const char *key : {"kind", "ptx_line", "cta", "warp", "message"})
    EXPECT_TRUE(r["sim"]["hazards"][0].contains(key)) << key;
}

// What cannot be used: exit status 2.

TEST_F(AttnRun, BadFlags) {
  std::string one = fixture("one");
  expectRefused({}, 2, "IN is required");
  expectRefused({one, "--frobnicate"}, 2, "--frobnicate");
  expectRefused({one, one}, 2, "one.so");
  expectRefused({one, "--device=tpu"}, 2, "expected auto, cuda, sim or host");
  expectRefused({one, "--seed=-1"}, 2, "--seed");
  expectRefused({one, "--seed=18446744073709551616"}, 2, "--seed");
  expectFailure(run({one, "--seed"}), 2, "--seed");
  expectFailure(run({one, "--function"}), 2, "--function");
  expectRefused({one, "--target=sm_80"}, 2, "compiled already");
  expectRefused({one, "--schedule=q=1"}, 2, "compiled already");
}

TEST_F(AttnRun, BadShapes) {
  std::string one = fixture("one");
  expectRefused({one}, 2, "argument 0: dimension 0 is dynamic");
  for (const char *text :
       {"0", "0=", "=2x2", "x=2", "-1=2", "0=2x", "0=x2", "0=2xx2", "0=-2x4",
        "0=2,4", "0= 2x4", "0=2x99999999999999999999", "1e3=2"})
    expectRefused({one, std::string("--shape=") + text}, 2, "--shape");
  expectRefused({one, "--shape=1=2x4x3x8"}, 2, "no argument 1");
  expectRefused({one, "--shape=0=2x4x3x8", "--shape=0=2x4x3x8"}, 2, "twice");
  expectRefused({one, "--shape=0=2x4x3"}, 2, "expected rank 4, got 3");
  expectRefused({one, "--shape=0=2x5x3x8"}, 2,
                "argument 0: expected dimension 1 to be 4, got 5");
  expectRefused({one, "--shape=0=4611686018427387904x4x4x8"}, 2,
                "more bytes than an address can count");
}

TEST_F(AttnRun, ShapesThatDisagree) {
  expectRefused({fixture("several"), "--function=pair", "--shape=0=1x4x3x8",
                 "--shape=1=1x4x5x8"},
                2, "argument 1: expected dimension 2 to be 3 as in argument 0");
}

TEST_F(AttnRun, BadFunctions) {
  expectRefused({fixture("none")}, 2, "no function in");
  expectRefused({fixture("several")}, 2, "scale_f16, scale_bf16, scale_f32");
  expectRefused({fixture("several"), "--function=strlen"}, 2,
                "no function 'strlen'");
}

TEST_F(AttnRun, BadPackages) {
  files.write("junk.so", "junk");
  files.write("half.so", TestFiles::read(fixture("one")).substr(0, 5000));
  expectRefused({"junk.so"}, 2, "not an ELF file");
  expectRefused({"half.so"}, 2, "truncated");
  std::string old = TestFiles::read(fixture("one"));
  size_t schema = old.find(std::string("ATTN\3\0\0\0", 8));
  ASSERT_NE(schema, std::string::npos);
  old[schema + 4] = 1;
  files.write("old.so", old);
  expectRefused({"old.so"}, 2,
                "cannot use package 'old.so': expected package schema 3, got 1; "
                "compile it again with this attn-compile");
  expectRefused({"absent.so"}, 2, "absent.so");
  expectRefused({ATTN_RUN}, 2, ".attn.package");
  expectRefused({fixture("missing-symbol")}, 2, "attnpkg_gone");
  expectRefused({fixture("needs-more")}, 2, "attnrtNotInThisVersion");
}

TEST_F(AttnRun, DoublesAreRoundedForF32) {
  std::string text =
      TestFiles::read(writeNpy("single.npy", {1, 4, 2, 8}, {})).substr(0, 128);
  text.replace(text.find("<f4"), 3, "<f8");
  std::vector<double> values(64, 1.0 / 3);
  text.append(reinterpret_cast<const char *>(values.data()), 64 * 8);
  files.write("double.npy", text);
  // The kernel multiplies the nearest float.
  expectFine(run({fixture("one"), "--device=sim", "--arg=0=double.npy",
                  "--result=0=o.npy"}));
  Expected<HostTensor> result = readNpy(files.path("o.npy"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->as<float>()[0], static_cast<float>(1.0 / 3) * 1.7f);
}

TEST_F(AttnRun, BadArrays) {
  std::string one = fixture("one");
  writeNpy("shape.npy", {1, 4, 2, 7}, {});
  writeNpy("rank.npy", {4, 8}, {});
  std::string good = TestFiles::read(writeNpy("good.npy", {1, 4, 2, 8}, {}));
  files.write("short.npy", good.substr(0, good.size() - 1));
  auto replaced = [&](const char *from, const char *to) {
    std::string text = good;
    text.replace(text.find(from), std::strlen(from), to);
    return text;
  };
  files.write("big.npy", replaced("<f4", ">f4"));
  files.write("double.npy", replaced("<f4", "<f8") + good.substr(128));
  files.write("int.npy", replaced("<f4", "<i4"));
  files.write("object.npy", replaced("<f4", "|O4"));
  files.write("fortran.npy", replaced("False", "True "));
  expectRefused({one, "--arg=0=absent.npy"}, 2, "No such file");
  expectRefused({one, "--arg=0=shape.npy"}, 2, "dimension 3 to be 8, got 7");
  expectRefused({one, "--arg=0=rank.npy"}, 2, "expected rank 4, got 2");
  expectRefused({one, "--arg=0=short.npy"}, 2, "expected 256 bytes");
  expectRefused({one, "--arg=0=big.npy"}, 2, "big-endian");
  expectRefused({fixture("several"), "--function=scale_f16",
                 "--arg=0=double.npy"},
                2, "float32");
  expectRefused({one, "--arg=0=int.npy"}, 2, "got int32");
  expectRefused({one, "--arg=0=object.npy"}, 2, "element type");
  expectRefused({one, "--arg=0=fortran.npy"}, 2, "Fortran");
  expectRefused({one, "--arg=1=good.npy"}, 2, "no argument 1");
  expectRefused({one, "--arg=0=good.npy", "--arg=0=good.npy"}, 2, "twice");
  expectRefused({one, "--arg=0=good.npy", "--shape=0=1x4x3x8"}, 2,
                "as --shape says");
  expectRefused({fixture("several"), "--function=counted", "--shape=0=1x4x3x8"},
                2, "argument 1: needs --arg");
}

TEST_F(AttnRun, BadOutputs) {
  std::string shape = "--shape=0=1x4x2x8";
  expectRefused({fixture("one"), shape, "--result=1=x.npy"}, 2, "no result 1");
  Outcome outcome = run({fixture("one"), "--device=sim", shape,
                         "--json=absent/r.json", "--result=0=out.npy"});
  expectFailure(outcome, 2, "cannot write 'absent/r.json'");
  EXPECT_EQ(files.count(), 0u);
}

TEST_F(AttnRun, BadPtx) {
  std::string shape = "--shape=0=1x4x2x8";
  files.write("bad.ptx", "nonsense");
  files.write("other.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n");
  expectRefused(
      {fixture("one"), shape, "--device=sim", "--replace-ptx=absent.ptx"}, 2,
      "absent.ptx");
  expectRefused(
      {fixture("one"), shape, "--device=sim", "--replace-ptx=bad.ptx"}, 2,
      "line");
  expectRefused(
      {fixture("one"), shape, "--device=sim", "--replace-ptx=other.ptx"}, 2,
      "no kernel 'scale_f32'");
}

TEST_F(AttnRun, BadSimulatorFlags) {
  std::string shape = "--shape=0=1x4x2x8";
  for (const char *flag : {"--sim-checks=", "--sim-math=", "--sim-schedule=",
                           "--sim-max-instructions=", "--sim-max-memory="})
    expectRefused(
        {fixture("one"), shape, "--device=sim", std::string(flag) + "nonsense"},
        2, "nonsense");
  environment["ATTNRT_SIM_CHECKS"] = "rubbish";
  expectRefused({fixture("one"), shape, "--device=sim"}, 2, "rubbish");
}

// What fails: exit status 3.

TEST_F(AttnRun, TooLarge) {
  expectRefused(
      {fixture("one"), "--device=sim", "--shape=0=4x4x1000000000000x8"}, 3,
      "there is");
}

TEST_F(AttnRun, SimulatorBudgets) {
  std::string shape = "--shape=0=1x4x2x8";
  expectFailure(
      run({fixture("one"), shape, "--device=sim", "--sim-max-instructions=1"}),
      1, "more than its budget of 1");
  // The arrays do not fit; they do, and the registers of a block do not.
  for (const char *limit : {"--sim-max-memory=100", "--sim-max-memory=4000"})
    expectRefused({fixture("one"), shape, "--device=sim", limit}, 3, "there");
  environment["ATTNRT_SIM_MAX_MEMORY"] = "100";
  expectRefused({fixture("one"), shape, "--device=sim"}, 3,
                "out of device memory: asked for");
  expectFine(
      run({fixture("one"), shape, "--device=sim",
           "--sim-max-instructions=1000000", "--sim-max-memory=1000000"}));
}

TEST_F(AttnRun, EntryFailureKeepsItsCode) {
  expectRefused({fixture("several"), "--device=sim", "--function=refuse",
                 "--shape=0=1x4x2x8"},
                3, "workspace of 42 bytes refused");
}

TEST_F(AttnRun, NoCuda) {
  if (openDevice("cuda"))
    GTEST_SKIP() << "there is a CUDA device";
  expectRefused({fixture("one"), "--device=cuda", "--shape=0=1x4x2x8"}, 3,
                "CUDA");
}

TEST_F(AttnRun, BenchOnCuda) {
  // The fake driver runs no kernels and says 1.5 ms: right for no elements.
  environment["LD_LIBRARY_PATH"] = ATTNRT_FAKE_CUDA;
  expectFine(run({fixture("one"), "--device=auto", "--bench",
                  "--shape=0=0x4x2x8", "--json=r.json"}));
  json r = record();
  EXPECT_EQ(r["device"], "cuda");
  EXPECT_EQ(r["device_name"], "fake GPU");
  EXPECT_EQ(r["timing"]["median_ms"], 1.5);
  EXPECT_GE(r["timing"]["repeats"], 30);
  EXPECT_TRUE(r["sim"].is_null());

  // With elements it is found that nothing was computed, and nothing is timed.
  expectFailure(run({fixture("one"), "--device=cuda", "--bench",
                     "--shape=0=1x4x2x8", "--json=r.json"}),
                1, "never written");
  EXPECT_TRUE(record()["timing"].is_null());
  expectRefused({fixture("one"), "--device=cuda", "--shape=0=99999x4x999x8"}, 3,
                "out of device memory: asked for 11.9 GiB, there is 1.0 GiB");
}

// Compiling.

namespace {
/// A copy of the tool beside which stands whatever the test wants to be
/// attn-compile.
class AttnRunCompiles : public AttnRun {
protected:
  void SetUp() override {
    namespace fs = std::filesystem;
    fs::create_directory(install.path("bin"));
    fs::create_directory(install.path("tmp"));
    fs::copy(ATTN_RUN, install.path("bin/attn-run"));
    fs::create_directory_symlink(fs::path(ATTNRT_LIBRARY).parent_path(),
                                 install.path("lib"));
    tool = install.path("bin/attn-run");
    environment["TMPDIR"] = install.path("tmp");
    files.write("in.mlir", "module {}");
  }

  void setCompiler(const std::string &script) {
    install.write("bin/attn-compile", "#!/bin/sh\n" + script);
    chmod(install.path("bin/attn-compile").c_str(), 0755);
  }

  void expectNothingLeft() {
    EXPECT_TRUE(std::filesystem::is_empty(install.path("tmp")));
  }

  TestFiles install;
};
} // namespace

TEST_F(AttnRunCompiles, Mlir) {
  setCompiler("echo \"$@\" >" + install.path("arguments") + "\ncp " +
              fixture("one") + " \"$3\"\n");
  expectFine(run({"in.mlir", "--device=sim", "--shape=0=1x4x2x8",
                  "--target=sm_80", "--schedule=q=64,kv=64"}));
  std::string arguments = TestFiles::read(install.path("arguments"));
  EXPECT_EQ(arguments.find("in.mlir -o " + install.path("tmp")), 0u);
  EXPECT_THAT(arguments, HasSubstr("--target=sm_80 --schedule=q=64,kv=64"));
  expectNothingLeft();
}

TEST_F(AttnRunCompiles, NoShellSeesTheNames) {
  setCompiler("cp " + fixture("one") + " \"$3\"\n");
  std::string odd = "a; touch bad $(touch bad).mlir";
  files.write(odd, "module {}");
  expectFine(run({odd, "--device=sim", "--shape=0=1x4x2x8"}));
  EXPECT_FALSE(std::filesystem::exists(files.path("bad")));
}

TEST_F(AttnRunCompiles, FailuresAreForwarded) {
  setCompiler("echo 'error: in.mlir:1:1: no good' >&2\n: > \"$3\"\nexit 2\n");
  expectRefused({"in.mlir"}, 2, "no good");
  expectNothingLeft();
  setCompiler("echo 'error: out of memory' >&2\nexit 3\n");
  expectRefused({"in.mlir"}, 3, "out of memory");
}

TEST_F(AttnRunCompiles, CrashesAreReported) {
  setCompiler("kill -SEGV $$\n");
  expectRefused({"in.mlir"}, 3, "attn-compile was ended by signal 11");
  expectNothingLeft();
  setCompiler("exit 77\n");
  expectRefused({"in.mlir"}, 3, "exit status 77");
}

TEST_F(AttnRunCompiles, NoPackageMade) {
  setCompiler("exit 0\n");
  expectRefused({"in.mlir"}, 2, "package.so");
  expectNothingLeft();
}

TEST_F(AttnRunCompiles, NoCompiler) {
  expectRefused({"in.mlir"}, 3, "no attn-compile");
  // Never one from PATH.
  files.write("attn-compile", "#!/bin/sh\n: > ran\n");
  chmod(files.path("attn-compile").c_str(), 0755);
  environment["PATH"] = files.path("") + ":/usr/bin:/bin";
  expectRefused({"in.mlir"}, 3, "no attn-compile");
}

TEST_F(AttnRunCompiles, MissingInput) {
  setCompiler("exit 0\n");
  expectRefused({"absent.mlir"}, 2, "cannot open 'absent.mlir'");
}

TEST_F(AttnRunCompiles, SignalsCleanUp) {
  setCompiler(": > " + install.path("started") + "\nexec sleep 60\n");
  pid_t process = start({"in.mlir"});
  for (int i = 0; i < 500 && !std::filesystem::exists(install.path("started"));
       ++i)
    usleep(10000);
  kill(process, SIGTERM);
  Outcome outcome = finish(process);
  EXPECT_EQ(outcome.code, -SIGTERM);
  expectNothingLeft();
}
