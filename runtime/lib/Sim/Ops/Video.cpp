//===- Video.cpp - Video instructions on one number -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bytes and halves of registers are computed with, and the result goes into a
// byte or a half of a third source, or is combined with all of it.
//
//===----------------------------------------------------------------------===//

#include "Ops/Video.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Wide enough for products of 33 bits, and for shifts by 32.
using Wide = __int128;

static VideoOp videoOpOf(const Match &match) {
  static constexpr std::pair<std::string_view, VideoOp> kWords[] = {
      {"eq", VideoOp::Eq}, {"ne", VideoOp::Ne}, {"lt", VideoOp::Lt},
      {"le", VideoOp::Le}, {"gt", VideoOp::Gt}, {"ge", VideoOp::Ge}};
  static constexpr std::pair<std::string_view, VideoOp> kOpcodes[] = {
      {"vadd", VideoOp::Add},         {"vsub", VideoOp::Sub},
      {"vabsdiff", VideoOp::AbsDiff}, {"vmin", VideoOp::Min},
      {"vmax", VideoOp::Max},         {"vavrg", VideoOp::Average},
      {"vshl", VideoOp::Shl},         {"vshr", VideoOp::Shr},
      {"vmad", VideoOp::Mad}};
  for (auto [word, op] : kWords)
    if (match.has(word))
      return op;
  for (auto [name, op] : kOpcodes)
    if (match.form->opcode.substr(0, name.size()) == name)
      return op;
  return VideoOp::Add;
}

VideoWords VideoWords::of(const Match &match) {
  bool isCompare = match.types.size() == 2; // its result is unsigned
  size_t a = isCompare ? 0 : 1;
  auto isSigned = [&](size_t i) { return ptx::isSigned(match.type(i)); };
  uint32_t bits =
      (!isCompare && isSigned(0) ? kDstSigned : 0) |
      (isSigned(a) ? kASigned : 0) | (isSigned(a + 1) ? kBSigned : 0) |
      (match.has("sat") ? kSaturates : 0) | (match.has("wrap") ? kWraps : 0) |
      (match.has("po") ? kPlusOne : 0);
  Second second = match.has("add")   ? Second::Add
                  : match.has("min") ? Second::Min
                  : match.has("max") ? Second::Max
                                     : Second::None;
  unsigned shift = match.has("shr7") ? 7 : match.has("shr15") ? 15 : 0;
  return {bits | uint32_t(videoOpOf(match)) << 8 | uint32_t(second) << 12 |
          shift << 16};
}

static unsigned bitsOf(Selector selector) {
  return selector.kind == Selector::None   ? 32
         : selector.kind == Selector::Byte ? 8
                                           : 16;
}

static int64_t partOf(uint32_t value, Selector selector, bool isSigned) {
  unsigned bits = bitsOf(selector);
  return extended(value >> (bits * selector.digit(0) % 32), bits, isSigned);
}

static Wide shifted(VideoWords words, int64_t a, int64_t b) {
  int64_t by = words.has(kWraps) ? b & 31 : std::min<int64_t>(b, 32);
  return words.op() == VideoOp::Shl ? Wide(a) * (Wide(1) << by) : Wide(a >> by);
}

/// A product that is added to before it is scaled.
static uint32_t multiplyAdd(VideoWords words, int64_t a, int64_t b,
                            uint32_t c) {
  bool isSigned = words.has(kASigned) || words.has(kBSigned);
  Wide sum = Wide(a) * b + extended(c, 32, isSigned) + words.has(kPlusOne);
  sum >>= words.shift();
  if (words.has(kSaturates))
    sum = clampTo(sum, 32, isSigned);
  return uint32_t(sum);
}

static uint32_t second(VideoWords words, Wide value, uint32_t c) {
  Wide other = extended(c, 32, words.has(kDstSigned));
  switch (words.second()) {
  case Second::Add:
    return uint32_t(value + other);
  case Second::Min:
    return uint32_t(std::min(value, other));
  case Second::Max:
    return uint32_t(std::max(value, other));
  default:
    return uint32_t(value);
  }
}

static uint32_t merged(Selector selector, uint32_t value, uint32_t c) {
  if (selector.kind == Selector::None)
    return value;
  unsigned bits = bitsOf(selector), at = bits * selector.digit(0);
  uint32_t mask = ((1u << bits) - 1) << at;
  return (value << at & mask) | (c & ~mask);
}

static uint32_t compute(VideoWords words, Selector into, int64_t a, int64_t b,
                        uint32_t c) {
  VideoOp op = words.op();
  if (op == VideoOp::Mad)
    return multiplyAdd(words, a, b, c);
  bool isShift = op == VideoOp::Shl || op == VideoOp::Shr;
  Wide value = isShift ? shifted(words, a, b) : Wide(combine(op, a, b));
  if (words.has(kSaturates))
    value = clampTo(value, bitsOf(into), words.has(kDstSigned));
  if (into.kind != Selector::None)
    return merged(into, uint32_t(value), c);
  return second(words, value, c);
}

template <bool kHasThird>
static Step video(Warp &warp, const Op &op, uint32_t mask) {
  VideoWords words{op.aux};
  Selector into = selectorOf(op, 0), a = selectorOf(op, 1),
           b = selectorOf(op, 2);
  const uint32_t *rows[] = {warp.row(op.src[0]), warp.row(op.src[1]),
                            warp.row(op.src[kHasThird ? 2 : 0])};
  uint32_t poison = poisonOf(warp, op, kHasThird ? 3 : 2);
  uint32_t *out = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      out[i] = compute(words, into, partOf(rows[0][i], a, words.has(kASigned)),
                       partOf(rows[1][i], b, words.has(kBSigned)),
                       kHasThird ? rows[2][i] : 0);
  warp.setPoison(op.dst[0], mask, poison);
  return Step::Next;
}

bool bindVideo(const Match &match, Op &op) {
  for (unsigned which = 0; which < 3; ++which) {
    Selector selector = selectorOf(op, which);
    if (selector.count > 1 || (selector.kind != Selector::None &&
                               selector.digit(0) >= 32 / bitsOf(selector)))
      return false;
  }
  op.aux = VideoWords::of(match).bits;
  bool hasThird = match.form->specs.size() == 4;
  return setHandler(op, hasThird ? video<true> : video<false>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
