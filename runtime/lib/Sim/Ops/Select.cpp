//===- Select.cpp - Selection by a predicate ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"
#include "Ops/Numbers.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// With an undefined predicate those bits are undefined in which the two
/// sources differ.
template <typename T>
void undefinedSelection(const Warp &warp, const Op &op, uint32_t mask,
                        const Predicate &pred, T *out) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    auto a = trackedOf<T>(warp, op.src[0], lane);
    auto b = trackedOf<T>(warp, op.src[1], lane);
    if (pred.poison >> lane & 1)
      out[lane] = a.undefined | b.undefined | (a.value ^ b.value);
    else
      out[lane] = pred.value >> lane & 1 ? a.undefined : b.undefined;
  }
}

template <typename T>
void select(Warp &warp, const Op &op, uint32_t mask, uint32_t condition) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  uint32_t *d = warp.row(op.dst[0]);
  LANE_LOOP {
    T value = condition >> i & 1 ? get<T>(a, i) : get<T>(b, i);
    put<T>(d, i, mask >> i & 1 ? value : get<T>(d, i));
  }
}

/// `pred` is as the instruction reads it. The result may be one of its sources.
template <typename T>
__attribute__((noinline)) void selectUndefined(Warp &warp, const Op &op,
                                               uint32_t mask,
                                               const Predicate &pred) {
  T undefined[32];
  undefinedSelection(warp, op, mask, pred, undefined);
  select<T>(warp, op, mask, pred.value);
  warp.setUndefinedBits(op.dst[0], mask, undefined);
}

template <typename T>
Step selp(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &pred = warp.preds[op.src[2]];
  uint32_t condition = op.negated ? ~pred.value : pred.value;
  if ((poisonOf(warp, op, 2) | pred.poison) & mask) {
    selectUndefined<T>(warp, op, mask, {condition, pred.poison});
    return Step::Next;
  }
  select<T>(warp, op, mask, condition);
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

} // namespace

bool bindSelect(const Match &match, Op &op) {
  return setHandler(op, ptx::bytesOf(match.type()) == 8 ? selp<uint64_t>
                                                        : selp<uint32_t>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
