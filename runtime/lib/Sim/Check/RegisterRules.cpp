//===- RegisterRules.cpp - registers: what setmaxnreg may ask for ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class RegisterChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::RegisterMisuse);
  }
  void on(const Event &event, const Cta &cta) override {
    if (!log.isNew("registers", event))
      return;
    if (event.forgiven)
      log.warn("registers", event, cta, event.detail);
    else
      log.add("registers", event, cta, event.detail);
  }
};
} // namespace

std::unique_ptr<Checker> attnrt::sim::makeRegisterChecker(HazardLog &log) {
  return std::make_unique<RegisterChecker>(log);
}
