//===- GridDependencyTest.cpp - griddepcontrol and the check griddep ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `first` fills a buffer, `second` follows and says when it needs it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

static const char *const kFirst =
    "griddepcontrol.launch_dependents;\nst.global.u32 [%rd3], 41;\n";
static const char *const kWait = "griddepcontrol.wait;\n";
static const char *const kRead = "ld.global.u32 %r1, [%rd2];\n";
static const char *const kKeep =
    "add.u32 %r1, %r1, 1;\nst.global.u32 [%rd3], %r1;\n";

namespace {
struct Between {
  bool copies = false;
  Options options{};
};
} // namespace

static std::string named(const char *name, const std::string &body) {
  std::string text =
      kernelOf(body, "");
  text = text.substr(text.find(".visible"));
  return text.replace(text.find(" k("), 3, std::string(" ") + name + "(");
}

/// `first` writes to what `second` has as its input. Two warps.
static Outcome runTwo(const std::string &second, Between between = {}) {
  Outcome o;
  std::string ptx = std::string(kHopperHeader) +
                    ".shared .align 16 .b8 tile[64];\n"
                    ".shared .align 8 .b8 bar[8];\n" +
                    named("first", kFirst) + named("second", second);
  noteForms(ptx);
  Expected<std::shared_ptr<const Program>> program = decode(ptx);
  EXPECT_TRUE(bool(program)) << program.status().message();
  if (!program)
    return o;
  GlobalMemory memory;
  uint64_t unused = *memory.allocate(1024), buffer = *memory.allocate(1024),
           out = *memory.allocate(1024);
  (void)memory.fill(out, 0, 1024);
  (void)memory.fill(buffer, 0, 1024);
  LaunchShape shape;
  shape.block.x = 64;
  void *params[] = {&unused, &buffer};
  EXPECT_TRUE(
      run(**program, "first", shape, params, memory, {}, o.report).isOk());
  uint32_t seen = 0;
  if (between.copies)
    (void)memory.read(&seen, buffer, 4);
  void *then[] = {&buffer, &out};
  o.status =
      run(**program, "second", shape, then, memory, between.options, o.report);
  EXPECT_TRUE(o.status.isOk()) << o.status.message();
  o.out.resize(1024);
  (void)memory.read(o.out.data(), out, 1024);
  return o;
}

static void expectHazard(const Outcome &o, const char *what) {
  EXPECT_NE(o.kinds().find("griddep"), std::string::npos) << o.messages();
  EXPECT_NE(o.messages().find(what), std::string::npos) << o.messages();
}

TEST(GridDependency, Clean) {
  for (Completion completion : {Completion::Late, Completion::Early,
                                Completion::Torn, Completion::Random})
    for (uint64_t seed : {0, 1, 1001}) {
      Between between;
      between.options.completion = completion;
      between.options.seed = seed;
      Outcome o = runTwo(std::string(kWait) + kRead + kKeep, between);
      EXPECT_EQ(o.kinds(), "") << o.messages();
      EXPECT_EQ(o.at(63), 42u);
    }
}

TEST(GridDependency, TooEarly) {
  expectHazard(runTwo(std::string(kRead) + kWait + kKeep), "read of global");
  expectHazard(runTwo("st.global.u32 [%rd2], 7;\nmov.u32 %r1, 0;\n" +
                      std::string(kWait) + kKeep),
               "write to global");
  expectHazard(runTwo("cp.async.ca.shared.global [tile], [%rd0], 16;\n"
                      "cp.async.wait_all;\nmov.u32 %r1, 0;\n" +
                      std::string(kWait) + kKeep),
               "read of global");
  expectHazard(
      runTwo("setp.ne.u32 %p1, %r0, 0;\n@%p1 bra E;\n"
             "mbarrier.init.shared::cta.b64 [bar], 1;\n"
             "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 64;\n"
             "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
             "bytes [tile], [%rd0], 64, [bar];\n"
             "W: mbarrier.try_wait.parity.shared::cta.b64 %p2, [bar], 0;\n"
             "@!%p2 bra W;\nE:\n" +
             std::string(kWait)),
      "read of global");
}

TEST(GridDependency, WhatOthersWrote) {
  // The output is nobody's, and what the host has seen is complete.
  Outcome o = runTwo("st.global.u32 [%rd3+4], 1;\n" + std::string(kWait) +
                     kRead + kKeep);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  Between copies;
  copies.copies = true;
  o = runTwo(std::string(kRead) + kWait + kKeep, copies);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  // A kernel that never waits is taken to be launched behind the other.
  o = runTwo(std::string(kRead) + kKeep);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(63), 42u);
}

TEST(GridDependency, OneWaitsForAll) {
  std::string one =
      "setp.ge.u32 %p1, %r0, 32;\n@%p1 bra R;\n" + std::string(kWait) + "R:\n";
  Outcome o = runTwo(one + "bar.sync 0;\n" + kRead + kKeep);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  for (uint64_t seed : {0, 1, 1001, 1002}) {
    Between between;
    between.options.seed = seed;
    expectHazard(runTwo(one + kRead + kKeep, between),
                 "expected griddepcontrol");
  }
}
