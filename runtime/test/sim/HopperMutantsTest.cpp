//===- HopperMutantsTest.cpp - Mistakes in kernels/hopper.cu --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every instruction that keeps things in order is dropped, weakened or changed,
// one at a time, and so are operands; each mutant must be noticed. Of those of
// synchronisation, 98 % must be flagged by a check, and of all, 99.5 % killed
// by a check, a wrong number or a report that nobody can go on.
//
//===----------------------------------------------------------------------===//

#include "HopperCases.h"

#include <iostream>
#include <map>
#include <regex>

using namespace attnrt;
using namespace attnrt::sim;
using namespace attnrt::sim::hopper;

namespace {

struct Rule {
  const char *name;
  bool isSynchronisation;
  const char *pattern, *replacement; // of a line
};

/// `{ }` opens a scope, so that a register of its own can be declared.
const Rule kRules[] = {
    {"wgmma.fence dropped", true, "wgmma\\.fence.*;", ""},
    {"wgmma commit dropped", true, "wgmma\\.commit_group.*;", ""},
    {"wgmma wait dropped", true, "wgmma\\.wait_group.*;", ""},
    {"wgmma wait weakened", true, "(wgmma\\.wait_group\\S*) 0;", "$1 1;"},
    {"wgmma wait weakened", true, "(wgmma\\.wait_group\\S*) 1;", "$1 2;"},
    {"mbarrier wait dropped", true, "mbarrier\\.try_wait\\S* done, .*;",
     "setp.eq.u32 done, 0, 0;"},
    {"parity flipped", true, "(mbarrier\\.try_wait\\S* done, \\S+) (%r\\d+);",
     "{ .reg .b32 other; xor.b32 other, $2, 1; $1 other; }"},
    {"arrival dropped", true, "mbarrier\\.arrive\\.(shared|release).*;", ""},
    {"arrival doubled", true, "(mbarrier\\.arrive\\.(?:shared|release).*;)",
     "$1 $1"},
    {"expected bytes dropped", true,
     "(mbarrier\\.arrive)\\.expect_tx(\\S* _, "
     "\\[\\S+\\]), %r\\d+;",
     "$1$2;"},
    {"expected bytes changed", true,
     "(mbarrier\\.arrive\\.expect_tx\\S* _, \\S+) (%r\\d+);",
     "{ .reg .b32 other; add.s32 other, $2, 16; $1 other; }"},
    {"expected bytes changed", true,
     "(mbarrier\\.arrive\\.expect_tx\\S* _, \\S+) (%r\\d+);",
     "{ .reg .b32 other; sub.s32 other, $2, 16; $1 other; }"},
    {"count of arrivals changed", true, "(mbarrier\\.init\\S* \\S+) (%r\\d+);",
     "{ .reg .b32 other; add.s32 other, $2, 1; $1 other; }"},
    {"init dropped", true, "mbarrier\\.init.*;", ""},
    {"proxy fence dropped", true, "fence\\.proxy.*;", ""},
    {"barrier dropped", true, "bar\\.sync.*;", ""},
    {"barrier of another number", true, "bar\\.sync (\\S+), (\\d+);",
     "bar.sync 7, $2;"},
    {"barrier of fewer threads", true, "bar\\.sync (\\S+), 256;",
     "bar.sync $1, 128;"},
    {"cluster barrier dropped", true, "barrier\\.cluster\\.wait.*;", ""},
    {"bulk commit dropped", true, "cp\\.async\\.bulk\\.commit_group;", ""},
    {"bulk wait dropped", true, "cp\\.async\\.bulk\\.wait_group.*;", ""},
    {"bulk wait weakened", true, "(cp\\.async\\.bulk\\.wait_group\\S*) 0;",
     "$1 1;"},
    {"everybody elected", true, "elect\\.sync _\\|p, .*;",
     "setp.eq.u32 p, 0, 0;"},
    {"registers not given away", true, "setmaxnreg\\.dec.*;", ""},
    {"fewer registers given away", true, "(setmaxnreg\\.dec\\S*) 40;",
     "$1 48;"},
    {"more registers taken", true, "(setmaxnreg\\.inc\\S*) 232;", "$1 240;"},
    {"copy dropped", false, "cp\\.(?:reduce\\.)?async\\.bulk\\.tensor.*;", ""},
    {"coordinate changed", false,
     "(cp\\.\\S+ \\[%\\w+\\], \\[%\\w+, \\{)(%r\\d+)(, .*;)",
     "{ .reg .b32 other; add.s32 other, $2, 8; $1other$3 }"},
    {"coordinate changed", false,
     "(cp\\.\\S+ \\[%\\w+\\], \\[%\\w+, \\{%r\\d+, )(%r\\d+)(\\}.*;)",
     "{ .reg .b32 other; add.s32 other, $2, 1; $1other$3 }"},
    {"coordinate changed", false, "(cp\\.\\S+ \\[%\\w+, \\{)(%r\\d+)(, .*;)",
     "{ .reg .b32 other; add.s32 other, $2, 8; $1other$3 }"},
    {"place in shared memory changed", false,
     "(cp\\.async\\.bulk\\.tensor\\S+shared::cluster\\S+ \\[)(%r\\d+)(\\], "
     ".*;)",
     "{ .reg .b32 other; xor.b32 other, $2, 128; $1other$3 }"},
    {"stride of a descriptor changed", false, "(or\\.b64\\s+(%rd\\d+), .*;)",
     "$1 xor.b64 $2, $2, 34359738368;"},
    {"swizzle of a descriptor changed", false, "(or\\.b64\\s+(%rd\\d+), .*;)",
     "$1 xor.b64 $2, $2, -4611686018427387904;"},
    {"start of a descriptor changed", false, "(or\\.b64\\s+(%rd\\d+), .*;)",
     "$1 xor.b64 $2, $2, 1;"},
    {"operand transposed", false, "(wgmma\\.mma_async.*), 0;", "$1, 1;"},
    {"operand not transposed", false, "(wgmma\\.mma_async.*), 1;", "$1, 0;"},
    {"sign of a factor changed", false, "(wgmma\\.mma_async.*, p), 1, 1,",
     "$1, -1, 1,"},
    {"multicast to one", false,
     "(cp\\.async\\.bulk\\S+multicast\\S+ .*), "
     "(%rs\\d+);",
     "{ .reg .b16 other; and.b16 other, $2, 1; $1, other; }"},
};

/// What is no mistake.
struct Equivalent {
  const char *kernel, *rule;
  int ordinal; // of the rule's places in the kernel
  const char *reason;
};

constexpr const char *kWholeGroup =
    "a wgmma is done for all four warps of the group at once, and the thread "
    "that goes on behind the barrier has waited for it";
const Equivalent kEquivalents[] = {
    {"gemm_128", "barrier dropped", 1, kWholeGroup},
    {"gemm_64", "barrier dropped", 1, kWholeGroup},
    {"gemm_32_mn", "barrier dropped", 1, kWholeGroup},
    {"gemm_128_mn", "barrier dropped", 1, kWholeGroup},
    {"gemm_128_rs", "barrier dropped", 1, kWholeGroup},
    {"multicast", "barrier dropped", 0, kWholeGroup},
    {"pipeline", "barrier of another number", 0,
     "all its threads come to this one instruction, and nobody has barrier 7"},
};

struct Mutant {
  const Case *which;
  const Rule *rule;
  int ordinal;
  int line;
  std::string text; // the whole program
  std::string changed;
};

/// The module without its other kernels.
std::string onlyKernel(const std::string &module, const std::string &name) {
  std::string out;
  size_t at = module.find(".visible .entry");
  out = module.substr(0, at);
  size_t begin = module.find(".visible .entry " + name + "(");
  size_t end = module.find("// .globl", begin);
  return out + module.substr(begin, end - begin) + "\n";
}

std::vector<Mutant> mutantsOf(const Case &which, const std::string &text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  auto joined = [&] {
    std::string out;
    for (const std::string &line : lines)
      out += line + "\n";
    return out;
  };
  std::vector<Mutant> out;
  for (const Rule &rule : kRules) {
    std::regex pattern(rule.pattern);
    int ordinal = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].find("//") != std::string::npos ||
          !std::regex_search(lines[i], pattern))
        continue;
      std::string before = lines[i];
      lines[i] = std::regex_replace(before, pattern, rule.replacement,
                                    std::regex_constants::format_first_only);
      out.push_back({&which, &rule, ordinal++, static_cast<int>(i) + 1,
                     joined(), lines[i]});
      lines[i] = before;
    }
  }
  return out;
}

bool isEquivalent(const Mutant &mutant) {
  for (const Equivalent &equivalent : kEquivalents)
    if (mutant.which->kernel == equivalent.kernel &&
        mutant.rule->name == std::string(equivalent.rule) &&
        mutant.ordinal == equivalent.ordinal)
      return true;
  return false;
}

struct Verdict {
  bool flagged = false, wrong = false;
  std::string hazards;
};

/// With all checks, and without any. A deadlock is both.
Verdict judge(const Mutant &mutant) {
  Verdict verdict;
  Expected<std::shared_ptr<const Program>> program = decode(mutant.text);
  EXPECT_TRUE(bool(program))
      << mutant.changed << ": " << program.status().message();
  if (!program)
    return verdict;
  const std::vector<std::string> none = {
      "oob",  "align",    "uninit", "barrier", "cp-async", "divergence",
      "race", "mbarrier", "bulk",   "wgmma",   "proxy",    "registers"};
  struct Run {
    Completion completion;
    uint64_t seed;
    bool checks;
  };
  const Run runs[] = {
      {Completion::Late, 0, true},      {Completion::Random, 1001, true},
      {Completion::Late, 1001, true},   {Completion::Torn, 1005, true},
      {Completion::Late, 1002, false},  {Completion::Early, 1, false},
      {Completion::Random, 1003, false}};
  for (const Run &run : runs) {
    Kernels kernels(*program);
    kernels.completion = run.completion;
    kernels.seed = run.seed;
    kernels.maxWarpInstructions = 200000;
    if (!run.checks)
      kernels.disabledChecks = none;
    verdict.wrong |= !mutant.which->isRight(kernels);
    verdict.flagged |= !kernels.report.hazards.empty();
    for (const Hazard &hazard : kernels.report.hazards)
      verdict.hazards += hazard.kind + " ";
    if (verdict.flagged && verdict.wrong)
      break;
  }
  return verdict;
}

struct Count {
  int all = 0, flagged = 0, wrong = 0, killed = 0;
};

void print(const std::map<std::string, Count> &rows) {
  std::cout << "| change | mutants | flagged | wrong numbers | killed |\n"
               "|---|---|---|---|---|\n";
  for (const auto &[name, count] : rows)
    std::cout << "| " << name << " | " << count.all << " | " << count.flagged
              << " | " << count.wrong << " | " << count.killed << " |\n";
}

} // namespace

TEST(HopperMutants, AreNoticed) {
  std::string module = Kernels::textOf("hopper.nvcc");
  std::vector<Case> cases = {gemm("gemm_128", 128, false),
                             gemm("gemm_64", 64, false),
                             gemm("gemm_32_mn", 32, true),
                             gemm("gemm_128_mn", 128, true),
                             gemm("gemm_128_rs", 128, false),
                             pipeline(256, 64, 448),
                             multicast(192),
                             split(3)};
  std::map<std::string, Count> rows;
  Count synchronisation, all;
  for (const Case &which : cases)
    for (const Mutant &mutant :
         mutantsOf(which, onlyKernel(module, which.kernel))) {
      Verdict verdict = judge(mutant);
      bool killed = verdict.flagged || verdict.wrong;
      if (isEquivalent(mutant)) {
        EXPECT_FALSE(killed) << "a mistake after all: " << which.name << ", "
                             << mutant.rule->name << ", line " << mutant.line
                             << ": " << verdict.hazards;
        continue;
      }
      for (Count *count :
           {&rows[mutant.rule->name], &all,
            mutant.rule->isSynchronisation ? &synchronisation : nullptr}) {
        if (!count)
          continue;
        ++count->all;
        count->flagged += verdict.flagged;
        count->wrong += verdict.wrong;
        count->killed += killed;
      }
      if (!killed || (mutant.rule->isSynchronisation && !verdict.flagged))
        std::cout << (killed ? "not flagged" : "survived") << ": " << which.name
                  << ", " << mutant.rule->name << ", line " << mutant.line
                  << ": " << mutant.changed << "\n";
    }
  rows["all of synchronisation"] = synchronisation;
  rows["all"] = all;
  print(rows);
  EXPECT_GE(all.all, 300);
  EXPECT_GE(synchronisation.flagged, 0.98 * synchronisation.all);
  EXPECT_GE(all.killed, 0.995 * all.all);
}
