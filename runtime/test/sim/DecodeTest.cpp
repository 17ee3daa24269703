//===- DecodeTest.cpp - Text to program: what is refused, and how ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Forms.h"
#include "Harness.h"
#include "Ops/Dispatch.h"

#include <fstream>
#include <random>
#include <sstream>

using namespace attnrt;
using namespace attnrt::sim;

static std::string refusal(const std::string &body) {
  Expected<std::shared_ptr<const Program>> program = decode(kernelOf(body));
  EXPECT_FALSE(bool(program)) << body;
  if (program)
    return "";
  EXPECT_EQ(program.status().code(), Code::BadInput);
  return program.status().message();
}

TEST(Decode, RefusalsNameLineAndInstruction) {
  EXPECT_EQ(refusal("frob.u32 %r1, %r2;"),
            "PTX line 14: unknown opcode `frob` in `frob.u32 %r1, %r2;`");
  EXPECT_NE(refusal("tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%rd1, {%f1, "
                    "%f2}];")
                .find("unsupported opcode `tex` (textures and surfaces)"),
            std::string::npos);
  EXPECT_EQ(refusal("add.frob.u32 %r1, %r2, %r3;"),
            "PTX line 14: unsupported form `add.frob.u32` in "
            "`add.frob.u32 %r1, %r2, %r3;`");
  EXPECT_NE(refusal("add.u32 %r1, %r2;").find("number of operands"),
            std::string::npos);
  EXPECT_NE(refusal("add.u64 %rd1, %rd2, %r3;").find("64 bits"),
            std::string::npos);
  EXPECT_NE(refusal("add.f32 %f1, %f2, 1;").find("floating-point constant"),
            std::string::npos);
  EXPECT_NE(refusal("bra NOWHERE;").find("unknown label"), std::string::npos);
  EXPECT_NE(refusal("mov.u32 %r1, %r99;").find("unknown register"),
            std::string::npos);
  EXPECT_NE(refusal("mov.u64 %rd1, nothing;").find("unknown symbol"),
            std::string::npos);
  EXPECT_NE(refusal("add.u32 7, %r1, %r2;").find("destination"),
            std::string::npos);
  EXPECT_NE(refusal("@%r1 bra L;\nL:").find("predicate"), std::string::npos);
  EXPECT_NE(refusal("cvt.f32.f64 %f1, %fd1;").find("unsupported form"),
            std::string::npos);
  EXPECT_NE(refusal("cp.async.cg.shared.global [%r1], [%rd1], 8;")
                .find("unsupported form"),
            std::string::npos);
  // A policy is there exactly where the hint is, and of global memory.
  EXPECT_NE(refusal("ld.global.L2::cache_hint.u32 %r1, [%rd1];")
                .find("number of operands"),
            std::string::npos);
  EXPECT_NE(
      refusal("ld.global.u32 %r1, [%rd1], %rd2;").find("number of operands"),
      std::string::npos);
  EXPECT_NE(
      refusal("ld.global.L2::cache_hint.u32 %r1, [%rd1], %r2;").find("64 bits"),
      std::string::npos);
  EXPECT_NE(refusal("st.shared.L2::cache_hint.u32 [%r1], %r2, %rd2;")
                .find("unsupported form"),
            std::string::npos);
  EXPECT_NE(refusal("createpolicy.fractional.L2::evict_last.L2::evict_last.b64 "
                    "%rd1, 1.0;")
                .find("unsupported form"),
            std::string::npos);
  EXPECT_NE(refusal("fence.acq_rel.cluster;").find("target sm_90"),
            std::string::npos);
  EXPECT_NE(refusal("call foo;").find("call to `foo`, which is no function"),
            std::string::npos);
}

TEST(Decode, KernelsOf) {
  Expected<std::shared_ptr<const Program>> program =
      decode(std::string(kHeader) +
             ".visible .entry a(.param .u32 x, .param .align 64 .b8 y[128])\n"
             ".maxntid 64, 2\n.minnctapersm 1\n{ .shared .b8 s[100]; "
             "st.shared.u8 [s], 1; ret; }\n"
             ".entry b { ret; }");
  ASSERT_TRUE(bool(program)) << program.status().message();
  std::vector<KernelInfo> kernels = kernelsOf(**program);
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "a");
  EXPECT_EQ(kernels[0].maxThreads, 128u);
  EXPECT_EQ(kernels[0].staticSharedBytes, 100u);
  ASSERT_EQ(kernels[0].params.size(), 2u);
  EXPECT_EQ(kernels[0].params[1].bytes, 128u);
  EXPECT_EQ(kernels[0].params[1].align, 64u);
}

/// MLIR's way to name the dynamic part.
TEST(Decode, DynamicSharedMemoryOfMlir) {
  LaunchOf how;
  how.dynamicShared = 64;
  Outcome o =
      runBody("mov.u32 %r1, __dynamic_shmem__0;\n"
              "st.shared.u32 [%r1+60], %r0;\nld.shared.u32 %r2, "
              "[%r1+60];\nst.global.u32 [%rd3], %r2;",
              {}, how, ".shared .align 16 .b8 __dynamic_shmem__0[1];\n");
  how.dynamicShared = 0;
  EXPECT_EQ(o.kinds().find("oob"), std::string::npos) << o.messages();
  EXPECT_EQ(runBody("mov.u32 %r1, __dynamic_shmem__0;\n"
                    "st.shared.u32 [%r1], %r0;\n",
                    {}, how, ".shared .align 16 .b8 __dynamic_shmem__0[1];\n")
                .kinds(),
            "oob");
}

TEST(Decode, LaunchesThatCannotBe) {
  LaunchOf how;
  how.threads = 2048;
  EXPECT_EQ(runBody("", {}, how).status.code(), Code::BadInput);
  how.threads = 32;
  how.dynamicShared = 200000;
  EXPECT_EQ(runBody("", {}, how).status.code(), Code::BadInput);
  how.dynamicShared = 0;
  how.grid = 0;
  EXPECT_EQ(runBody("", {}, how).status.code(), Code::BadInput);
}

/// Every choice of modifiers in the table has a handler, but for combinations
/// that the ISA itself excludes.
TEST(Decode, EveryFormIsBound) {
  Binder bind = hostBinder();
  for (const Form &form : allForms()) {
    // Roundings, sizes and constants exclude some: their own tests have them.
    if (form.sem == Sem::Cvt || form.sem == Sem::CpAsync ||
        form.sem == Sem::Wgmma)
      continue;
    // One alternative at a time; the others take their first.
    for (size_t w = 0; w < form.words.size(); ++w)
      for (std::string_view word : form.words[w]) {
        std::vector<std::string> modifiers;
        for (size_t v = 0; v < form.words.size(); ++v)
          if (v == w)
            modifiers.emplace_back(word);
          else if (!form.optional[v])
            modifiers.emplace_back(form.words[v][0]);
        Match match;
        ASSERT_TRUE(matchModifiers(form, modifiers, match));
        Op op;
        op.count = 1;
        op.imm2 = 128; // the size of a tensor map
        op.framed = word.substr(0, 5) == "param" && word != "param::entry";
        EXPECT_TRUE(bind(match, op))
            << form.opcode << " " << form.modifiers << ": " << word;
      }
  }
}

TEST(Decode, DocumentedFormsAreCurrent) {
  std::ifstream file(std::string(ATTNRT_DOCS) + "/Simulator.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(describeForms()), std::string::npos)
      << "run build/test/sim/DescribeForms docs/Simulator.md";
}

/// Damaged text is refused or runs; it never takes the process down.
TEST(Decode, DamagedText) {
  std::ifstream file(std::string(ATTNRT_TEST_KERNELS) + "/flash.clang.ptx");
  std::stringstream text;
  text << file.rdbuf();
  const std::string good = text.str();
  std::mt19937 engine(7);
  auto below = [&](size_t n) { return engine() % n; };
  for (int round = 0;
       round < (std::getenv("ATTNRT_TEST_ROUNDS")
                    ? std::atoi(std::getenv("ATTNRT_TEST_ROUNDS"))
                    : 300);
       ++round) {
    std::string bad = good;
    for (int edit = 0; edit < 1 + int(below(4)); ++edit) {
      size_t at = below(bad.size());
      switch (below(4)) {
      case 0:
        bad[at] = char(below(256));
        break;
      case 1:
        bad.erase(at, 1 + below(40));
        break;
      case 2:
        bad.insert(at, bad.substr(below(bad.size()), below(60)));
        break;
      default:
        bad[at] = "0123456789{}[]();,.%@!"[below(22)];
        break;
      }
    }
    Expected<std::shared_ptr<const Program>> program = decode(bad);
    if (!program) {
      EXPECT_EQ(program.status().code(), Code::BadInput);
      continue;
    }
    if ((*program)->kernels.empty() || !(*program)->find("flash"))
      continue;
    const sim::Kernel &kernel = *(*program)->find("flash");
    // Pointers where parameters were; sizes as they happen to be.
    GlobalMemory memory(uint64_t(1) << 30);
    uint64_t values[16][512] = {};
    void *params[16];
    if (kernel.params.size() > 16)
      continue;
    uint64_t buffer = *memory.allocate(65536);
    for (size_t p = 0; p < kernel.params.size(); ++p) {
      if (kernel.params[p].bytes > sizeof(values[0]))
        continue;
      values[p][0] = kernel.params[p].bytes == 8 ? buffer : 64;
      params[p] = values[p];
    }
    LaunchShape shape;
    shape.block.x = 128;
    shape.dynamicSharedBytes = 40960;
    Options options;
    options.maxWarpInstructionsPerCta = 20000;
    ExecutionReport report;
    (void)run(**program, "flash", shape, params, memory, options, report);
  }
}
