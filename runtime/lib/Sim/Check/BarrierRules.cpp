//===- BarrierRules.cpp - barrier and divergence: who must come together --===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class BarrierChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::BarrierMismatch) |
           interest(EventKind::DivergentAligned) |
           interest(EventKind::LanesMissing);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

static std::string describeExpected(const Warp &warp, uint32_t lanes) {
  if (lanes != warp.live)
    return ", expected all live lanes of the warp together: " +
           describeLanes(warp.live);
  return ", expected all lanes of the warp, of which " +
         describeLanes(warp.existing & ~warp.live) + " have exited";
}

void BarrierChecker::on(const Event &event, const Cta &cta) {
  bool barrier = event.kind == EventKind::BarrierMismatch;
  if (!log.isNew(barrier ? "barrier" : "divergence", event))
    return;
  std::string lanes = event.lanes ? " by " + describeLanes(event.lanes) : "";
  switch (event.kind) {
  case EventKind::BarrierMismatch:
    log.add("barrier", event, cta,
            "barrier " + std::to_string(event.barrier) + ": " + event.detail +
                (event.lanes ? ", " + describeLanes(event.lanes) : ""));
    break;
  case EventKind::DivergentAligned:
    log.add("divergence", event, cta,
            "aligned instruction executed" + lanes +
                describeExpected(*event.warp, event.lanes));
    break;
  default:
    log.add("divergence", event, cta,
            event.detail + ": " + describeLanes(event.lanes));
    break;
  }
}

std::unique_ptr<Checker> attnrt::sim::makeBarrierChecker(HazardLog &log) {
  return std::make_unique<BarrierChecker>(log);
}
