//===- MBarrierRules.cpp - mbarrier: counts, bytes and phases -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class MBarrierChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::MBarrierMisuse) |
           interest(EventKind::BarrierTouched);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void MBarrierChecker::on(const Event &event, const Cta &cta) {
  if (!log.isNew("mbarrier", event))
    return;
  if (event.kind == EventKind::BarrierTouched) {
    log.add("mbarrier", event, cta,
            std::string(event.write ? "write to" : "read of") +
                " an mbarrier, " + describePlace(event, cta) + ", by " +
                describeLanes(event.lanes) +
                "; expected mbarrier.inval before");
    return;
  }
  const Cta &home = event.place ? *event.place : cta;
  std::string lanes = event.lanes ? ", " + describeLanes(event.lanes) : "";
  log.add("mbarrier", event, cta,
          event.detail + ", at " + describeShared(event.barrier, home) + lanes);
}

std::unique_ptr<Checker> attnrt::sim::makeMBarrierChecker(HazardLog &log) {
  return std::make_unique<MBarrierChecker>(log);
}
