//===- PtxTarget.cpp - What chips PTX is for ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Device/Cuda/PtxTarget.h"

#include <charconv>

using namespace attnrt;

std::string_view attnrt::targetOf(std::string_view ptx) {
  constexpr std::string_view kDirective = ".target", kBlanks = " \t";
  for (size_t at = 0; at < ptx.size();) {
    size_t end = std::min(ptx.find('\n', at), ptx.size());
    std::string_view line = ptx.substr(at, end - at);
    at = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.substr(0, kDirective.size()) != kDirective)
      continue;
    line.remove_prefix(kDirective.size());
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    return line.substr(0, line.find_first_of(" \t,\r"));
  }
  return {};
}

bool attnrt::runsOn(std::string_view target, const DeviceInfo &device) {
  constexpr std::string_view kPrefix = "sm_";
  if (target.substr(0, kPrefix.size()) != kPrefix)
    return true;
  int number = 0;
  const char *last = target.data() + target.size();
  auto [rest, error] =
      std::from_chars(target.data() + kPrefix.size(), last, number);
  if (error != std::errc())
    return true;
  int chip = 10 * device.computeMajor + device.computeMinor;
  bool isChip = rest != last && *rest == 'a';
  bool isFamily = rest != last && *rest == 'f';
  if (isChip)
    return chip == number;
  return chip >= number && (!isFamily || chip / 10 == number / 10);
}
