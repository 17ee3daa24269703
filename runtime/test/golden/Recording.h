//===- Recording.h - What a device answered ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file is, all numbers little-endian, strings behind their length in 32 bits:
//
//   "attngold", u32 schema
//   string device kind, name, driver; u32 chip (90 for 9.0); string date
//   u64 seed, u8 whether sizes are small, u32 number of answers
//   each answer: string probe, u64 hash of its PTX, u64 hash of its inputs,
//     u8 outcome, string message, u64 words, string packed (Packing.h)
//   u64 hash of all before
//
// Inputs are not kept: the seed and the probe's name make them again. The
// hashes tell when a probe is no longer the one that was asked.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_RECORDING_H
#define ATTNRT_TEST_GOLDEN_RECORDING_H

#include "Probe.h"

namespace attnrt::golden {

enum class Outcome : uint8_t {
  Ran,
  Refused, // the device said no, or broke
  TimedOut,
  Skipped, // for other chips
};

struct Answer {
  std::string probe;
  uint64_t ptxHash = 0, inputHash = 0;
  Outcome outcome = Outcome::Ran;
  std::string message; // of what was refused
  Words words;
};

struct Recording {
  std::string kind, name, driver, date;
  uint32_t chip = 0;
  uint64_t seed = 1;
  bool isSmall = false;
  std::vector<Answer> answers;

  const Answer *find(const std::string &probe) const;
};

std::string serialize(const Recording &recording);
/// BadInput says what is wrong with the bytes.
Expected<Recording> parseRecording(const std::string &bytes);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_RECORDING_H
