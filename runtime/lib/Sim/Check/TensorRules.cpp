//===- TensorRules.cpp - wgmma: registers, fences and groups --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class TensorChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::TensorMisuse);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void TensorChecker::on(const Event &event, const Cta &cta) {
  const Op *other = event.tensor ? event.tensor->op : nullptr;
  if (!log.isNew("wgmma", event, other))
    return;
  if (event.forgiven)
    return log.warn("wgmma", event, cta, event.detail);
  if (!event.tensor)
    return log.add("wgmma", event, cta, event.detail);
  std::string message = std::string(event.write ? "write to" : "read of") +
                        " a register of a wgmma in flight, issued at " +
                        describeOp(*other, cta);
  unsigned warp = event.warp->index % 4;
  if (event.tensor->group[warp] == TensorOp::kUncommitted)
    message += " and not committed to a group";
  message += "; expected wgmma.wait_group before";
  log.add("wgmma", event, cta, message, other);
}

std::unique_ptr<Checker> attnrt::sim::makeTensorChecker(HazardLog &log) {
  return std::make_unique<TensorChecker>(log);
}
