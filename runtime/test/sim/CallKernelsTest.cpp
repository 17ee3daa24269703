//===- CallKernelsTest.cpp - Calls, as nvcc writes them -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <cmath>

using namespace attnrt;
using namespace attnrt::sim;

static int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

template <typename Expected>
static void expectEach(const std::vector<int> &out, Expected expected) {
  for (size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], expected(static_cast<int>(i))) << "thread " << i;
}

/// Runs a kernel that takes one array, in some schedules.
template <typename Expected>
static void check(const char *name, unsigned threads, Expected expected) {
  forEach({"calls.nvcc"}, [&](Kernels &kernels) {
    uint64_t out = kernels.room<int>(threads);
    kernels.launch(name, {1}, {threads}, out);
    expectEach(kernels.get<int>(out, threads), expected);
  });
}

TEST(CallKernels, Recursion) {
  check("recursion", 64, [](int i) { return fibonacci(i % 11); });
}

TEST(CallKernels, FunctionsThatCallEachOther) {
  check("mutual", 32, [](int i) { return 2 * ((i ^ 1) % 2 == 0) + i % 2; });
}

TEST(CallKernels, ThroughTables) {
  check("pointers", 64, [](int i) { return i & 1 ? 2 * i : i + 1; });
}

TEST(CallKernels, VirtualFunctionsAndTheHeap) {
  check("objects", 64, [](int i) { return i & 1 ? i * i : i; });
}

TEST(CallKernels, StructuresByValue) {
  struct Mixed {
    char tag;
    int count;
    double weight;
  };
  Kernels kernels("calls.nvcc");
  uint64_t out = kernels.put(std::vector<Mixed>(32));
  kernels.launch("structs", {1}, {32}, out);
  std::vector<Mixed> got = kernels.get<Mixed>(out, 32);
  for (int i = 0; i < 32; ++i) {
    EXPECT_EQ(got[i].count, i + 5);
    EXPECT_EQ(got[i].weight, 6);
  }
}

TEST(CallKernels, DoublePowersAndSines) {
  Kernels kernels("calls.nvcc");
  std::vector<double> x;
  for (int i = 0; i < 64; ++i)
    x.push_back(0.01 + i * i * i * 40.7);
  uint64_t in = kernels.put(x), out = kernels.room<double>(64);
  kernels.launch("powers", {1}, {64}, out, in);
  std::vector<double> got = kernels.get<double>(out, 64);
  for (int i = 0; i < 64; ++i) {
    double expected = std::pow(x[i], 1.7) + std::sin(x[i]);
    EXPECT_NEAR(got[i], expected, 4e-16 * std::abs(expected) + 1e-15);
  }
}

TEST(CallKernels, RoomOnTheStack) {
  Kernels kernels("calls.nvcc");
  uint64_t out = kernels.room<int>(32);
  int n = 7;
  kernels.launch("stack", {1}, {32}, out, n);
  expectEach(kernels.get<int>(out, 32), [](int i) { return 21 * i; });
}

TEST(CallKernels, AnExhaustedHeapGivesNothing) {
  Kernels kernels("calls.nvcc");
  uint64_t out = kernels.room<int>(3);
  kernels.launch("exhaust", {1}, {1}, out);
  EXPECT_EQ(kernels.get<int>(out, 3), (std::vector<int>{1, 0, 0}));
}

namespace {
/// A run whose outcome is looked at.
struct Ended {
  Status status;
  ExecutionReport report;
};
} // namespace

static std::string printed;

template <typename... Args>
static Ended runKernel(const std::string &text, const char *name, Dim3 grid,
                       Dim3 block, Args... args) {
  Expected<std::shared_ptr<const Program>> program = decode(text);
  EXPECT_TRUE(bool(program)) << program.status().message();
  GlobalMemory memory;
  uint64_t out = *memory.allocate(4096);
  (void)memory.fill(out, 0, 4096);
  void *params[] = {&out, &args...};
  LaunchShape shape;
  shape.grid = grid;
  shape.block = block;
  Options options;
  printed.clear();
  options.print = [](const std::string &text) { printed += text; };
  Ended result;
  result.status =
      run(**program, name, shape, params, memory, options, result.report);
  return result;
}

static std::string calls() { return Kernels::textOf("calls.nvcc"); }

TEST(CallKernels, RecursionBeyondTheStack) {
  Ended result = runKernel(calls(), "deep", {1}, {32}, 100000);
  EXPECT_EQ(result.status.code(), Code::BadInput);
  EXPECT_NE(result.status.message().find("beyond the stack of a thread"),
            std::string::npos)
      << result.status.message();
}

TEST(CallKernels, UseAfterFree) {
  Ended result = runKernel(calls(), "afterFree", {1}, {1});
  ASSERT_FALSE(result.report.hazards.empty());
  EXPECT_EQ(result.report.hazards[0].kind, "oob");
}

/// In the order of blocks, whatever the number of host threads.
TEST(CallKernels, Prints) {
  Expected<std::shared_ptr<const Program>> program = decode(calls());
  ASSERT_TRUE(bool(program));
  GlobalMemory memory;
  int limit = 100;
  void *params[] = {&limit};
  LaunchShape shape;
  shape.grid = {20};
  shape.block = {2};
  Options options;
  options.threads = 2;
  printed.clear();
  options.print = [](const std::string &text) { printed += text; };
  ExecutionReport report;
  ASSERT_TRUE(
      run(**program, "greet", shape, params, memory, options, report).isOk());
  std::string expected;
  for (int block = 0; block < 20; ++block)
    for (int thread = 0; thread < 2; ++thread) {
      char line[100];
      std::snprintf(line, sizeof(line),
                    "%d of warp: %5.2f x fedcba9876543210\n", thread,
                    1.5 * block);
      expected += line;
    }
  EXPECT_EQ(printed, expected);
  EXPECT_TRUE(report.hazards.empty());
}

TEST(CallKernels, AssertionsThatFail) {
  Expected<std::shared_ptr<const Program>> program = decode(calls());
  ASSERT_TRUE(bool(program));
  GlobalMemory memory;
  int limit = 1;
  void *params[] = {&limit};
  LaunchShape shape;
  shape.block = {2};
  Options options;
  options.print = [](const std::string &) {};
  ExecutionReport report;
  ASSERT_TRUE(
      run(**program, "greet", shape, params, memory, options, report).isOk());
  ASSERT_EQ(report.hazards.size(), 1u);
  EXPECT_EQ(report.hazards[0].kind, "assert");
  EXPECT_NE(report.hazards[0].message.find(
                "thread: [1,0,0] Assertion `threadIdx.x < limit` failed"),
            std::string::npos)
      << report.hazards[0].message;
}

static std::string withPrintf(const std::string &format,
                              const std::string &arguments) {
  std::string bytes;
  for (char c : format)
    bytes += std::to_string(static_cast<int>(c)) + ", ";
  return std::string(kHeader) +
         ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 "
         "a);\n.global .b8 text[] = {" +
         bytes +
         "0};\n.entry k(.param .u64 out) {\n.local .align 8 .b8 room[16];\n"
         ".reg .b64 %a<4>; .reg .b32 %r<4>;\n"
         "mov.u64 %a0, room; cvta.local.u64 %a1, %a0;\n"
         "mov.u64 %a2, text; cvta.global.u64 %a3, %a2;\n" +
         arguments +
         "{ .param .b64 f; .param .b64 a; .param .b32 r;\n"
         "st.param.b64 [f], %a3; st.param.b64 [a], %a1;\n"
         "call (r), vprintf, (f, a);\nld.param.b32 %r1, [r];\n}\nret;\n}\n";
}

TEST(CallKernels, FormatsThatDoNotFit) {
  auto messageOf = [](const std::string &format, const std::string &arguments) {
    Ended result = runKernel(withPrintf(format, arguments), "k", {1}, {1});
    EXPECT_EQ(result.status.code(), Code::BadInput) << format;
    EXPECT_EQ(printed, "") << format;
    return result.status.message();
  };
  std::string one = "mov.u32 %r0, 5; st.local.u32 [%a0], %r0;\n";
  EXPECT_NE(messageOf("%d %d", one).find("value 2 is missing"),
            std::string::npos);
  EXPECT_NE(messageOf("%d %s", one).find("value 2 is missing"),
            std::string::npos);
  EXPECT_NE(messageOf("%y", one).find("unknown conversion"), std::string::npos);
  EXPECT_NE(messageOf("%", one).find("without a letter"), std::string::npos);
  EXPECT_NE(messageOf("%99999d", one).find("width"), std::string::npos);
  Ended fine = runKernel(withPrintf("%-5d|%%", one), "k", {1}, {1});
  EXPECT_TRUE(fine.status.isOk()) << fine.status.message();
  EXPECT_EQ(printed, "5    |%");
}

/// One unsupported kernel refuses its own launch alone.
TEST(CallKernels, UnsupportedCalls) {
  std::string text =
      std::string(kHeader) +
      ".extern .func other(.param .b64 a);\n"
      ".entry fine(.param .u64 out) { ret; }\n"
      ".entry calls(.param .u64 out) { .reg .b64 %a; { .param .b64 p; "
      "ld.param.u64 %a, [out]; st.param.b64 [p], %a;\ncall other, (p); } "
      "ret; }\n"
      ".entry unknown(.param .u64 out) { call nobody; ret; }\n"
      ".entry frobs(.param .u64 out) { .frob; ret; }\n"
      ".entry asks(.param .u64 out) { .reg .b64 %a; mov.u64 %a, 7;\n"
      "call %a, (), p; p: .callprototype _ (); ret; }\n";
  EXPECT_TRUE(runKernel(text, "fine", {1}, {1}).status.isOk());
  auto refusal = [&](const char *name) {
    Ended result = runKernel(text, name, {1}, {1});
    EXPECT_EQ(result.status.code(), Code::BadInput) << name;
    return result.status.message();
  };
  EXPECT_NE(refusal("calls").find("unsupported call to `other`"),
            std::string::npos);
  EXPECT_NE(refusal("unknown").find("call to `nobody`, which is no function"),
            std::string::npos);
  EXPECT_NE(refusal("frobs").find("unsupported directive `.frob`"),
            std::string::npos);
  Ended result = runKernel(text, "asks", {1}, {1});
  ASSERT_EQ(result.report.hazards.size(), 1u);
  EXPECT_NE(result.report.hazards[0].message.find("pointer to no function"),
            std::string::npos)
      << result.report.hazards[0].message;
}

TEST(CallKernels, SavedStacksAndCarries) {
  Outcome o = runBody("mov.u64 %rd5, 24; mov.u32 %r5, 24;\n"
                      "stacksave.u64 %rd6;\nalloca.u64 %rd7, %rd5, 16;\n"
                      "st.local.u32 [%rd7], %r0;\nld.local.u32 %r1, [%rd7];\n"
                      "stackrestore.u64 %rd6;\nstacksave.u32 %r6;\n"
                      "alloca.u32 %r7, %r5;\nstackrestore.u32 %r6;\n"
                      "st.global.u32 [%rd3], %r1;");
  ASSERT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(9), 9u);
  // What was cut off is as if never written.
  EXPECT_EQ(runBody("mov.u64 %rd5, 24;\nstacksave.u64 %rd6;\n"
                    "alloca.u64 %rd7, %rd5;\nst.local.u32 [%rd7], %r0;\n"
                    "stackrestore.u64 %rd6;\nalloca.u64 %rd7, %rd5;\n"
                    "ld.local.u32 %r1, [%rd7];\nst.global.u32 [%rd3], %r1;")
                .kinds(),
            "uninit");
}

TEST(CallKernels, ParametersOfFunctionsByName) {
  Outcome o = runText(
      std::string(kHeader) +
      ".func (.param .b32 r) f(.param .b32 a) { .reg .b32 %x;\n"
      "ld.param::func.u32 %x, [a]; add.u32 %x, %x, 1;\n"
      "st.param::func.u32 [r], %x; ret.uni; }\n"
      ".alias g, f;\n"
      ".entry k(.param .u64 in, .param .u64 out) { .reg .b64 %a; .reg .b32 "
      "%x;\nld.param::entry.u64 %a, [out]; { .param .b32 p; .param .b32 q;\n"
      "st.param::func.u32 [p], 41; call.uni (q), g, (p);\n"
      "ld.param::func.u32 %x, [q]; } st.global.u32 [%a], %x; ret; }\n");
  ASSERT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.word(0), 42u);
}
