//===- GridRules.cpp - griddep: what the launch before may still write ----===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class GridChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::GridUnfinished);
  }
  void on(const Event &event, const Cta &cta) override {
    if (!log.isNew("griddep", event))
      return;
    log.add("griddep", event, cta,
            std::string(event.write ? "write to" : "read of") + " " +
                describePlace(event, cta) + ", by " +
                describeLanes(event.lanes) +
                ", where the launch before writes; expected "
                "griddepcontrol.wait before");
  }
};
} // namespace

std::unique_ptr<Checker> attnrt::sim::makeGridChecker(HazardLog &log) {
  return std::make_unique<GridChecker>(log);
}
