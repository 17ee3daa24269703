//===- LaneRules.cpp - race: lanes of one store ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class LaneChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return log.enabled("race") ? interest(EventKind::LanesCollide) : 0;
  }
  void on(const Event &event, const Cta &cta) override {
    if (!log.isNew("race", event))
      return;
    std::string place = describePlace(event, cta);
    log.warn("race", event, cta,
             describeLanes(event.lanes) +
                 " of one store write different values to one place" +
                 (place.empty() ? "" : ", " + place));
  }
};
} // namespace

std::unique_ptr<Checker> attnrt::sim::makeLaneChecker(HazardLog &log) {
  return std::make_unique<LaneChecker>(log);
}
