//===- Chips.cpp - What chips have ----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Chips.h"

#include <cstdlib>
#include <string>

using namespace attnrt::sim;

static constexpr uint32_t kKiB = 1024;

/// By target.
static constexpr Chip kChips[] = {
    {70, "V100", 96 * kKiB, 80, 2048, 32, false},
    {75, "T4", 64 * kKiB, 40, 1024, 16, false},
    {80, "A100", 163 * kKiB, 108, 2048, 32, false},
    {86, "A10", 99 * kKiB, 72, 1536, 16, false},
    {87, "Orin", 163 * kKiB, 16, 1536, 16, false},
    {89, "L40S", 99 * kKiB, 142, 1536, 24, false},
    {90, "H100", 227 * kKiB, 132, 2048, 32, true},
    {100, "B200", 227 * kKiB, 148, 2048, 32, true},
    {103, "B300", 227 * kKiB, 148, 2048, 32, true},
    {110, "Thor", 227 * kKiB, 20, 1536, 24, true},
    {120, "RTX PRO 6000", 99 * kKiB, 188, 1536, 24, true},
    {121, "GB10", 99 * kKiB, 48, 1536, 24, true},
};

unsigned attnrt::sim::targetNumber(std::string_view target) {
  if (target.substr(0, 3) != "sm_")
    return 0;
  std::string digits(target.substr(3));
  return static_cast<unsigned>(std::strtoul(digits.c_str(), nullptr, 10));
}

const Chip &attnrt::sim::chipOf(std::string_view target) {
  unsigned number = targetNumber(target);
  const Chip *newest = kChips;
  for (const Chip &chip : kChips)
    if (chip.target <= number)
      newest = &chip;
  return *newest;
}

const Chip &attnrt::sim::largestChip() { return chipOf("sm_90"); }
