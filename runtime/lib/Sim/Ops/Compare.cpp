//===- Compare.cpp - Comparisons and selection ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Numbers.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

enum class Cmp {
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Equ,
  Neu,
  Ltu,
  Leu,
  Gtu,
  Geu,
  Num,
  Nan,
};

template <Cmp kCmp>
struct Compare {
  template <typename T>
  static bool apply(T a, T b) {
    // The unordered comparisons are the negations of the opposite ordered ones.
    switch (kCmp) {
    case Cmp::Eq:
      return a == b;
    case Cmp::Ne:
      return (a < b) | (a > b);
    case Cmp::Lt:
      return a < b;
    case Cmp::Le:
      return a <= b;
    case Cmp::Gt:
      return a > b;
    case Cmp::Ge:
      return a >= b;
    case Cmp::Equ:
      return !((a < b) | (a > b));
    case Cmp::Neu:
      return !(a == b);
    case Cmp::Ltu:
      return !(a >= b);
    case Cmp::Leu:
      return !(a > b);
    case Cmp::Gtu:
      return !(a <= b);
    case Cmp::Geu:
      return !(a < b);
    case Cmp::Num:
      return (a == a) & (b == b);
    default:
      return (a != a) | (b != b);
    }
  }
};

/// How rows of a type are read: floats with .ftz, halves, the rest as they are.
template <typename T>
struct Plain {
  using Lane = T;
  static T read(T x) { return x; }
};
struct Flushed {
  using Lane = float;
  static float read(float x) { return flush(x); }
};
template <typename H>
struct Low {
  using Lane = uint32_t;
  static float read(uint32_t x) { return H::widen(uint16_t(x)); }
};
template <typename H>
struct High {
  using Lane = uint32_t;
  static float read(uint32_t x) { return H::widen(uint16_t(x >> 16)); }
};

template <typename R>
struct FlushedHalf {
  using Lane = uint32_t;
  static float read(uint32_t x) { return flushHalf<Half>(R::read(x)); }
};

template <Cmp kCmp, typename R>
uint32_t compareRows(const Warp &, const uint32_t *a, const uint32_t *b) {
  uint32_t bits = 0;
  LANE_LOOP {
    bool r = Compare<kCmp>::apply(R::read(get<typename R::Lane>(a, i)),
                                  R::read(get<typename R::Lane>(b, i)));
    bits |= (r ? 1u : 0u) << i;
  }
  return bits;
}

/// aux: how the result combines with the third source.
enum : uint32_t { kAlone, kAnd, kOr, kXor };

uint32_t combine(uint32_t how, uint32_t a, uint32_t c) {
  return how == kAnd ? a & c : how == kOr ? a | c : how == kXor ? a ^ c : a;
}

void write(Predicate &d, uint32_t mask, uint32_t value, uint32_t poison) {
  d.value = (d.value & ~mask) | (value & mask);
  d.poison = (d.poison & ~mask) | (poison & mask);
}

void writeBoth(Warp &warp, const Op &op, uint32_t mask, uint32_t p,
               uint32_t q) {
  uint32_t poison = poisonOf(warp, op, 2), c = 0;
  if (op.aux != kAlone) {
    const Predicate &pred = warp.preds[op.src[2]];
    c = op.negated ? ~pred.value : pred.value;
    poison |= pred.poison;
  }
  p = combine(op.aux, p, c);
  q = combine(op.aux, q, c);
  write(warp.preds[op.dst[0]], mask, p, poison);
  if (op.dst[1] >= kFirstPred)
    write(warp.preds[op.dst[1]], mask, q, poison);
}

template <Cmp kCmp, typename R>
Step setp(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t bits =
      compareRows<kCmp, R>(warp, warp.row(op.src[0]), warp.row(op.src[1]));
  writeBoth(warp, op, mask, bits, ~bits);
  return Step::Next;
}

template <Cmp kCmp, typename L, typename U>
Step setpPair(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  writeBoth(warp, op, mask, compareRows<kCmp, L>(warp, a, b),
            compareRows<kCmp, U>(warp, a, b));
  return Step::Next;
}

/// aux: the bits of "true".
template <Cmp kCmp, typename R>
Step set(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t bits =
      compareRows<kCmp, R>(warp, warp.row(op.src[0]), warp.row(op.src[1]));
  uint32_t *d = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = bits >> i & 1 ? op.aux : 0;
  warp.setPoison(op.dst[0], mask, poisonOf(warp, op, 2));
  return Step::Next;
}

template <Cmp kCmp>
Handler byType(bool isSet, Type type, bool ftz) {
  switch (type) {
#define ROW(name, reader)                                                      \
  case Type::name:                                                             \
    return isSet ? set<kCmp, reader> : setp<kCmp, reader>;
    ROW(B16, Plain<uint16_t>)
    ROW(U16, Plain<uint16_t>)
    ROW(S16, Plain<int16_t>)
    ROW(B32, Plain<uint32_t>)
    ROW(U32, Plain<uint32_t>)
    ROW(S32, Plain<int32_t>)
    ROW(B64, Plain<uint64_t>)
    ROW(U64, Plain<uint64_t>)
    ROW(S64, Plain<int64_t>)
    ROW(F64, Plain<double>)
    ROW(BF16, Low<Bhalf>)
#undef ROW
  case Type::F32:
    if (ftz)
      return isSet ? set<kCmp, Flushed> : setp<kCmp, Flushed>;
    return isSet ? set<kCmp, Plain<float>> : setp<kCmp, Plain<float>>;
  case Type::F16:
    if (ftz)
      return isSet ? set<kCmp, FlushedHalf<Low<Half>>>
                   : setp<kCmp, FlushedHalf<Low<Half>>>;
    return isSet ? set<kCmp, Low<Half>> : setp<kCmp, Low<Half>>;
  case Type::F16x2:
    return ftz ? setpPair<kCmp, FlushedHalf<Low<Half>>, FlushedHalf<High<Half>>>
               : setpPair<kCmp, Low<Half>, High<Half>>;
  case Type::BF16x2:
    return setpPair<kCmp, Low<Bhalf>, High<Bhalf>>;
  default:
    return nullptr;
  }
}

Handler compare(const Match &match, bool isSet, Type type) {
  struct Named {
    std::string_view name;
    Handler (*by)(bool, Type, bool);
  };
  static const Named kNamed[] = {
      {"eq", byType<Cmp::Eq>},   {"ne", byType<Cmp::Ne>},
      {"lt", byType<Cmp::Lt>},   {"le", byType<Cmp::Le>},
      {"gt", byType<Cmp::Gt>},   {"ge", byType<Cmp::Ge>},
      {"lo", byType<Cmp::Lt>},   {"ls", byType<Cmp::Le>},
      {"hi", byType<Cmp::Gt>},   {"hs", byType<Cmp::Ge>},
      {"equ", byType<Cmp::Equ>}, {"neu", byType<Cmp::Neu>},
      {"ltu", byType<Cmp::Ltu>}, {"leu", byType<Cmp::Leu>},
      {"gtu", byType<Cmp::Gtu>}, {"geu", byType<Cmp::Geu>},
      {"num", byType<Cmp::Num>}, {"nan", byType<Cmp::Nan>},
  };
  for (const Named &named : kNamed)
    if (match.has(named.name))
      return named.by(isSet, type, match.has("ftz"));
  return nullptr;
}

template <typename T>
Step selp(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &pred = warp.preds[op.src[2]];
  uint32_t c = op.negated ? ~pred.value : pred.value;
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  uint32_t *d = warp.row(op.dst[0]);
  LANE_LOOP {
    T value = c >> i & 1 ? get<T>(a, i) : get<T>(b, i);
    put<T>(d, i, mask >> i & 1 ? value : get<T>(d, i));
  }
  uint32_t poison = (warp.poison[op.src[0]] & c) |
                    (warp.poison[op.src[1]] & ~c) | pred.poison;
  warp.setPoison(op.dst[0], mask, poison);
  return Step::Next;
}

template <typename T>
bool isClass(T x, uint32_t which) {
  int kind = std::fpclassify(x);
  switch (which) {
  case 0:
    return kind != FP_NAN && kind != FP_INFINITE;
  case 1:
    return kind == FP_INFINITE;
  case 2:
    return kind != FP_NAN;
  case 3:
    return kind == FP_NAN;
  case 4:
    return kind == FP_NORMAL;
  default:
    return kind == FP_SUBNORMAL;
  }
}

template <typename T>
Step testp(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; ++i)
    bits |= uint32_t(isClass(get<T>(warp.row(op.src[0]), i), op.aux)) << i;
  write(warp.preds[op.dst[0]], mask, bits, poisonOf(warp, op, 1));
  return Step::Next;
}

Handler testpOf(const Match &match, Op &op) {
  static constexpr std::string_view kClasses[] = {
      "finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  for (uint32_t c = 0; c < 6; ++c)
    if (match.has(kClasses[c]))
      op.aux = c;
  return match.type() == Type::F32 ? testp<float> : testp<double>;
}

Handler choose(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Setp:
    op.aux = match.has("and")   ? kAnd
             : match.has("or")  ? kOr
             : match.has("xor") ? kXor
                                : kAlone;
    return compare(match, false, match.type());
  case Sem::Set:
    op.aux = match.type(0) == Type::F32 ? bitCast<uint32_t>(1.0f) : ~0u;
    return compare(match, true, match.type(1));
  case Sem::Selp:
    return ptx::bytesOf(match.type()) == 8 ? selp<uint64_t> : selp<uint32_t>;
  case Sem::Testp:
    return testpOf(match, op);
  default:
    return nullptr;
  }
}

} // namespace

bool bindCompare(const Match &match, Op &op) {
  return setHandler(op, choose(match, op));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
