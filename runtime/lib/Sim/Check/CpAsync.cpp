//===- CpAsync.cpp - cp-async: copies that are not visible yet ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"

using namespace attnrt::sim;

namespace {
class CpAsyncChecker : public Checker {
public:
  using Checker::Checker;
  uint64_t interests() const override {
    return interest(EventKind::AsyncUnfinished) |
           interest(EventKind::AsyncUnshared);
  }
  void on(const Event &event, const Cta &cta) override;
};
} // namespace

/// The copy in flight to the first guilty address.
static const AsyncCopy *culprit(const Event &event, const Cta &cta,
                                unsigned warp) {
  uint64_t address = event.addresses[__builtin_ctz(event.lanes)];
  if (warp >= cta.warps.size())
    return nullptr;
  for (const AsyncCopy &copy : cta.warps[warp]->asyncs.inFlight())
    for (uint32_t rest = copy.lanes; rest; rest &= rest - 1) {
      uint64_t to = copy.to[__builtin_ctz(rest)];
      if (address < to + copy.bytes && address + event.bytes > to)
        return &copy;
    }
  return nullptr;
}

/// Why a copy that has landed cannot be read here.
static std::string hiddenFrom(const Warp &reader, unsigned warp,
                              const Event &event, const Cta &cta) {
  std::string whose = ": a cp.async of warp " + std::to_string(warp);
  if (warp != reader.index)
    return whose + " wrote it; expected a barrier between that warp's wait and "
                   "this access";
  uint64_t at = event.addresses[__builtin_ctz(event.lanes)];
  while (cta.shared.state[at] != event.shadow)
    ++at;
  return whose + " wrote it, which is visible to " +
         describeLanes(cta.shared.seenBy[at / SharedMemory::kCopiedWord]) +
         " only; expected bar.warp.sync or a barrier between the wait and this "
         "access";
}

void CpAsyncChecker::on(const Event &event, const Cta &cta) {
  if (!log.isNew("cp-async", event))
    return;
  if (event.shadow == shadow::kBulk)
    return; // a matter of bulk copies
  unsigned warp = shadow::warpOf(event.shadow);
  std::string access = event.write ? "write to" : "read of";
  std::string message = access + " " + describePlace(event, cta) + " by " +
                        describeLanes(event.lanes);
  if (event.kind == EventKind::AsyncUnshared) {
    message += hiddenFrom(*event.warp, warp, event, cta);
  } else {
    message += ": a cp.async of warp " + std::to_string(warp);
    if (const AsyncCopy *copy = culprit(event, cta, warp)) {
      message += ", issued at line " + std::to_string(copy->op->line);
      message += copy->group == AsyncCopy::kUncommitted
                     ? " and not committed to a group,"
                     : "";
    }
    message += " is still in flight; expected cp.async.wait_group or wait_all "
               "before";
  }
  log.add("cp-async", event, cta, message);
}

std::unique_ptr<Checker> attnrt::sim::makeCpAsyncChecker(HazardLog &log) {
  return std::make_unique<CpAsyncChecker>(log);
}
