//===- WgmmaRules.cpp - wgmma: registers, fences and groups --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class WgmmaChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::WgmmaMisuse);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void WgmmaChecker::on(const Event &event, const Cta &cta) {
  const Op *other = event.wgmma ? event.wgmma->op : nullptr;
  if (!log.isNew("wgmma", event, other))
    return;
  if (event.forgiven)
    return log.warn("wgmma", event, cta, event.detail);
  if (!event.wgmma)
    return log.add("wgmma", event, cta, event.detail);
  std::string message = std::string(event.write ? "write to" : "read of") +
                        " a register of a wgmma in flight, issued at " +
                        describeOp(*other, cta);
  unsigned warp = event.warp->index % 4;
  if (event.wgmma->group[warp] == WgmmaOp::kUncommitted)
    message += " and not committed to a group";
  message += "; expected wgmma.wait_group before";
  log.add("wgmma", event, cta, message, other);
}

std::unique_ptr<Checker> attnrt::sim::makeWgmmaChecker(HazardLog &log) {
  return std::make_unique<WgmmaChecker>(log);
}
