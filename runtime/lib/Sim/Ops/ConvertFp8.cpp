//===- ConvertFp8.cpp - cvt from and to eight bits ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Always pairs; of two sources the first is the upper one.
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"
#include "Ops/Fp8.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

template <typename F, bool kFromHalves>
Step toPair(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *first = warp.row(op.src[0]);
  const uint32_t *second = kFromHalves ? first : warp.row(op.src[1]);
  bool relu = op.aux;
  uint32_t above = warp.poison[op.src[0]];
  uint32_t below = kFromHalves ? above : warp.poison[op.src[1]];
  if (kFromHalves) {
    above = undefinedAmong(warp, op.src[0], mask, 0xffff0000);
    below = undefinedAmong(warp, op.src[0], mask, 0xffff);
  }
  uint32_t *d = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    float upper = kFromHalves ? halfToFloat(uint16_t(first[i] >> 16))
                              : bitCast<float>(first[i]);
    float lower = kFromHalves ? halfToFloat(uint16_t(first[i]))
                              : bitCast<float>(second[i]);
    d[i] = uint32_t(narrow<F>(upper, relu)) << 8 | narrow<F>(lower, relu);
  }
  setUndefinedParts(warp, op.dst[0], mask, above, below, 8);
  return Step::Next;
}

template <typename F>
Step toHalves(Warp &warp, const Op &op, uint32_t mask) {
  auto convert = [&](uint32_t bits) {
    uint16_t half = floatToHalf(F::widen(static_cast<uint8_t>(bits)));
    bool isNaN = (half & 0x7fff) > 0x7c00;
    return uint32_t(op.aux && half & 0x8000 && !isNaN ? 0 : half);
  };
  const uint32_t *s = warp.row(op.src[0]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t above = undefinedAmong(warp, op.src[0], mask, 0xff00);
  uint32_t below = undefinedAmong(warp, op.src[0], mask, 0xff);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = convert(s[i] >> 8) << 16 | convert(s[i]);
  setUndefinedParts(warp, op.dst[0], mask, above, below, 16);
  return Step::Next;
}

template <typename F>
Handler choose(const Match &match) {
  // The only type that is none of the pairs of eight bits.
  bool halves = match.type() == Type::F16x2;
  if (halves && !match.has("satfinite"))
    return toHalves<F>;
  return halves ? toPair<F, true> : toPair<F, false>;
}

} // namespace

bool bindConvertFp8(const Match &match, Op &op) {
  op.aux = match.has("relu");
  return setHandler(op, match.has("e4m3x2") ? choose<E4m3>(match)
                                            : choose<E5m2>(match));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
