//===- HazardLog.h - Hazards of one CTA ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_HAZARDLOG_H
#define ATTNRT_SIM_CHECK_HAZARDLOG_H

#include "Machine/Cta.h"

#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace attnrt::sim {

/// Keeps one hazard per kind, line and warp, so that a loop does not drown
/// the rest.
class HazardLog {
public:
  HazardLog(unsigned limit, const std::vector<std::string> &disabled)
      : limit(limit), disabled(disabled.begin(), disabled.end()) {}

  void add(const char *kind, const Event &event, const Cta &cta,
           const std::string &message);
  bool full() const { return hazards.size() >= limit; }
  std::vector<Hazard> take();

private:
  unsigned limit;
  std::set<std::string> disabled;
  std::set<std::tuple<std::string, int, int>> seen;
  std::vector<Hazard> hazards;
};

/// "lanes 0-15, 31".
std::string describeLanes(uint32_t lanes);
/// Where the first guilty lane points.
std::string describePlace(const Event &event, const Cta &cta);
/// "line 12 `bar.sync 0;`".
std::string describeOp(const Op &op, const Cta &cta);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_HAZARDLOG_H
