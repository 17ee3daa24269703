//===- CountersTest.cpp - What kernels did, against closed forms ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"
#include "HopperCases.h"

#include <gmock/gmock.h>

using namespace attnrt;
using namespace attnrt::sim;
using namespace attnrt::sim::hopper;
using testing::EndsWith;
using Class = InstructionClass;

static const KernelCounters &only(const ExecutionReport &report) {
  EXPECT_EQ(report.counters.size(), 1u);
  return report.counters.at(0);
}

/// Everything, as text.
static std::string describe(const KernelCounters &counters) {
  std::string out = counters.kernel;
  auto add = [&](uint64_t value) { out += " " + std::to_string(value); };
  auto addBarrier = [&](const BarrierCounts &counts) {
    for (uint64_t value : {counts.arrivals, counts.waits, counts.incomplete})
      add(value);
  };
  add(counters.launches);
  for (const InstructionCounts &warpgroup : counters.warpgroups)
    for (uint64_t value : warpgroup.values)
      add(value);
  add(counters.ex2);
  add(counters.otherSpecial);
  for (const KernelCounters::Product &product : counters.products) {
    out += "\n" + product.instruction + product.shape + product.types;
    for (uint64_t value : {product.count, product.flops})
      add(value);
  }
  for (uint64_t value : counters.bytes.values)
    add(value);
  for (const KernelCounters::Conflict &conflict : counters.conflicts) {
    out += "\n" + conflict.text + conflict.origin;
    for (uint64_t value :
         {conflict.accesses, conflict.wavefronts, conflict.extra})
      add(value);
  }
  for (const KernelCounters::NamedBarrier &barrier : counters.barriers) {
    add(barrier.id);
    addBarrier(barrier.counts);
  }
  addBarrier(counters.clusterBarrier);
  for (const KernelCounters::MBarrier &barrier : counters.mbarriers) {
    out += "\n" + barrier.variable;
    add(barrier.offset);
    addBarrier(barrier.counts);
    add(barrier.bytes);
  }
  return out;
}

/// Arrivals, waits and looks in vain.
static std::vector<uint64_t> listOf(const BarrierCounts &counts) {
  return {counts.arrivals, counts.waits, counts.incomplete};
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static Class classIn(const std::string &instruction) {
  Expected<std::shared_ptr<const Program>> program = decode(
      std::string(kHopperHeader) +
      ".entry k() { .reg .b16 %rs<4>; .reg .b32 %r<8>; .reg .b64 %rd<4>;\n"
      ".reg .f32 %f<32>; .reg .f64 %fd<4>; .reg .pred %p<4>;\n"
      ".shared .b8 s[16]; .local .b8 l[16];\n" +
      instruction + "\nL: ret; }");
  EXPECT_TRUE(bool(program)) << program.status().message();
  return program ? (*program)->kernels[0].facts[0].kind : Class::Control;
}

TEST(Counters, ClassOfEachInstruction) {
  const std::pair<const char *, Class> kExpected[] = {
      {"add.u32 %r1, %r0, 1;", Class::Integer},
      {"mul.wide.u32 %rd0, %r0, 4;", Class::Integer},
      {"lop3.b32 %r0, %r1, %r2, %r3, 8;", Class::Integer},
      {"min.s32 %r0, %r1, %r2;", Class::Integer},
      {"div.u32 %r0, %r1, %r2;", Class::Integer},
      {"fma.rn.f32 %f0, %f1, %f2, %f3;", Class::Single},
      {"mul.ftz.f32 %f0, %f1, %f2;", Class::Single},
      {"fma.rn.f16x2 %r0, %r1, %r2, %r3;", Class::Half},
      {"max.bf16x2 %r0, %r1, %r2;", Class::Half},
      {"add.rn.f64 %fd0, %fd1, %fd2;", Class::Double},
      {"max.f32 %f0, %f1, %f2;", Class::Compare},
      {"setp.lt.s32 %p0, %r0, %r1;", Class::Compare},
      {"selp.f32 %f0, %f1, %f2, %p0;", Class::Compare},
      {"neg.f32 %f0, %f1;", Class::Compare},
      {"ex2.approx.ftz.f32 %f0, %f1;", Class::Special},
      {"ex2.approx.f16x2 %r0, %r1;", Class::Special},
      {"rcp.approx.ftz.f32 %f0, %f1;", Class::Special},
      {"div.full.f32 %f0, %f1, %f2;", Class::Special},
      {"cvt.rn.bf16x2.f32 %r0, %f0, %f1;", Class::Convert},
      {"mov.u32 %r0, %tid.x;", Class::Move},
      {"mov.b64 {%r0, %r1}, %rd0;", Class::Move},
      {"cvta.to.global.u64 %rd0, %rd1;", Class::Move},
      {"shfl.sync.bfly.b32 %r0, %r1, 1, 31, -1;", Class::Warp},
      {"elect.sync %r0|%p0, -1;", Class::Warp},
      {"ld.global.u32 %r0, [%rd0];", Class::Global},
      {"red.global.add.f32 [%rd0], %f0;", Class::Global},
      {"st.shared.u32 [s], %r0;", Class::Shared},
      {"ld.shared::cluster.u32 %r0, [%r1];", Class::Shared},
      {"ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%r1];", Class::Shared},
      {"st.local.u32 [l], %r0;", Class::Local},
      {"st.u32 [%rd0], %r0;", Class::Generic},
      {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f0, %f1, %f2, "
       "%f3}, {%r0, %r1}, {%r2}, {%f0, %f1, %f2, %f3};",
       Class::Tensor},
      {"wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, "
       "%f3}, %rd0, %rd1, %p0, 1, 1, 0, 0;",
       Class::Tensor},
      {"wgmma.wait_group.sync.aligned 0;", Class::Barrier},
      {"cp.async.ca.shared.global [%r0], [%rd0], 4;", Class::Async},
      {"cp.async.bulk.commit_group;", Class::Async},
      {"bar.sync 0;", Class::Barrier},
      {"mbarrier.init.shared.b64 [%r0], 1;", Class::Barrier},
      {"fence.proxy.async;", Class::Barrier},
      {"setmaxnreg.dec.sync.aligned.u32 40;", Class::Control},
      {"bra L;", Class::Control}};
  for (const auto &[instruction, kind] : kExpected)
    EXPECT_EQ(kInstructionClassNames[int(classIn(instruction))],
              std::string(kInstructionClassNames[int(kind)]))
        << instruction;
}

/// A loop whose warps go round differently often, and half of whose lanes skip
/// an instruction.
TEST(Counters, LoopsGuardsAndSpecialFunctions) {
  LaunchOf how;
  how.threads = 96;
  how.grid = 2;
  Outcome o = runBody("shr.u32 %r1, %r0, 5;\nand.b32 %r2, %r0, 1;\n"
                      "setp.eq.u32 %p1, %r2, 0;\nmov.f32 %f1, 0f3f800000;\n"
                      "mov.u32 %r3, 0;\nmov.u32 %r5, 0;\n"
                      "L: @%p1 ex2.approx.ftz.f32 %f1, %f1;\n"
                      "ex2.approx.f16x2 %r5, %r5;\n"
                      "setp.gt.u32 %p3, %r0, 4096;\n"
                      "@%p3 rcp.approx.ftz.f32 %f1, %f1;\n"
                      "rsqrt.approx.f32 %f2, %f1;\n"
                      "setp.lt.u32 %p2, %r3, %r1;\nadd.u32 %r3, %r3, 1;\n"
                      "@%p2 bra L;\n",
                      {}, how);
  EXPECT_EQ(o.messages(), "\n");
  const KernelCounters &counters = only(o.report);
  // Warps 0, 1 and 2 go 1, 2 and 3 times through it; there are two blocks.
  uint64_t turns = 2 * (1 + 2 + 3), warps = 6;
  EXPECT_EQ(counters.ex2, turns * (16 + 2 * 32));
  EXPECT_EQ(counters.otherSpecial, turns * 32);
  InstructionCounts expected;
  expected[Class::Param] = 2 * warps;
  expected[Class::Move] = 4 * warps;
  expected[Class::Integer] = 5 * warps + turns;
  expected[Class::Compare] = warps + 2 * turns;
  expected[Class::Special] = 4 * turns; // one of which no lane executes
  expected[Class::Control] = turns + warps;
  ASSERT_EQ(counters.warpgroups.size(), 1u);
  EXPECT_EQ(counters.warpgroups[0].values, expected.values);
  EXPECT_EQ(o.report.warpInstructions, expected.sum());
}

/// Lanes that part and come together again.
TEST(Counters, BothSidesOfABranch) {
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 5;\n@%p1 bra A;\n"
                      "ex2.approx.f32 %f1, 0f3f800000;\nbra B;\n"
                      "A: lg2.approx.f32 %f1, 0f3f800000;\n"
                      "B: ex2.approx.f32 %f2, 0f3f800000;\n");
  EXPECT_EQ(o.messages(), "\n");
  EXPECT_EQ(only(o.report).ex2, 27u + 32);
  EXPECT_EQ(only(o.report).otherSpecial, 5u);
  EXPECT_EQ(only(o.report).warpgroups[0][Class::Special], 3u);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST(Counters, BytesBySpace) {
  Outcome o = runBody(
      ".local .b8 l[4];\nld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd3];\n"
      "setp.lt.u32 %p1, %r0, 5;\n@%p1 st.global.u32 [%rd3], %r1;\n"
      "red.global.add.u32 [%rd3], 1;\n"
      "shl.b32 %r5, %r0, 3;\nmov.u32 %r6, s;\nadd.u32 %r5, %r5, %r6;\n"
      "st.shared.u64 [%r5], %rd1;\nld.shared.u16 %rs1, [%r5];\n"
      "atom.shared.add.u32 %r7, [%r5], 1;\n"
      "cvt.u64.u32 %rd5, %r5;\ncvta.shared.u64 %rd5, %rd5;\n"
      "ld.u32 %r8, [%rd5];\nst.u64 [%rd3], %rd1;\n"
      "mov.u32 %r9, l;\nst.local.u32 [%r9], %r8;\nld.local.u8 %rs2, [%r9];\n",
      {}, {}, ".visible .shared .align 8 .b8 s[256];\n");
  EXPECT_EQ(o.messages(), "\n");
  TrafficCounts expected;
  expected[Traffic::GlobalLoad] = 32 * 16;
  expected[Traffic::GlobalStore] = 5 * 4 + 32 * 8;
  expected[Traffic::GlobalAtomic] = 32 * 4;
  expected[Traffic::SharedLoad] = 32 * 2 + 32 * 4;
  expected[Traffic::SharedStore] = 32 * 8;
  expected[Traffic::SharedAtomic] = 32 * 4;
  expected[Traffic::LocalLoad] = 32;
  expected[Traffic::LocalStore] = 32 * 4;
  EXPECT_EQ(only(o.report).bytes.values, expected.values);
}

TEST(Counters, CopiesWithLessThanTheirSize) {
  Outcome o = runBody("shl.b32 %r1, %r0, 4;\nmov.u32 %r2, s;\n"
                      "add.u32 %r1, %r1, %r2;\nand.b32 %r3, %r0, 15;\n"
                      "cp.async.cg.shared.global [%r1], [%rd3], 16, %r3;\n"
                      "cp.async.wait_all;\n",
                      {}, {}, ".shared .align 16 .b8 s[512];\n");
  EXPECT_EQ(o.messages(), "\n");
  TrafficCounts expected;
  expected[Traffic::CpAsyncLoad] = 2 * 15 * 16 / 2; // 0 to 15, twice
  expected[Traffic::CpAsyncStore] = 32 * 16;
  EXPECT_EQ(only(o.report).bytes.values, expected.values);
}

TEST(Counters, BankConflictsWorstFirst) {
  // Lanes 8, 128 and 4 bytes apart, and rows of 16 bytes 128 bytes apart.
  Outcome o =
      runBody("mov.u32 %r1, s;\nmad.lo.u32 %r2, %r0, 8, %r1;\n"
              "mad.lo.u32 %r3, %r0, 128, %r1;\nmad.lo.u32 %r4, %r0, 4, %r1;\n"
              ".loc 1 7 8 // tile.store at tile.mlir:7:8\n"
              "st.shared.u32 [%r2], %r0;\n.loc 1 0 0\n"
              "st.shared.u32 [%r3], %r0;\nst.shared.u32 [%r4], %r0;\n"
              "setp.lt.u32 %p1, %r0, 12;\n"
              "@%p1 st.shared.v4.u32 [%r3], {%r0, %r0, %r0, %r0};\n",
              {}, {}, ".shared .align 16 .b8 s[4096];\n");
  EXPECT_EQ(o.messages(), "\n");
  const auto &conflicts = only(o.report).conflicts;
  ASSERT_EQ(conflicts.size(), 3u);
  EXPECT_EQ(conflicts[0].text, "st.shared.u32 [%r3], %r0;");
  EXPECT_EQ(conflicts[0].wavefronts, 32u);
  EXPECT_EQ(conflicts[0].extra, 31u);
  EXPECT_EQ(conflicts[0].origin, "");
  // Groups of eight and of four lanes.
  EXPECT_EQ(conflicts[1].wavefronts, 12u);
  EXPECT_EQ(conflicts[1].extra, 7u + 3);
  EXPECT_THAT(conflicts[1].text, EndsWith("%r0};"));
  EXPECT_EQ(conflicts[2].text, "st.shared.u32 [%r2], %r0;");
  EXPECT_EQ(conflicts[2].origin, "tile.store at tile.mlir:7:8");
  EXPECT_EQ(conflicts[2].accesses, 1u);
  EXPECT_EQ(conflicts[2].wavefronts, 2u);
  EXPECT_EQ(conflicts[2].extra, 1u);
  EXPECT_GT(conflicts[2].ptxLine, 0);
  EXPECT_EQ(o.report.bankConflicts, 31u + 10 + 1);
}

//===----------------------------------------------------------------------===//
// Attention, and products
//===----------------------------------------------------------------------===//

TEST(Counters, Flash) {
  for (const char *file : {"flash.nvcc", "flash.clang"}) {
    SCOPED_TRACE(file);
    constexpr int kSq = 64, kSk = 128, kDim = 64, kTiles = kSk / 64;
    Kernels kernels(file);
    std::vector<uint16_t> halves(kSk * kDim, bf16(1));
    uint64_t q = kernels.put(halves), k = kernels.put(halves),
             v = kernels.put(halves), o = kernels.room<float>(kSq * kDim),
             lse = kernels.room<float>(kSq);
    kernels.dynamicShared = 5 * 64 * kDim * 2;
    kernels.launch("flash", {1}, {128}, q, k, v, o, lse, kSq, kSk, 0.18f, 0);
    const KernelCounters &counters = only(kernels.report);
    EXPECT_EQ(counters.kernel, "flash");
    // One for each score, and one in each lane for both of its rows in a tile.
    EXPECT_EQ(counters.ex2, kSq * kSk + kTiles * 128 * 2);
    EXPECT_EQ(counters.flops(), 4u * kSq * kSk * kDim);
    ASSERT_EQ(counters.products.size(), 1u);
    EXPECT_EQ(counters.products[0].shape, "m16n8k16");
    EXPECT_EQ(counters.products[0].types, "f32.bf16.bf16.f32");
    EXPECT_EQ(counters.products[0].count, kernels.report.mmaInstructions);
    TrafficCounts expected;
    expected[Traffic::CpAsyncLoad] = (kSq + 2 * kSk) * kDim * 2;
    expected[Traffic::CpAsyncStore] = (kSq + 2 * kSk) * kDim * 2;
    // Of Q once, of K and V by each of four warps.
    expected[Traffic::SharedLoad] = (kSq + 4 * 2 * kSk) * kDim * 2;
    expected[Traffic::GlobalStore] = kSq * (kDim + 1) * 4;
    EXPECT_EQ(counters.bytes.values, expected.values);
    EXPECT_TRUE(counters.conflicts.empty());
    ASSERT_EQ(counters.barriers.size(), 1u);
    EXPECT_EQ(listOf(counters.barriers[0].counts),
              (std::vector<uint64_t>{2 * kTiles * 4, 2 * kTiles * 4,
                                     2 * kTiles * 3}));
  }
}

static const KernelCounters::MBarrier &
mbarrierOf(const KernelCounters &counters, const std::string &ending,
           uint32_t offset) {
  for (const KernelCounters::MBarrier &barrier : counters.mbarriers)
    if (barrier.offset == offset && barrier.variable.size() > ending.size() &&
        !barrier.variable.compare(barrier.variable.size() - ending.size(),
                                  ending.size(), ending))
      return barrier;
  ADD_FAILURE() << "no mbarrier " << ending << " + " << offset;
  static const KernelCounters::MBarrier none;
  return none;
}

/// Two CTAs; a warpgroup loads, two multiply in seven steps.
TEST(Counters, Pipeline) {
  constexpr uint64_t kTile = 64 * 128, kSteps = 7;
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(pipeline(256, 64, 64 * kSteps).isRight(kernels));
  const KernelCounters &counters = only(kernels.report);
  EXPECT_EQ(counters.flops(), 2u * 256 * 64 * 64 * kSteps);
  ASSERT_EQ(counters.products.size(), 1u);
  EXPECT_EQ(counters.products[0].instruction, "wgmma");
  EXPECT_EQ(counters.products[0].shape, "m64n64k16");
  EXPECT_EQ(counters.products[0].types, "f32.bf16.bf16");
  EXPECT_FALSE(counters.products[0].fromRegisters);
  EXPECT_EQ(counters.products[0].count, 2 * 2 * kSteps * 4);
  TrafficCounts expected;
  expected[Traffic::TensorLoad] = 2 * kSteps * 3 * kTile;
  expected[Traffic::TensorStore] = 2 * 2 * kTile;
  expected[Traffic::SharedStore] = 2 * 2 * kTile;
  expected[Traffic::WgmmaShared] = 2 * 2 * kSteps * 2 * kTile;
  EXPECT_EQ(counters.bytes.values, expected.values);
  // Who multiplies, and who loads.
  ASSERT_EQ(counters.warpgroups.size(), 3u);
  EXPECT_EQ(counters.warpgroups[0][Class::Tensor], 0u);
  EXPECT_EQ(counters.warpgroups[0][Class::Async], 2 * 3 * kSteps);
  for (unsigned group : {1, 2})
    EXPECT_EQ(counters.warpgroups[group][Class::Tensor], 2 * 4 * kSteps * 4);
  EXPECT_EQ(counters.instructions().sum(), kernels.report.warpInstructions);

  // Stage 0 has steps 0, 3 and 6.
  const auto &full = mbarrierOf(counters, "full", 0);
  EXPECT_EQ(full.counts.arrivals, 2u * 3);
  EXPECT_EQ(full.counts.waits, 2u * 3 * 8);
  EXPECT_GT(full.counts.incomplete, 0u);
  EXPECT_EQ(full.bytes, 2u * 3 * 3 * kTile);
  EXPECT_EQ(mbarrierOf(counters, "full", 8).counts.arrivals, 2u * 2);
  const auto &empty = mbarrierOf(counters, "empty", 0);
  EXPECT_EQ(empty.counts.arrivals, 2u * 2 * 2);
  EXPECT_EQ(empty.counts.waits, 2u * 3);
  EXPECT_EQ(empty.bytes, 0u);
  ASSERT_EQ(counters.barriers.size(), 4u);
  EXPECT_EQ(listOf(counters.barriers[0].counts),
            (std::vector<uint64_t>{2 * 12, 2 * 12, 2 * 11}));
  EXPECT_EQ(counters.barriers[1].counts.arrivals, 2u * 8);
  EXPECT_EQ(counters.barriers[2].counts.arrivals, 2u * 4);
}

/// What lies outside is filled, or dropped.
TEST(Counters, BoxesThatLeaveTheirTensor) {
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(pipeline(200, 40, 72).isRight(kernels));
  const TrafficCounts &bytes = only(kernels.report).bytes;
  EXPECT_EQ(bytes[Traffic::TensorLoad], 2u * 2 * (128 + 64) * 128);
  EXPECT_EQ(bytes[Traffic::TensorOutside], 2u * (256 * 128 - 200 * 72) +
                                               2 * 2 * (64 * 128 - 40 * 72) +
                                               2 * (256 * 64 - 200 * 40));
}

TEST(Counters, MulticastAndClusters) {
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(multicast(192).isRight(kernels));
  const KernelCounters &counters = only(kernels.report);
  EXPECT_EQ(counters.bytes[Traffic::TensorLoad], 2u * 3 * (8192 + 4096));
  EXPECT_EQ(counters.bytes[Traffic::Multicast], 2u * 3 * 4096);
  EXPECT_EQ(kernels.report.bulkBytes, 2u * 3 * 2 * 8192);
  EXPECT_EQ(counters.clusterBarrier.arrivals, 2u * 4 * 2);
  EXPECT_EQ(counters.clusterBarrier.waits, 2u * 4 * 2);
  // Both CTAs' barriers stand at the same place; each has two arrivals a step.
  EXPECT_EQ(mbarrierOf(counters, "free", 0).counts.arrivals, 2u * 3 * 2);
}

TEST(Counters, Reductions) {
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(split(5).isRight(kernels));
  const KernelCounters &counters = only(kernels.report);
  EXPECT_EQ(counters.bytes[Traffic::TensorReduce], 5u * 64 * 64 * 4);
  EXPECT_EQ(counters.bytes[Traffic::TensorStore], 0u);
}

/// A from registers is not read from shared memory.
TEST(Counters, OperandsInRegisters) {
  Kernels kernels("hopper.nvcc");
  EXPECT_TRUE(gemm("gemm_128_rs", 128, false).isRight(kernels));
  const KernelCounters &counters = only(kernels.report);
  ASSERT_EQ(counters.products.size(), 1u);
  EXPECT_TRUE(counters.products[0].fromRegisters);
  EXPECT_EQ(counters.bytes[Traffic::WgmmaShared],
            counters.products[0].count * 64 * 32);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

TEST(Counters, SameWhateverTheThreads) {
  for (Completion completion : {Completion::Late, Completion::Random}) {
    std::vector<std::string> all;
    for (unsigned threads : {1, 2, 3}) {
      Kernels kernels("hopper.nvcc");
      kernels.completion = completion;
      kernels.seed = 1005;
      kernels.threads = threads;
      EXPECT_TRUE(split(60).isRight(kernels));
      all.push_back(describe(only(kernels.report)));
    }
    EXPECT_EQ(all[0], all[1]);
    EXPECT_EQ(all[0], all[2]);
  }
}

/// Each kernel has its own, all launches of it together.
TEST(Counters, LaunchesOfSeveralKernels) {
  std::string text = kernelOf("mov.u32 %r1, s;\n"
                              "mad.lo.u32 %r2, %r0, 8, %r1;\n"
                              "st.shared.u32 [%r2], %r0;\n",
                              ".shared .align 8 .b8 s[2048];\n") +
                     ".visible .entry other(.param .u64 in, .param .u64 out)\n"
                     "{\nbar.sync 0;\nret;\n}\n";
  Expected<std::shared_ptr<const Program>> program = decode(text);
  ASSERT_TRUE(bool(program)) << program.status().message();
  GlobalMemory memory;
  uint64_t nothing = 0;
  void *params[] = {&nothing, &nothing};
  ExecutionReport report;
  for (const auto &[name, threads] :
       std::initializer_list<std::pair<const char *, uint32_t>>{
           {"k", 32}, {"other", 64}, {"k", 160}}) {
    LaunchShape shape;
    shape.block.x = threads;
    ASSERT_TRUE(
        run(**program, name, shape, params, memory, Options(), report).isOk());
  }
  ASSERT_EQ(report.counters.size(), 2u);
  const KernelCounters &k = report.counters[0], &other = report.counters[1];
  EXPECT_EQ(k.kernel, "k");
  EXPECT_EQ(k.launches, 2u);
  ASSERT_EQ(k.warpgroups.size(), 2u);
  EXPECT_EQ(k.warpgroups[0].sum(), 5 * k.warpgroups[1].sum());
  EXPECT_EQ(k.bytes[Traffic::SharedStore], (32u + 160) * 4);
  ASSERT_EQ(k.conflicts.size(), 1u);
  EXPECT_EQ(k.conflicts[0].accesses, 1u + 5);
  EXPECT_EQ(other.launches, 1u);
  EXPECT_EQ(other.barriers[0].counts.arrivals, 2u);
  EXPECT_EQ(report.warpInstructions,
            k.instructions().sum() + other.instructions().sum());
}
