//===- EntryRegisters.cpp - What threads have before setmaxnreg -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PTX does not say how many registers a thread has. Where setmaxnreg is to
// work, the launch bounds fix the number: .maxnreg gives it, or .maxntid (or
// .reqntid) with .minnctapersm shares the register file among the threads that
// must fit. ptxas takes no more than the largest number that an increase names.
//
//===----------------------------------------------------------------------===//

#include "Decode/Draft.h"

#include <algorithm>

using namespace attnrt::sim;

static constexpr uint32_t kRegisterFile = 65536, kGranule = 8,
                          kWarpGroupThreads = 128, kFewestRegisters = 24,
                          kMostRegisters = 256;

static uint64_t roundedUp(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

/// The largest number that a setmaxnreg.inc names; 0 when there is none.
static uint32_t mostWanted(const ptx::Entry &entry) {
  int64_t most = 0;
  for (const ptx::Instruction &inst : entry.body) {
    const auto &words = inst.modifiers;
    if (inst.opcode == "setmaxnreg" && inst.operands.size() == 1 &&
        std::find(words.begin(), words.end(), "inc") != words.end())
      most = std::max(most, inst.operands[0].value);
  }
  return static_cast<uint32_t>(std::min<int64_t>(most, kMostRegisters));
}

uint32_t attnrt::sim::entryRegisters(const ptx::Entry &entry) {
  const uint32_t *required = entry.requiredThreads;
  uint64_t threads = entry.maxThreads;
  if (!threads)
    threads = uint64_t(required[0]) * required[1] * required[2];
  uint64_t count = kMostRegisters;
  bool isKnown = false;
  if (threads && entry.minBlocks) {
    uint64_t all = roundedUp(threads, kWarpGroupThreads) * entry.minBlocks;
    count = std::min(count, kRegisterFile / all / kGranule * kGranule);
    isKnown = true;
  }
  if (entry.maxRegisters && entry.maxRegisters < kMostRegisters) {
    count = std::min(count, roundedUp(entry.maxRegisters, kGranule));
    isKnown = true;
  }
  if (!isKnown)
    return 0;
  if (uint32_t wanted = mostWanted(entry))
    count = std::min<uint64_t>(count, wanted);
  return static_cast<uint32_t>(std::max<uint64_t>(count, kFewestRegisters));
}
