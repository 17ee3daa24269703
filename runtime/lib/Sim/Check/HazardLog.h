//===- HazardLog.h - Hazards of one CTA -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_HAZARDLOG_H
#define ATTNRT_SIM_CHECK_HAZARDLOG_H

#include "Machine/Cta.h"

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace attnrt::sim {

/// Keeps one hazard per kind, line and warp (or pair of lines), and of each
/// kind no more than half of the limit, so that neither a loop nor a follow-up
/// drowns the rest.
class HazardLog {
public:
  HazardLog(unsigned limit, const std::vector<std::string> &disabled,
            bool strict)
      : limit(limit), strict(strict),
        disabled(disabled.begin(), disabled.end()) {}

  bool enabled(const char *kind) const { return !disabled.count(kind); }
  /// Whether `add` would keep it; asked before a message is made. What two
  /// operations do to each other is kept once per pair of lines.
  bool isNew(const char *kind, const Event &event, const Op *other = nullptr);
  void add(const char *kind, const Event &event, const Cta &cta,
           const std::string &message, const Op *other = nullptr);
  /// A hazard only for the strict.
  void warn(const char *kind, const Event &event, const Cta &cta,
            const std::string &message, const Op *other = nullptr);
  /// The CTA has said enough.
  bool full() const { return hazards.size() >= limit || repeats > kMaxRepeats; }
  std::vector<Hazard> take();
  std::vector<Hazard> takeWarnings() { return std::move(warnings); }

private:
  Hazard hazardOf(const char *kind, const Event &event, const Cta &cta,
                  const std::string &message, const Op *other);

  unsigned limit;
  bool strict;
  std::set<std::string> disabled;
  /// Kind, line, then the warp or the other line.
  using Key = std::tuple<std::string, int, int>;
  static Key keyOf(const char *kind, const Event &event, const Op *other);
  std::set<Key> seen;
  std::map<std::string, unsigned> perKind;
  std::vector<Hazard> hazards, warnings;
  uint64_t repeats = 0;
  static constexpr uint64_t kMaxRepeats = 100000;
};

/// "lanes 0-15, 31".
std::string describeLanes(uint32_t lanes);
/// "shared address 0x440 (`bar` + 0 of 8 bytes)".
std::string describeShared(uint64_t address, const Cta &cta);
/// Where the first guilty lane points.
std::string describePlace(const Event &event, const Cta &cta);
/// "line 12 `bar.sync 0;`".
std::string describeOp(const Op &op, const Cta &cta);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_HAZARDLOG_H
