//===- WarpOps.cpp - shfl, vote, redux, match, activemask -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Collective.h"
#include "Ops/Definedness.h"

#include <algorithm>
#include <iterator>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

enum class Mode { Up, Down, Bfly, Idx };

/// The source lane, or the lane itself with `inside` false.
template <Mode kMode>
uint32_t sourceLane(uint32_t lane, uint32_t b, uint32_t c, bool &inside) {
  uint32_t segment = c >> 8 & 31, clamp = c & 31;
  uint32_t maxLane = (lane & segment) | (clamp & ~segment);
  uint32_t minLane = lane & segment;
  b &= 31;
  uint32_t from = kMode == Mode::Up     ? lane - b
                  : kMode == Mode::Down ? lane + b
                  : kMode == Mode::Bfly ? lane ^ b
                                        : minLane | (b & ~segment);
  inside =
      kMode == Mode::Up ? int32_t(from) >= int32_t(maxLane) : from <= maxLane;
  return inside ? from : lane;
}

/// A lane is undefined if it does not know its source, or its source does not
/// take part; else as its source is.
void shuffleUndefined(const Warp &warp, const Op &op, uint32_t mask,
                      const uint32_t *sources, uint32_t *out) {
  // The lane, and how lanes are grouped.
  uint32_t unknown = undefinedAmong(warp, op.src[1], mask, 31) |
                     undefinedAmong(warp, op.src[2], mask, 0x1f1f);
  for (unsigned i = 0; i < 32; ++i) {
    unsigned from = sources[i];
    bool whole = unknown >> i & 1 || !(mask >> from & 1);
    out[i] = whole ? ~0u : warp.undefinedBits<uint32_t>(op.src[0], from);
  }
}

template <Mode kMode>
void shuffle(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *b = warp.row(op.src[1]), *c = warp.row(op.src[2]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t in[32], out[32], sources[32], undefined[32], valid = 0;
  std::memcpy(in, warp.row(op.src[0]), sizeof(in));
  for (uint32_t i = 0; i < 32; ++i) {
    bool inside;
    sources[i] = sourceLane<kMode>(i, b[i], c[i], inside) & 31;
    valid |= uint32_t(inside) << i;
    out[i] = in[sources[i]];
  }
  uint32_t where = warp.poison[op.src[1]] | warp.poison[op.src[2]];
  bool clean = mask == ~0u && !(warp.poison[op.src[0]] | where);
  if (!clean)
    shuffleUndefined(warp, op, mask, sources, undefined);
  LANE_LOOP d[i] = mask >> i & 1 ? out[i] : d[i];
  if (clean)
    warp.setPoison(op.dst[0], mask, 0);
  else
    warp.setUndefinedBits(op.dst[0], mask, undefined);
  if (op.dst[1] >= kFirstPred) {
    Predicate &p = warp.preds[op.dst[1]];
    p.value = (p.value & ~mask) | (valid & mask);
    p.poison = (p.poison & ~mask) | (where & mask);
  }
}

enum class Vote { All, Any, Uni, Ballot };

/// One lane may decide the vote, whatever undefined ones say.
template <Vote kVote>
bool isUndecided(uint32_t value, uint32_t poison, uint32_t mask) {
  uint32_t surelyTrue = value & ~poison;
  uint32_t surelyFalse = mask & ~value & ~poison;
  if (kVote == Vote::All)
    return poison && !surelyFalse;
  if (kVote == Vote::Any)
    return poison && !surelyTrue;
  return poison && !(surelyTrue && surelyFalse);
}

template <Vote kVote>
void vote(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &pred = warp.preds[op.src[0]];
  uint32_t value = (op.negated ? ~pred.value : pred.value) & mask;
  uint32_t poison = pred.poison & mask;
  if (kVote == Vote::Ballot) {
    uint32_t *d = warp.row(op.dst[0]), undefined[32];
    for (int i = 0; i < 32; ++i) {
      d[i] = mask >> i & 1 ? value : d[i];
      undefined[i] = poison; // a lane has a bit
    }
    if (poison)
      warp.setUndefinedBits(op.dst[0], mask, undefined);
    else
      warp.setPoison(op.dst[0], mask, 0);
    return;
  }
  bool result = kVote == Vote::All   ? value == mask
                : kVote == Vote::Any ? value != 0
                                     : value == mask || value == 0;
  bool undecided = isUndecided<kVote>(value, poison, mask);
  Predicate &d = warp.preds[op.dst[0]];
  d.value = (d.value & ~mask) | (result ? mask : 0);
  d.poison = (d.poison & ~mask) | (undecided ? mask : 0);
}

Step activemask(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t *d = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = mask;
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

struct Add {
  template <typename T>
  static T apply(T a, T b) {
    return T(a + b);
  }
};
struct Min {
  template <typename T>
  static T apply(T a, T b) {
    return a < b ? a : b;
  }
};
struct Max {
  template <typename T>
  static T apply(T a, T b) {
    return a > b ? a : b;
  }
};
struct And {
  using Rule = rule::And;
  template <typename T>
  static T apply(T a, T b) {
    return a & b;
  }
};
struct Or {
  using Rule = rule::Or;
  template <typename T>
  static T apply(T a, T b) {
    return a | b;
  }
};
struct Xor {
  using Rule = rule::Xor;
  template <typename T>
  static T apply(T a, T b) {
    return a ^ b;
  }
};

template <typename F>
auto undefinedReduction(const Warp &warp, uint16_t row, uint32_t mask, int)
    -> decltype(typename F::Rule(), uint32_t()) {
  auto sum = trackedOf<uint32_t>(warp, row, __builtin_ctz(mask));
  for (uint32_t rest = mask & (mask - 1); rest; rest &= rest - 1) {
    auto next = trackedOf<uint32_t>(warp, row, __builtin_ctz(rest));
    uint32_t undefined = F::Rule::apply(sum, next);
    sum = {F::apply(sum.value, next.value), undefined};
  }
  return sum.undefined;
}
/// For operations that do not work bit by bit.
template <typename F>
uint32_t undefinedReduction(const Warp &, uint16_t, uint32_t, long) {
  return ~0u;
}

template <typename F, typename T>
void redux(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t undefined = 0;
  if (warp.poison[op.src[0]] & mask)
    undefined = undefinedReduction<F>(warp, op.src[0], mask, 0);
  T sum = get<T>(a, __builtin_ctz(mask));
  for (uint32_t rest = mask & (mask - 1); rest; rest &= rest - 1)
    sum = F::apply(sum, get<T>(a, __builtin_ctz(rest)));
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = uint32_t(sum);
  uint32_t bits[32];
  std::fill(std::begin(bits), std::end(bits), undefined);
  if (undefined)
    warp.setUndefinedBits(op.dst[0], mask, bits);
  else
    warp.setPoison(op.dst[0], mask, 0);
}

template <typename T, bool kAll>
void matchLanes(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t out[32] = {};
  bool everyLane = true;
  for (int i = 0; i < 32; ++i)
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      int other = __builtin_ctz(rest);
      bool same = get<T>(a, i) == get<T>(a, other);
      out[i] |= uint32_t(same) << other;
      everyLane &= same || !(mask >> i & 1);
    }
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = !kAll ? out[i] : everyLane ? mask : 0;
  uint32_t poison = warp.poison[op.src[0]] & mask ? mask : 0;
  warp.setPoison(op.dst[0], mask, poison);
  if (kAll && op.dst[1] >= kFirstPred) {
    Predicate &p = warp.preds[op.dst[1]];
    p.value = (p.value & ~mask) | (everyLane ? mask : 0);
    p.poison = (p.poison & ~mask) | poison;
  }
}

Handler chooseShuffle(const Match &match) {
  if (match.has("up"))
    return collective<shuffle<Mode::Up>, 3>;
  if (match.has("down"))
    return collective<shuffle<Mode::Down>, 3>;
  return match.has("bfly") ? collective<shuffle<Mode::Bfly>, 3>
                           : collective<shuffle<Mode::Idx>, 3>;
}

Handler chooseVote(const Match &match) {
  if (match.has("ballot"))
    return collective<vote<Vote::Ballot>, 1>;
  if (match.has("all"))
    return collective<vote<Vote::All>, 1>;
  return match.has("any") ? collective<vote<Vote::Any>, 1>
                          : collective<vote<Vote::Uni>, 1>;
}

Handler chooseRedux(const Match &match) {
  bool isSigned = match.type() == Type::S32;
  if (match.has("and"))
    return collective<redux<And, uint32_t>, 1>;
  if (match.has("or"))
    return collective<redux<Or, uint32_t>, 1>;
  if (match.has("xor"))
    return collective<redux<Xor, uint32_t>, 1>;
  if (match.has("min"))
    return isSigned ? collective<redux<Min, int32_t>, 1>
                    : collective<redux<Min, uint32_t>, 1>;
  if (match.has("max"))
    return isSigned ? collective<redux<Max, int32_t>, 1>
                    : collective<redux<Max, uint32_t>, 1>;
  return collective<redux<Add, uint32_t>, 1>;
}

Handler chooseMatch(const Match &match) {
  bool wide = match.type() == Type::B64;
  if (match.has("all"))
    return wide ? collective<matchLanes<uint64_t, true>, 1>
                : collective<matchLanes<uint32_t, true>, 1>;
  return wide ? collective<matchLanes<uint64_t, false>, 1>
              : collective<matchLanes<uint32_t, false>, 1>;
}

} // namespace

bool bindWarp(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Shfl:
    return setHandler(op, chooseShuffle(match));
  case Sem::Vote:
    return setHandler(op, chooseVote(match));
  case Sem::Activemask:
    return setHandler(op, activemask);
  case Sem::Redux:
    return setHandler(op, chooseRedux(match));
  case Sem::Match:
    return setHandler(op, chooseMatch(match));
  default:
    return false;
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
