//===- BarrierOps.cpp - bar and barrier -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Barriers.h"
#include "Ops/Collective.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

// aux: 0 and, 1 or, 2 popc for .red; the kind and .aligned are in imm2.
constexpr int64_t kSync = 0, kArrive = 1, kReduce = 2, kUnaligned = 4;

/// The value that all lanes share; if they differ, the first one, and a hazard.
uint32_t uniform(Warp &warp, const Op &op, uint32_t mask, uint16_t row,
                 const char *what) {
  demandDefined(warp, op, mask, warp.poison[row], what);
  const uint32_t *values = warp.row(row);
  uint32_t first = values[__builtin_ctz(mask)];
  uint32_t other = 0;
  for (int i = 0; i < 32; ++i)
    other |= uint32_t((mask >> i & 1) && values[i] != first) << i;
  if (!other)
    return first;
  Event event{EventKind::BarrierMismatch, &warp, &op, other};
  event.barrier = first;
  event.detail = std::string("lanes disagree on the ") + what;
  warp.cta.emit(event);
  return first;
}

void reduce(Warp &warp, const Op &op, uint32_t mask, Barrier &barrier,
            uint16_t source) {
  const Predicate &pred = warp.preds[source];
  bool negated = op.negated || op.negated2;
  uint32_t value = (negated ? ~pred.value : pred.value) & mask;
  barrier.popc += __builtin_popcount(value);
  barrier.any |= value != 0;
  barrier.all &= value == mask;
  barrier.undefined |= pred.poison & mask;
  barrier.surelyTrue |= value & ~pred.poison;
  barrier.surelyFalse |= mask & ~value & ~pred.poison;
  barrier.readers.push_back({warp.index, mask, &op});
}

Step barrier(Warp &warp, const Op &op, uint32_t mask) {
  if (!(op.imm2 & kUnaligned) && !gatherLiveLanes(warp, op, mask))
    return Step::Moved;
  Arrival how;
  int64_t kind = op.imm2 & 3;
  unsigned operands = op.count - (kind == kReduce);
  how.id = uniform(warp, op, mask, op.src[0], "barrier number");
  if (how.id >= kBarriers) {
    Event event{EventKind::BarrierMismatch, &warp, &op, mask};
    event.barrier = how.id;
    event.detail = "expected a barrier number below 16";
    warp.cta.emit(event);
    return Step::Next;
  }
  how.counted = operands == 2;
  if (how.counted)
    how.count = uniform(warp, op, mask, op.src[1], "thread count");
  how.use = kind == kReduce ? Barrier::Use::Reduce : Barrier::Use::Sync;
  how.waits = kind != kArrive;
  if (kind == kReduce)
    reduce(warp, op, mask, warp.cta.barriers[how.id], op.src[operands]);
  Fragment &fragment = warp.fragment();
  fragment.pc =
      static_cast<uint32_t>(&op - warp.cta.launch.kernel.ops.data()) + 1;
  arrive(warp, op, mask, how);
  return Step::Moved;
}

/// Landed copies that one of the lanes may read, all of them may read now.
void warpSync(Warp &warp, const Op &, uint32_t mask) {
  warp.asyncs.share(mask, mask == warp.live, warp.cta.shared);
}

} // namespace

bool bindBarrier(const Match &match, Op &op) {
  if (match.has("warp"))
    return setHandler(op, collective<warpSync, 0>);
  bool aligned = match.sem() == Sem::Bar || match.has("aligned");
  op.imm2 = match.has("arrive") ? kArrive : match.has("red") ? kReduce : kSync;
  op.imm2 |= aligned ? 0 : kUnaligned;
  op.aux = match.has("or") ? 1 : match.has("popc") ? 2 : 0;
  return setHandler(op, barrier);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
