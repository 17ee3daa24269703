//===- Init.cpp - uninit: undefined values that matter --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Undefined values may be computed with; they are a hazard when they become an
// address, a stored value, a condition, or an operand of the tensor cores.
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class InitChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override { return interest(EventKind::PoisonUse); }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void InitChecker::on(const Event &event, const Cta &cta) {
  if (!log.isNew("uninit", event))
    return;
  std::string message = "undefined value used as " + std::string(event.role) +
                        " by " + describeLanes(event.lanes);
  if (event.warp && event.warp->undefinedLoad)
    message += " (bytes never written were last read at " +
               describeOp(*event.warp->undefinedLoad, cta) + ")";
  else
    message += " (a register that was never written)";
  log.add("uninit", event, cta, message);
}

std::unique_ptr<Checker> attnrt::sim::makeInitChecker(HazardLog &log) {
  return std::make_unique<InitChecker>(log);
}
