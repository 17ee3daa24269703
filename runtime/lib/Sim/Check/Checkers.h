//===- Checkers.h - The checkers of a CTA -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each one listens to the events it understands and writes hazards. A new
// check is a class here, a file beside this one and a line in makeCheckers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_CHECKERS_H
#define ATTNRT_SIM_CHECK_CHECKERS_H

#include "Check/HazardLog.h"

#include <memory>
#include <vector>

namespace attnrt::sim {

class Checker : public Observer {
public:
  explicit Checker(HazardLog &log) : log(log) {}

protected:
  HazardLog &log;
};

inline constexpr uint64_t interest(EventKind kind) {
  return uint64_t(1) << static_cast<int>(kind);
}

std::unique_ptr<Checker> makeBoundsChecker(HazardLog &log);
std::unique_ptr<Checker> makeInitChecker(HazardLog &log);
std::unique_ptr<Checker> makeCpAsyncChecker(HazardLog &log);
std::unique_ptr<Checker> makeBarrierChecker(HazardLog &log);
std::unique_ptr<Checker> makeProgressChecker(HazardLog &log);
std::unique_ptr<Checker> makeRaceChecker(HazardLog &log);
std::unique_ptr<Checker> makeMBarrierChecker(HazardLog &log);
std::unique_ptr<Checker> makeBulkChecker(HazardLog &log);
std::unique_ptr<Checker> makeWgmmaChecker(HazardLog &log);
std::unique_ptr<Checker> makeRegisterChecker(HazardLog &log);
std::unique_ptr<Checker> makeGridChecker(HazardLog &log);
std::unique_ptr<Checker> makeLaneChecker(HazardLog &log);

inline std::vector<std::unique_ptr<Checker>> makeCheckers(HazardLog &log) {
  std::vector<std::unique_ptr<Checker>> out;
  out.push_back(makeBoundsChecker(log));
  out.push_back(makeInitChecker(log));
  out.push_back(makeCpAsyncChecker(log));
  out.push_back(makeBarrierChecker(log));
  out.push_back(makeProgressChecker(log));
  out.push_back(makeRaceChecker(log));
  out.push_back(makeMBarrierChecker(log));
  out.push_back(makeBulkChecker(log));
  out.push_back(makeWgmmaChecker(log));
  out.push_back(makeRegisterChecker(log));
  out.push_back(makeGridChecker(log));
  out.push_back(makeLaneChecker(log));
  return out;
}

/// Bytes that they allocate for a CTA of the launch.
uint64_t bytesOfCheckers(const Kernel &kernel, const LaunchShape &shape);

/// Names that ATTNRT_SIM_CHECKS may turn off.
inline constexpr const char *kCheckNames[] = {
    "oob",        "align",  "uninit",    "barrier", "cp-async", "deadlock",
    "divergence", "budget", "trap",      "race",    "mbarrier", "bulk",
    "wgmma",      "proxy",  "registers", "griddep", "assert",   "same-value"};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_CHECKERS_H
