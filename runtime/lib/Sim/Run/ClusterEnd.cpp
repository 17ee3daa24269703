//===- ClusterEnd.cpp - What must not be left when a CTA ends -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/ClusterEnd.h"

using namespace attnrt::sim;

/// The warps of a warpgroup execute the same setmaxnregs.
static void checkRegisters(Cta &cta) {
  for (auto &warp : cta.warps)
    if (const Op *missed = cta.registers.missed(warp->index)) {
      Event event{EventKind::RegisterMisuse, warp.get(), missed, ~0u};
      event.detail = "the warp ends without this, which others of its "
                     "warpgroup executed";
      cta.emit(event);
    }
}

void attnrt::sim::checkEnd(Cta &cta) {
  Event end{EventKind::CtaEnd};
  cta.emit(end);
  checkRegisters(cta);
  for (auto &warp : cta.warps) {
    if (warp->index / 4 >= cta.warpGroups.size())
      break;
    WarpGroup &group = cta.warpGroups[warp->index / 4];
    if (const WgmmaOp *left = group.unfinishedOf(warp->index % 4)) {
      Event event{EventKind::WgmmaMisuse, warp.get(), left->op, ~0u};
      event.detail =
          "the kernel ends before this wgmma is waited for; expected "
          "wgmma.commit_group and wgmma.wait_group";
      cta.emit(event);
    }
  }
  for (const auto &copy : cta.cluster->copies.inFlight()) {
    if (&copy->warp->cta != &cta)
      continue;
    Event event{EventKind::BulkMisuse, copy->warp, copy->op, 1u << copy->lane};
    event.detail = copy->to.empty()
                       ? "the kernel ends while this copy reads its shared "
                         "memory; expected cp.async.bulk.commit_group and "
                         "wait_group"
                       : "the kernel ends before anybody waits for this copy";
    cta.emit(event);
  }
  for (const AsyncArrival &arrival : cta.cluster->arrivals.inFlight()) {
    if (&arrival.warp->cta != &cta)
      continue;
    Event event{EventKind::MBarrierMisuse, arrival.warp, arrival.op,
                arrival.lanes};
    event.place = &cta;
    event.barrier = arrival.mbarrier;
    event.detail = "the kernel ends before anybody waits for this arrival";
    cta.emit(event);
  }
  for (const auto &[address, barrier] : cta.mbarriers)
    if (barrier.bytes) {
      Event event{EventKind::MBarrierMisuse, nullptr, barrier.made, 0};
      event.barrier = address;
      event.place = &cta;
      event.detail = "the kernel ends with " + std::to_string(barrier.bytes) +
                     " bytes expected that never came";
      cta.emit(event);
    }
}
