//===- Tables.h - One instruction on many operands --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A case is the bits of up to three operands; each is a thread of one launch.
// Expected values come from functions that follow the text of the PTX ISA and
// share nothing with the simulator.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_TABLES_H
#define ATTNRT_TEST_SIM_TABLES_H

#include "Harness.h"

#include <algorithm>
#include <random>
#include <sstream>

namespace attnrt::sim {

struct Case {
  uint64_t a = 0, b = 0, c = 0;
};

/// `instruction` is of %a, %b, %c and writes %d; `kinds` are the registers of
/// d, a, b and c: 16, 32, 64 or p. Operands that are missing are 32.
inline std::vector<uint64_t> tabulate(const std::string &instruction,
                                      const std::string &kinds,
                                      std::vector<Case> cases,
                                      const char *header = kHeader) {
  constexpr uint32_t kThreads = 256;
  size_t count = cases.size();
  cases.resize((count + kThreads - 1) / kThreads * kThreads, cases.back());
  std::istringstream words(kinds);
  std::string kind[4], declarations, load, store;
  for (int i = 0; i < 4; ++i) {
    if (!(words >> kind[i]))
      kind[i] = "32";
    std::string name = std::string("%") + "dabc"[i];
    bool isPred = kind[i] == "p";
    declarations +=
        (isPred ? ".reg .pred " : ".reg .b" + kind[i] + " ") + name + ";\n";
    std::string wide = std::string("%w") + "dabc"[i];
    if (i == 0)
      store = isPred            ? "selp.b64 %wd, 1, 0, %d;\n"
              : kind[i] == "64" ? "mov.b64 %wd, %d;\n"
                                : "cvt.u64.u" + kind[i] + " %wd, %d;\n";
    else if (isPred)
      load += "setp.ne.u64 " + name + ", " + wide + ", 0;\n";
    else if (kind[i] == "64")
      load += "mov.b64 " + name + ", " + wide + ";\n";
    else
      load += "cvt.u" + kind[i] + ".u64 " + name + ", " + wide + ";\n";
  }
  std::string ptx =
      std::string(header) +
      ".visible .entry k(.param .u64 in, .param .u64 out)\n{\n" + declarations +
      ".reg .b64 %wa, %wb, %wc, %wd, %in, %out, %by; .reg .b32 %i, %n, %t;\n"
      ".reg .pred %p, %q; .reg .b32 %x, %y; .reg .b64 %u, %v;\n"
      ".reg .b16 %h, %l;\n"
      "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
      "mov.u32 %i, %ctaid.x;\nmov.u32 %n, %ntid.x;\nmov.u32 %t, %tid.x;\n"
      "mad.lo.u32 %i, %i, %n, %t;\nmul.wide.u32 %by, %i, 24;\n"
      "add.u64 %in, %in, %by;\nmul.wide.u32 %by, %i, 8;\n"
      "add.u64 %out, %out, %by;\nld.global.u64 %wa, [%in];\n"
      "ld.global.u64 %wb, [%in+8];\nld.global.u64 %wc, [%in+16];\n" +
      load + instruction + "\n" + store + "st.global.u64 [%out], %wd;\nret;\n}";
  std::vector<uint32_t> input(cases.size() * 6);
  std::memcpy(input.data(), cases.data(), cases.size() * sizeof(Case));
  LaunchOf how;
  how.threads = kThreads;
  how.grid = static_cast<uint32_t>(cases.size() / kThreads);
  how.outBytes = cases.size() * 8;
  Outcome outcome = runText(ptx, input, how);
  EXPECT_TRUE(outcome.status.isOk())
      << instruction << ": " << outcome.status.message();
  EXPECT_EQ(outcome.kinds(), "") << outcome.messages();
  std::vector<uint64_t> out(outcome.status.isOk() ? count : 0);
  if (!out.empty())
    std::memcpy(out.data(), outcome.out.data(), count * 8);
  return out;
}

/// Compares with `expected(case)` to the bit.
template <typename Expected>
void checkTable(const std::string &instruction, const std::string &kinds,
                const std::vector<Case> &cases, Expected expected) {
  std::vector<uint64_t> results = tabulate(instruction, kinds, cases);
  int failures = 0;
  for (size_t i = 0; i < results.size() && failures < 3; ++i) {
    uint64_t want = expected(cases[i]);
    if (results[i] == want)
      continue;
    ++failures;
    ADD_FAILURE() << instruction << std::hex << " of 0x" << cases[i].a << ", 0x"
                  << cases[i].b << ", 0x" << cases[i].c << " is 0x"
                  << results[i] << "; expected 0x" << want;
  }
}

/// All pairs of values, and for each a third one in turn.
inline std::vector<Case> pairsOf(const std::vector<uint64_t> &a,
                                 const std::vector<uint64_t> &b) {
  std::vector<Case> out;
  for (uint64_t x : a)
    for (uint64_t y : b)
      out.push_back({x, y, a[out.size() * 7 % a.size()]});
  return out;
}
inline std::vector<Case> pairsOf(const std::vector<uint64_t> &values) {
  return pairsOf(values, values);
}

inline uint64_t lowBits(uint64_t x, int bits) {
  return bits == 64 ? x : x & ((uint64_t(1) << bits) - 1);
}
inline int64_t asSigned(uint64_t x, int bits) {
  return int64_t(x << (64 - bits)) >> (64 - bits);
}

/// Ends, powers of two and their neighbours, and drawn values of all sizes.
inline std::vector<uint64_t> integersOf(int bits) {
  std::vector<uint64_t> out = {
      0, 1, 2, 3, 7, lowBits(~uint64_t(0), bits), lowBits(~uint64_t(1), bits)};
  for (int n : {7, 8, 15, 16, 31, 32, 63})
    if (n < bits)
      for (int by : {-1, 0, 1})
        out.push_back(lowBits((uint64_t(1) << n) + by, bits));
  std::mt19937_64 draw(bits);
  for (int n = 0; n < 24; ++n)
    out.push_back(lowBits(draw() >> draw() % bits, bits));
  return out;
}

inline std::vector<uint64_t> sixteenBits() {
  std::vector<uint64_t> out(65536);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = i;
  return out;
}

inline std::vector<Case> casesOf(const std::vector<uint64_t> &values) {
  std::vector<Case> out;
  for (uint64_t x : values)
    out.push_back({x, 0, 0});
  return out;
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_TABLES_H
