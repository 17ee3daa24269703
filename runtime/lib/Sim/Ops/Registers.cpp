//===- Registers.cpp - setmaxnreg -----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Only the numbers are followed: registers of PTX are virtual, so none of them
// is lost or gained, and undefined afterwards.
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Collective.h"
#include "Ops/Park.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

void misuse(Warp &warp, const Op &op, std::string detail,
            bool forgiven = false) {
  Event event{EventKind::RegisterMisuse, &warp, &op, warp.live};
  event.detail = std::move(detail);
  event.forgiven = forgiven;
  warp.cta.emit(event);
}

/// Says what is wrong with the number, whatever the pool holds now.
std::string refusal(const RegisterPool &pool, unsigned warp, uint32_t wanted,
                    bool increases) {
  uint32_t held = pool.held(warp);
  if (increases ? wanted < held : wanted > held)
    return std::string("expected ") + (increases ? "no less" : "no more") +
           " than the " + std::to_string(held) +
           " registers that the thread has, got " + std::to_string(wanted);
  if (wanted > pool.most())
    return "the registers of the CTA allow " + std::to_string(pool.most()) +
           " at most, got " + std::to_string(wanted);
  return "";
}

void wakeWaiting(Cta &cta) {
  for (auto &warp : cta.warps)
    for (Fragment &fragment : warp->fragments)
      if (fragment.state == Fragment::AtRegisters)
        fragment.state = Fragment::Ready;
  cta.cluster->note();
}

template <bool kIncreases>
Step setRegisters(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Cta &cta = warp.cta;
  RegisterPool &pool = cta.registers;
  uint32_t wanted = op.aux;
  if (std::string wrong = pool.outOfTurn(warp.index, op); !wrong.empty())
    misuse(warp, op, wrong);
  bool inRange = wanted % 8 == 0 && wanted >= RegisterPool::kLeast &&
                 wanted <= RegisterPool::kMost;
  std::string wrong;
  if (!inRange)
    wrong = "expected a multiple of 8 from 24 to 256 registers, got " +
            std::to_string(wanted);
  else if (pool.isKnown())
    wrong = refusal(pool, warp.index, wanted, kIncreases);
  if (!wrong.empty())
    misuse(warp, op, wrong);
  else if (!pool.isKnown())
    misuse(warp, op,
           "nothing fixes the registers at entry, so ptxas ignores this; "
           "expected .maxntid with .minnctapersm, or .maxnreg",
           /*forgiven=*/true);
  else if (kIncreases && wanted - pool.held(warp.index) > pool.available())
    return park(warp, op, Fragment::AtRegisters);
  else
    pool.set(warp.index, wanted);
  pool.note(warp.index, op);
  if (!kIncreases)
    wakeWaiting(cta);
  return Step::Next;
}

} // namespace

bool bindRegisters(const Match &match, Op &op) {
  return setHandler(op, match.has("inc") ? setRegisters<true>
                                         : setRegisters<false>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
