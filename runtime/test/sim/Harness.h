//===- Harness.h - Runs small kernels in tests ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_HARNESS_H
#define ATTNRT_TEST_SIM_HARNESS_H

#include "FormsSeen.h"
#include "Run/Simulator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace attnrt::sim {

inline const char *const kHeader = ".version 7.0\n"
                                   ".target sm_80\n"
                                   ".address_size 64\n";

inline const char *const kHopperHeader = ".version 8.6\n"
                                         ".target sm_90a\n"
                                         ".address_size 64\n";

/// One kernel `k(in, out)`; each thread finds its inputs in %r0.. and writes
/// words: `body` ends with %out holding the address of the thread's 16 bytes.
/// Registers: %r<32> %rd<32> %f<32> %fd<8> %rs<16> %p<8>; %rd0 = in,
/// %rd1 = out, %r0 = tid.x, %rd2 = in + 16 tid, %rd3 = out + 16 tid.
inline std::string kernelOf(const std::string &body,
                            const std::string &declarations = "") {
  return std::string(kHeader) + declarations +
         ".visible .entry k(.param .u64 in, .param .u64 out)\n{\n"
         ".reg .b32 %r<32>; .reg .b64 %rd<32>; .reg .f32 %f<32>;\n"
         ".reg .f64 %fd<8>; .reg .b16 %rs<16>; .reg .pred %p<8>;\n"
         "ld.param.u64 %rd0, [in];\nld.param.u64 %rd1, [out];\n"
         "mov.u32 %r0, %tid.x;\n"
         "mul.wide.u32 %rd4, %r0, 16;\n"
         "add.s64 %rd2, %rd0, %rd4;\nadd.s64 %rd3, %rd1, %rd4;\n" +
         body + "\nret;\n}\n";
}

/// What one run left behind.
struct Outcome {
  Status status;
  ExecutionReport report;
  std::vector<uint8_t> out;

  uint32_t word(size_t index) const {
    uint32_t value;
    std::memcpy(&value, &out[4 * index], 4);
    return value;
  }
  float single(size_t index) const {
    float value;
    std::memcpy(&value, &out[4 * index], 4);
    return value;
  }
  /// Word `w` of thread `t`'s sixteen bytes.
  uint32_t at(unsigned t, unsigned w = 0) const { return word(4 * t + w); }
  float floatAt(unsigned t, unsigned w = 0) const { return single(4 * t + w); }
  std::string kinds() const {
    std::string all;
    for (const Hazard &hazard : report.hazards)
      all += (all.empty() ? "" : " ") + hazard.kind;
    return all;
  }
  std::string messages() const {
    std::string all = status.message() + "\n";
    for (const Hazard &hazard : report.hazards)
      all += hazard.kind + " line " + std::to_string(hazard.ptxLine) +
             " warp " + std::to_string(hazard.warp) + ": " + hazard.message +
             "\n";
    return all;
  }
};

struct LaunchOf {
  uint32_t threads = 32;
  uint32_t grid = 1;
  uint32_t dynamicShared = 0;
  size_t outBytes = 16384;
  Options options;
};

/// Runs kernel `k` with input words and output that counts as initialised.
inline Outcome runText(const std::string &ptx,
                       const std::vector<uint32_t> &input = {},
                       const LaunchOf &how = {}) {
  Outcome outcome;
  noteForms(ptx);
  Expected<std::shared_ptr<const Program>> program = decode(ptx);
  if (!program) {
    outcome.status = program.status();
    return outcome;
  }
  GlobalMemory memory;
  size_t inBytes = input.empty() ? 16 : input.size() * 4;
  uint64_t in = *memory.allocate(inBytes), out = *memory.allocate(how.outBytes);
  if (!input.empty())
    (void)memory.write(in, input.data(), inBytes);
  (void)memory.fill(out, 0xcd, how.outBytes);
  void *params[] = {&in, &out};
  LaunchShape shape;
  shape.grid.x = how.grid;
  shape.block.x = how.threads;
  shape.dynamicSharedBytes = how.dynamicShared;
  outcome.status =
      run(**program, "k", shape, params, memory, how.options, outcome.report);
  outcome.out.resize(how.outBytes);
  (void)memory.read(outcome.out.data(), out, how.outBytes);
  return outcome;
}

inline Outcome runBody(const std::string &body,
                       const std::vector<uint32_t> &input = {},
                       const LaunchOf &how = {},
                       const std::string &declarations = "") {
  return runText(kernelOf(body, declarations), input, how);
}

inline uint32_t bitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}

/// One instruction on the words of thread 0's input a, b, c in %r1..%r3 (f32:
/// %f1..%f3); returns %r4 (%f4).
inline uint32_t evaluate(const std::string &instruction, uint32_t a,
                         uint32_t b = 0, uint32_t c = 0) {
  Outcome o = runBody("ld.global.v4.u32 {%r1, %r2, %r3, %r5}, [%rd0];\n"
                      "mov.b32 %f1, %r1;\nmov.b32 %f2, %r2;\n"
                      "mov.b32 %f3, %r3;\n" +
                          instruction + "\nst.global.u32 [%rd3], %r4;\n",
                      {a, b, c, 0});
  EXPECT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.kinds(), "") << o.messages();
  return o.status.isOk() ? o.at(31) : 0xdeadbeef;
}

inline float evaluateFloat(const std::string &instruction, float a, float b = 0,
                           float c = 0) {
  uint32_t bits = evaluate(instruction + "\nmov.b32 %r4, %f4;", bitsOf(a),
                           bitsOf(b), bitsOf(c));
  float out;
  std::memcpy(&out, &bits, 4);
  return out;
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_HARNESS_H
