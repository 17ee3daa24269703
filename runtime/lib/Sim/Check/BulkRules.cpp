//===- BulkRules.cpp - bulk: cp.async.bulk and tensor maps ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Machine/Cluster.h"

using namespace attnrt::sim;

namespace {
class BulkChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::BulkMisuse) |
           interest(EventKind::AsyncUnfinished);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

void BulkChecker::on(const Event &event, const Cta &cta) {
  bool touches = event.kind == EventKind::AsyncUnfinished;
  if ((touches && event.shadow != shadow::kBulk) || !log.isNew("bulk", event))
    return;
  if (!touches) {
    log.add("bulk", event, cta,
            event.detail + ", " + describeLanes(event.lanes));
    return;
  }
  const Cta &home = event.place ? *event.place : cta;
  uint64_t at = event.addresses[__builtin_ctz(event.lanes)];
  std::string message = std::string(event.write ? "write to" : "read of") +
                        " " + describePlace(event, cta) + " by " +
                        describeLanes(event.lanes) +
                        ": a bulk copy that writes there";
  const BulkCopy *copy =
      cta.cluster->copies.writerOf(home, static_cast<uint32_t>(at));
  if (copy)
    message += ", issued at " + describeOp(*copy->op, cta) + ",";
  message += " is still in flight; expected a wait for its mbarrier before";
  log.add("bulk", event, cta, message, copy ? copy->op : nullptr);
}

std::unique_ptr<Checker> attnrt::sim::makeBulkChecker(HazardLog &log) {
  return std::make_unique<BulkChecker>(log);
}
