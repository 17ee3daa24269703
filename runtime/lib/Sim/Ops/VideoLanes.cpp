//===- VideoLanes.cpp - Video instructions on two halves or four bytes ----===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each source takes its elements from both registers. Elements that the mask
// leaves out are those of the third source; with `.add` all others are added to
// it instead.
//
//===----------------------------------------------------------------------===//

#include "Ops/Video.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

template <unsigned kCount>
static Selector orElse(Selector selector, uint32_t digits) {
  return selector.kind == Selector::None
             ? Selector{Selector::None, kCount, digits}
             : selector;
}

/// The elements that are written.
static uint32_t elementsOf(Selector selector, unsigned all) {
  if (selector.kind == Selector::None)
    return (1u << all) - 1;
  uint32_t out = 0;
  for (unsigned i = 0; i < selector.count; ++i)
    out |= 1u << selector.digit(i);
  return out;
}

template <unsigned kCount>
static Step videoLanes(Warp &warp, const Op &op, uint32_t mask) {
  constexpr unsigned kBits = 32 / kCount;
  constexpr uint32_t kOnes = (1u << kBits) - 1;
  VideoWords words{op.aux};
  uint32_t written = elementsOf(selectorOf(op, 0), kCount);
  Selector first =
      orElse<kCount>(selectorOf(op, 1), kCount == 2 ? 0x10 : 0x3210);
  Selector other =
      orElse<kCount>(selectorOf(op, 2), kCount == 2 ? 0x32 : 0x7654);
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]),
                 *c = warp.row(op.src[2]);
  uint32_t poison = poisonOf(warp, op, 3);
  uint32_t *out = warp.row(op.dst[0]);
  for (int lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint64_t both = uint64_t(b[lane]) << 32 | a[lane];
    uint32_t sum = c[lane], merged = c[lane];
    for (unsigned i = 0; i < kCount; ++i) {
      if (!(written >> i & 1))
        continue;
      int64_t value = combine(
          words.op(),
          extended(both >> kBits * first.digit(i), kBits, words.has(kASigned)),
          extended(both >> kBits * other.digit(i), kBits, words.has(kBSigned)));
      if (words.has(kSaturates))
        value = clampTo(value, kBits, words.has(kDstSigned));
      sum += uint32_t(value);
      merged = (merged & ~(kOnes << kBits * i)) | (uint32_t(value) & kOnes)
                                                      << kBits * i;
    }
    out[lane] = words.second() == Second::Add ? sum : merged;
  }
  warp.setPoison(op.dst[0], mask, poison);
  return Step::Next;
}

/// `most` digits below `end`, of the letter that the opcode has.
static bool fits(Selector selector, Selector::Kind kind, unsigned least,
                 unsigned most, unsigned end) {
  if (selector.kind == Selector::None)
    return true;
  bool isInRange = true;
  for (unsigned i = 0; i < selector.count; ++i)
    isInRange &= selector.digit(i) < end;
  return isInRange && selector.kind == kind && selector.count >= least &&
         selector.count <= most;
}

bool bindVideoLanes(const Match &match, Op &op) {
  unsigned count = match.form->opcode.back() == '2' ? 2 : 4;
  Selector::Kind kind = count == 2 ? Selector::Half : Selector::Byte;
  if (!fits(selectorOf(op, 0), kind, 1, count, count) ||
      !fits(selectorOf(op, 1), kind, count, count, 2 * count) ||
      !fits(selectorOf(op, 2), kind, count, count, 2 * count))
    return false;
  op.aux = VideoWords::of(match).bits;
  return setHandler(op, count == 2 ? videoLanes<2> : videoLanes<4>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
