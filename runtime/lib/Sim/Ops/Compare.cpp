//===- Compare.cpp - Comparisons and classes of numbers -------------------===//
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

/// How rows of a type are read: floats with .ftz, halves, the rest as they are;
/// and which bits of a row of 32 that takes.
template <typename T>
struct Plain {
  using Lane = T;
  static constexpr uint32_t kBits = ~0u;
  static T read(T x) { return x; }
};
struct Flushed {
  using Lane = float;
  static constexpr uint32_t kBits = ~0u;
  static float read(float x) { return flush(x); }
};
template <typename H>
struct Low {
  using Lane = uint32_t;
  static constexpr uint32_t kBits = 0xffff;
  static float read(uint32_t x) { return H::widen(uint16_t(x)); }
};
template <typename H>
struct High {
  using Lane = uint32_t;
  static constexpr uint32_t kBits = 0xffff0000;
  static float read(uint32_t x) { return H::widen(uint16_t(x >> 16)); }
};

template <typename R>
struct FlushedHalf {
  using Lane = uint32_t;
  static constexpr uint32_t kBits = R::kBits;
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

/// The least and the greatest value that a source may have.
template <typename T>
T leastOf(const Tracked<T> &a) {
  Bits<T> sign = std::is_signed_v<T> ? Bits<T>(1) << (8 * sizeof(T) - 1) : 0;
  return T(a.one() | (a.undefined & sign));
}
template <typename T>
T greatestOf(const Tracked<T> &a) {
  Bits<T> sign = std::is_signed_v<T> ? Bits<T>(1) << (8 * sizeof(T) - 1) : 0;
  return T(a.maybeOne() & ~(a.undefined & sign));
}

/// Whether a comparison of integers has the same result whatever the undefined
/// bits are.
template <Cmp kCmp, typename T>
bool isDecided(const Tracked<T> &a, const Tracked<T> &b) {
  if (kCmp == Cmp::Eq || kCmp == Cmp::Ne)
    return (a.value ^ b.value) & ~(a.undefined | b.undefined);
  return Compare<kCmp>::apply(leastOf(a), greatestOf(b)) ==
         Compare<kCmp>::apply(greatestOf(a), leastOf(b));
}

/// Lanes of the mask in which the result of the comparison is undefined.
template <Cmp kCmp, typename R>
uint32_t undefinedCompare(const Warp &warp, const Op &op, uint32_t mask) {
  using T = typename R::Lane;
  uint32_t out = 0;
  for (uint32_t rest = poisonOf(warp, op, 2) & mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    bool undefined = true;
    if constexpr (std::is_same_v<R, Plain<T>> && std::is_integral_v<T>) {
      undefined = op.src[0] != op.src[1] &&
                  !isDecided<kCmp, T>(trackedOf<T>(warp, op.src[0], lane),
                                      trackedOf<T>(warp, op.src[1], lane));
    } else if constexpr (sizeof(T) == 4) {
      undefined = (warp.undefinedBits<uint32_t>(op.src[0], lane) |
                   warp.undefinedBits<uint32_t>(op.src[1], lane)) &
                  R::kBits;
    }
    out |= uint32_t(undefined) << lane;
  }
  return out;
}

/// aux: how the result combines with the third source.
enum : uint32_t { kAlone, kAnd, kOr, kXor };

void write(Predicate &d, uint32_t mask, const Predicate &from) {
  d.value = (d.value & ~mask) | (from.value & mask);
  d.poison = (d.poison & ~mask) | (from.poison & mask);
}

Predicate combine(uint32_t how, const Predicate &a, const Predicate &c) {
  switch (how) {
  case kAnd:
    return {a.value & c.value, undefinedAnd(a, c)};
  case kOr:
    return {a.value | c.value, undefinedOr(a, c)};
  case kXor:
    return {a.value ^ c.value, a.poison | c.poison};
  default:
    return a;
  }
}

void writeBoth(Warp &warp, const Op &op, uint32_t mask, const Predicate &p,
               const Predicate &q) {
  Predicate c;
  if (op.aux != kAlone) {
    c = warp.preds[op.src[2]];
    c.value = op.negated ? ~c.value : c.value;
  }
  write(warp.preds[op.dst[0]], mask, combine(op.aux, p, c));
  if (op.dst[1] >= kFirstPred)
    write(warp.preds[op.dst[1]], mask, combine(op.aux, q, c));
}

template <Cmp kCmp, typename R>
Step setp(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t bits =
      compareRows<kCmp, R>(warp, warp.row(op.src[0]), warp.row(op.src[1]));
  uint32_t poison = undefinedCompare<kCmp, R>(warp, op, mask);
  writeBoth(warp, op, mask, {bits, poison}, {~bits, poison});
  return Step::Next;
}

template <Cmp kCmp, typename L, typename U>
Step setpPair(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  writeBoth(warp, op, mask,
            {compareRows<kCmp, L>(warp, a, b),
             undefinedCompare<kCmp, L>(warp, op, mask)},
            {compareRows<kCmp, U>(warp, a, b),
             undefinedCompare<kCmp, U>(warp, op, mask)});
  return Step::Next;
}

/// imm3: how the result of a `set` combines with the third source.
Predicate withThird(Warp &warp, const Op &op, const Predicate &result) {
  if (op.imm3 == kAlone)
    return result;
  Predicate c = warp.preds[op.src[2]];
  c.value = op.negated ? ~c.value : c.value;
  return combine(static_cast<uint32_t>(op.imm3), result, c);
}

/// aux: the bits of "true".
template <Cmp kCmp, typename R>
Step set(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t bits =
      compareRows<kCmp, R>(warp, warp.row(op.src[0]), warp.row(op.src[1]));
  uint32_t poison = undefinedCompare<kCmp, R>(warp, op, mask);
  Predicate result = withThird(warp, op, {bits, poison});
  uint32_t *d = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = result.value >> i & 1 ? op.aux : 0;
  warp.setPoison(op.dst[0], mask, result.poison);
  return Step::Next;
}

/// Both halves.
template <Cmp kCmp, typename L, typename U>
Step setPair(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  Predicate low = withThird(warp, op,
                            {compareRows<kCmp, L>(warp, a, b),
                             undefinedCompare<kCmp, L>(warp, op, mask)});
  Predicate high = withThird(warp, op,
                             {compareRows<kCmp, U>(warp, a, b),
                              undefinedCompare<kCmp, U>(warp, op, mask)});
  uint32_t *d = warp.row(op.dst[0]), undefined[32];
  for (int i = 0; i < 32; ++i) {
    undefined[i] = (low.poison >> i & 1 ? 0xffffu : 0) |
                   (high.poison >> i & 1 ? 0xffff0000u : 0);
    if (mask >> i & 1)
      d[i] = (low.value >> i & 1 ? op.aux : 0) |
             (high.value >> i & 1 ? op.aux << 16 : 0);
  }
  warp.setUndefinedBits(op.dst[0], mask, undefined);
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
    if (isSet)
      return ftz ? setPair<kCmp, FlushedHalf<Low<Half>>,
                           FlushedHalf<High<Half>>>
                 : setPair<kCmp, Low<Half>, High<Half>>;
    return ftz ? setpPair<kCmp, FlushedHalf<Low<Half>>, FlushedHalf<High<Half>>>
               : setpPair<kCmp, Low<Half>, High<Half>>;
  case Type::BF16x2:
    if (isSet)
      return setPair<kCmp, Low<Bhalf>, High<Bhalf>>;
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
  write(warp.preds[op.dst[0]], mask, {bits, poisonOf(warp, op, 1)});
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

uint32_t combinationOf(const Match &match) {
  return match.has("and")   ? kAnd
         : match.has("or")  ? kOr
         : match.has("xor") ? kXor
                            : kAlone;
}

/// What `set` writes for "true", of a pair in each half.
uint32_t trueOf(Type to, Type compared) {
  switch (to) {
  case Type::F32:
    return bitCast<uint32_t>(1.0f);
  case Type::F16:
  case Type::F16x2:
    return 0x3c00;
  case Type::BF16:
  case Type::BF16x2:
    return 0x3f80;
  default:
    break;
  }
  bool isPair = compared == Type::F16x2 || compared == Type::BF16x2;
  return isPair || ptx::bytesOf(to) == 2 ? 0xffff : ~0u;
}

Handler choose(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Setp:
    op.aux = combinationOf(match);
    return compare(match, false, match.type());
  case Sem::Set:
    op.aux = trueOf(match.type(0), match.type(1));
    op.imm3 = static_cast<int32_t>(combinationOf(match));
    return compare(match, true, match.type(1));
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
