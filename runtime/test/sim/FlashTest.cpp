//===- FlashTest.cpp - A whole attention kernel ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// kernels/flash.cu as nvcc and clang compile it, against attention in double.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

using namespace attnrt;
using namespace attnrt::sim;

namespace {

constexpr int kD = 64;

struct Problem {
  int heads, sq, sk;
  bool causal;
};

std::string readKernel(const std::string &name) {
  std::ifstream file(std::string(ATTNRT_TEST_KERNELS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

uint16_t toBf16(float x) {
  uint32_t bits = bitsOf(x);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
float fromBf16(uint16_t x) {
  uint32_t bits = uint32_t(x) << 16;
  float out;
  std::memcpy(&out, &bits, 4);
  return out;
}

std::vector<uint16_t> randomTensor(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<uint16_t> out(count);
  for (uint16_t &x : out)
    x = toBf16(normal(engine));
  return out;
}

double reference(const Problem &p, const std::vector<uint16_t> &q,
                 const std::vector<uint16_t> &k, const std::vector<uint16_t> &v,
                 int head, int row, double *o) {
  std::vector<double> s(p.sk);
  double top = -INFINITY, sum = 0;
  for (int j = 0; j < p.sk; ++j) {
    s[j] = 0;
    for (int d = 0; d < kD; ++d)
      s[j] += double(fromBf16(q[(head * p.sq + row) * kD + d])) *
              fromBf16(k[(head * p.sk + j) * kD + d]);
    s[j] *= 0.125;
    if (p.causal && j > row + p.sk - p.sq)
      s[j] = -INFINITY;
    top = std::max(top, s[j]);
  }
  std::fill(o, o + kD, 0.0);
  for (int j = 0; j < p.sk; ++j) {
    double w = top == -INFINITY ? 0 : std::exp(s[j] - top);
    sum += w;
    for (int d = 0; d < kD; ++d)
      o[d] += w * fromBf16(v[(head * p.sk + j) * kD + d]);
  }
  for (int d = 0; d < kD; ++d)
    o[d] = sum > 0 ? o[d] / sum : 0;
  return sum > 0 ? top + std::log(sum) : -INFINITY;
}

struct Result {
  std::vector<float> o, lse;
  ExecutionReport report;
  Status status;
};

Result runFlash(const std::string &ptx, const Problem &p,
                const std::vector<uint16_t> &q, const std::vector<uint16_t> &k,
                const std::vector<uint16_t> &v, Options options = {}) {
  Result result;
  Expected<std::shared_ptr<const Program>> program = decode(ptx);
  if (!program) {
    result.status = program.status();
    return result;
  }
  GlobalMemory memory;
  result.o.resize(size_t(p.heads) * p.sq * kD);
  result.lse.resize(size_t(p.heads) * p.sq);
  uint64_t dq = *memory.allocate(q.size() * 2),
           dk = *memory.allocate(k.size() * 2),
           dv = *memory.allocate(v.size() * 2),
           dO = *memory.allocate(result.o.size() * 4),
           dl = *memory.allocate(result.lse.size() * 4);
  (void)memory.write(dq, q.data(), q.size() * 2);
  (void)memory.write(dk, k.data(), k.size() * 2);
  (void)memory.write(dv, v.data(), v.size() * 2);
  float scale = 0.125f * 1.4426950408889634f;
  int sq = p.sq, sk = p.sk, causal = p.causal;
  void *params[] = {&dq, &dk, &dv, &dO, &dl, &sq, &sk, &scale, &causal};
  LaunchShape shape;
  shape.grid = {uint32_t((p.sq + 63) / 64), uint32_t(p.heads), 1};
  shape.block.x = 128;
  shape.dynamicSharedBytes = 5 * 64 * kD * 2;
  result.status =
      run(**program, "flash", shape, params, memory, options, result.report);
  (void)memory.read(result.o.data(), dO, result.o.size() * 4);
  (void)memory.read(result.lse.data(), dl, result.lse.size() * 4);
  return result;
}

void check(const std::string &name, const Problem &p) {
  auto q = randomTensor(size_t(p.heads) * p.sq * kD, 1),
       k = randomTensor(size_t(p.heads) * p.sk * kD, 2),
       v = randomTensor(size_t(p.heads) * p.sk * kD, 3);
  Result r = runFlash(readKernel(name), p, q, k, v);
  ASSERT_TRUE(r.status.isOk()) << r.status.message();
  for (const Hazard &hazard : r.report.hazards)
    ADD_FAILURE() << hazard.kind << " line " << hazard.ptxLine << " warp "
                  << hazard.warp << ": " << hazard.message;
  double worst = 0, worstLse = 0;
  for (int h = 0; h < p.heads; ++h)
    for (int i = 0; i < p.sq; ++i) {
      double o[kD];
      double lse = reference(p, q, k, v, h, i, o);
      size_t row = size_t(h) * p.sq + i;
      for (int d = 0; d < kD; ++d)
        worst = std::max(worst, std::abs(o[d] - r.o[row * kD + d]));
      if (std::isinf(lse))
        EXPECT_EQ(r.lse[row], -INFINITY);
      else
        worstLse = std::max(worstLse, std::abs(lse - r.lse[row]));
    }
  EXPECT_LT(worst, 0.02);
  EXPECT_LT(worstLse, 1e-4);
}

} // namespace

TEST(Flash, NvccFull) { check("flash.nvcc.ptx", {2, 128, 192, false}); }
TEST(Flash, NvccCausalRagged) { check("flash.nvcc.ptx", {1, 113, 203, true}); }
TEST(Flash, NvccMaskedRows) { check("flash.nvcc.ptx", {1, 100, 37, true}); }
TEST(Flash, ClangFull) { check("flash.clang.ptx", {2, 128, 192, false}); }
TEST(Flash, ClangCausalRagged) {
  check("flash.clang.ptx", {1, 113, 203, true});
}

/// Results, counts and hazards do not depend on host threads or warp order.
TEST(Flash, Deterministic) {
  Problem p{3, 130, 150, true};
  auto q = randomTensor(size_t(p.heads) * p.sq * kD, 1),
       k = randomTensor(size_t(p.heads) * p.sk * kD, 2),
       v = randomTensor(size_t(p.heads) * p.sk * kD, 3);
  std::string ptx = readKernel("flash.nvcc.ptx");
  Options one;
  one.threads = 1;
  Options many;
  many.threads = 4;
  many.seed = 3;
  Result a = runFlash(ptx, p, q, k, v, one),
         b = runFlash(ptx, p, q, k, v, many);
  EXPECT_EQ(a.o, b.o);
  EXPECT_EQ(a.lse, b.lse);
  EXPECT_EQ(a.report.warpInstructions, b.report.warpInstructions);
  EXPECT_EQ(a.report.bankConflicts, b.report.bankConflicts);
  EXPECT_EQ(a.report.bankConflicts, 0u);
}

TEST(Flash, CleanInEverySchedule) {
  Problem p{1, 100, 150, true};
  auto q = randomTensor(size_t(p.sq) * kD, 1),
       k = randomTensor(size_t(p.sk) * kD, 2),
       v = randomTensor(size_t(p.sk) * kD, 3);
  for (std::string name : {"flash.nvcc.ptx", "flash.clang.ptx"}) {
    std::string ptx = readKernel(name);
    Options options;
    Result first = runFlash(ptx, p, q, k, v, options);
    for (options.seed = 0; options.seed < 24; ++options.seed) {
      Result r = runFlash(ptx, p, q, k, v, options);
      EXPECT_TRUE(r.report.hazards.empty()) << name << " " << options.seed;
      EXPECT_EQ(r.o, first.o);
    }
  }
}

namespace {
/// The hazards of the kernel with one line of its text changed.
std::string mutated(const std::string &from, const std::string &to,
                    int occurrence = 0, uint64_t seed = 0) {
  std::string ptx = readKernel("flash.nvcc.ptx");
  size_t at = ptx.find(from);
  for (int i = 0; i < occurrence && at != ptx.npos; ++i)
    at = ptx.find(from, at + 1);
  EXPECT_NE(at, ptx.npos);
  if (at != ptx.npos)
    ptx.replace(at, from.size(), to);
  Problem p{1, 64, 256, false};
  auto q = randomTensor(64 * kD, 1), k = randomTensor(256 * kD, 2),
       v = randomTensor(256 * kD, 3);
  Options options;
  options.seed = seed;
  Result r = runFlash(ptx, p, q, k, v, options);
  std::string kinds = r.status.message();
  for (const Hazard &hazard : r.report.hazards)
    kinds += hazard.kind + " ";
  return kinds;
}
} // namespace

TEST(Flash, WaitTooWeak) {
  EXPECT_NE(mutated("cp.async.wait_group 1;", "cp.async.wait_group 2;")
                .find("cp-async"),
            std::string::npos);
}
TEST(Flash, WaitDropped) {
  EXPECT_NE(mutated("cp.async.wait_group 1;", "").find("cp-async"),
            std::string::npos);
}
TEST(Flash, CommitDropped) {
  EXPECT_NE(mutated("cp.async.commit_group;", "", 0).find("cp-async"),
            std::string::npos);
}
/// Either barrier of the loop, in every schedule: a race, or an access to the
/// copy in flight where that comes first.
TEST(Flash, BarrierDropped) {
  for (int which : {0, 1})
    for (uint64_t seed = 0; seed < 20; ++seed) {
      std::string kinds = mutated("bar.sync \t0;", "", which, seed);
      EXPECT_TRUE(kinds.find("race") != std::string::npos ||
                  kinds.find("cp-async") != std::string::npos)
          << which << " " << seed << " " << kinds;
    }
}
