//===- Bounds.cpp - oob and align: wrong addresses ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class BoundsChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::OutOfBounds) | interest(EventKind::Misaligned);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void BoundsChecker::on(const Event &event, const Cta &cta) {
  const char *kind = event.kind == EventKind::Misaligned ? "align" : "oob";
  if (!log.isNew(kind, event))
    return;
  std::string lanes = describeLanes(event.lanes);
  if (!event.detail.empty()) {
    log.add("oob", event, cta, event.detail + ", " + lanes);
    return;
  }
  std::string what =
      std::to_string(event.bytes) + "-byte " + (event.write ? "write" : "read");
  std::string place = describePlace(event, cta);
  if (event.kind == EventKind::OutOfBounds)
    log.add("oob", event, cta,
            "out-of-bounds " + what + " by " + lanes + " at " + place);
  else
    log.add("align", event, cta,
            "misaligned " + what + " by " + lanes + " at " + place +
                ", expected a multiple of " + std::to_string(event.bytes));
}

std::unique_ptr<Checker> attnrt::sim::makeBoundsChecker(HazardLog &log) {
  return std::make_unique<BoundsChecker>(log);
}
