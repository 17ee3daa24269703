//===- Logic.cpp - Bits: logic, shifts, fields, permutes ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"

#include <type_traits>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

template <typename T>
struct And {
  static T apply(T a, T b) { return a & b; }
};
template <typename T>
struct Or {
  static T apply(T a, T b) { return a | b; }
};
template <typename T>
struct Xor {
  static T apply(T a, T b) { return a ^ b; }
};
template <typename T>
struct Not {
  static T apply(T a) { return T(~a); }
};
template <typename T>
struct Cnot {
  static T apply(T a) { return a == 0; }
};
/// Shifts by more than the width shift everything out.
template <typename T>
struct Shl {
  static T apply(T a, uint32_t n) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    return n < kBits ? T(uint64_t(a) << (n & 63)) : T(0);
  }
};
template <>
struct Shl<uint32_t> {
  static uint32_t apply(uint32_t a, uint32_t n) {
    return n < 32 ? a << (n & 31) : 0;
  }
};
template <typename T>
struct Shr {
  static T apply(T a, uint32_t n) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    uint32_t bounded = n < kBits ? n : kBits - 1;
    T shifted = T(a >> bounded);
    return n < kBits || std::is_signed_v<T> ? shifted : T(0);
  }
};
template <bool kLeft, bool kWrap>
struct Shf {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t n = kWrap ? c & 31 : c < 32 ? c : 32;
    uint64_t both = uint64_t(b) << 32 | a;
    return kLeft ? uint32_t((both << n) >> 32) : uint32_t(both >> n);
  }
};
template <typename T>
struct Bfe {
  static T apply(T a, uint32_t b, uint32_t c) {
    using U = std::make_unsigned_t<T>;
    constexpr unsigned kTop = 8 * sizeof(T) - 1;
    unsigned pos = b & 0xff, len = c & 0xff;
    if (len == 0)
      return 0;
    bool sign = std::is_signed_v<T> &&
                (U(a) >> (pos + len - 1 < kTop ? pos + len - 1 : kTop) & 1);
    U field = pos > kTop ? 0 : U(a) >> pos;
    U keep = len > kTop ? ~U(0) : (U(1) << len) - 1;
    // Bits above the source's top repeat the sign as well.
    if (pos && pos <= kTop && sign)
      field |= ~(~U(0) >> pos);
    if (pos > kTop && sign)
      field = ~U(0);
    return T(sign ? field | ~keep : field & keep);
  }
};
template <typename T>
struct Bfi {
  static T apply(T a, T b, uint32_t c, uint32_t d) {
    constexpr unsigned kBits = 8 * sizeof(T);
    unsigned pos = c & 0xff, len = d & 0xff;
    if (len == 0 || pos >= kBits)
      return b;
    T keep = len >= kBits ? ~T(0) : (T(1) << len) - 1;
    return (b & ~(keep << pos)) | ((a & keep) << pos);
  }
};
template <typename T>
struct Brev {
  static T apply(T a) {
    T out = 0;
    for (unsigned b = 0; b < 8 * sizeof(T); ++b)
      out |= (a >> b & 1) << (8 * sizeof(T) - 1 - b);
    return out;
  }
};
template <typename T>
struct Popc {
  static uint32_t apply(T a) { return __builtin_popcountll(a); }
};
template <typename T>
struct Clz {
  static uint32_t apply(T a) {
    return a ? __builtin_clzll(a) - (64 - 8 * sizeof(T)) : 8 * sizeof(T);
  }
};
template <typename T, bool kShift>
struct Bfind {
  static uint32_t apply(T a) {
    using U = std::make_unsigned_t<T>;
    U bits = std::is_signed_v<T> && a < 0 ? U(~U(a)) : U(a);
    if (!bits)
      return ~0u;
    uint32_t clz = Clz<U>::apply(bits);
    return kShift ? clz : uint32_t(8 * sizeof(T) - 1) - clz;
  }
};

/// prmt: a byte of {b, a}, or its sign eight times.
uint32_t permuteByte(uint64_t bytes, unsigned selector) {
  uint32_t byte = bytes >> (8 * (selector & 7)) & 0xff;
  return selector & 8 ? (byte & 0x80 ? 0xff : 0) : byte;
}
struct Prmt {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint64_t bytes = uint64_t(b) << 32 | a;
    uint32_t out = 0;
    for (unsigned k = 0; k < 4; ++k)
      out |= permuteByte(bytes, c >> (4 * k) & 15) << (8 * k);
    return out;
  }
};
/// The named modes of prmt choose one of four selectors.
template <int kMode>
struct PrmtMode {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    static constexpr uint16_t kSelectors[6][4] = {
        {0x3210, 0x4321, 0x5432, 0x6543}, // f4e
        {0x5670, 0x6701, 0x7012, 0x0123}, // b4e
        {0x0000, 0x1111, 0x2222, 0x3333}, // rc8
        {0x3210, 0x3211, 0x3222, 0x3333}, // ecl
        {0x0000, 0x1110, 0x2210, 0x3210}, // ecr
        {0x1010, 0x3232, 0x1010, 0x3232}, // rc16
    };
    return Prmt::apply(a, b, kSelectors[kMode][c & 3]);
  }
};

/// A bit is undefined where the table has both values for what its three
/// sources may be.
void undefinedOfTable(const Warp &warp, const Op &op, uint32_t mask,
                      uint32_t *out) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    auto a = trackedOf<uint32_t>(warp, op.src[0], lane);
    auto b = trackedOf<uint32_t>(warp, op.src[1], lane);
    auto c = trackedOf<uint32_t>(warp, op.src[2], lane);
    uint32_t possible[2] = {0, 0};
    for (unsigned k = 0; k < 8; ++k)
      possible[op.aux >> k & 1] |= (k & 4 ? a.maybeOne() : a.maybeZero()) &
                                   (k & 2 ? b.maybeOne() : b.maybeZero()) &
                                   (k & 1 ? c.maybeOne() : c.maybeZero());
    out[lane] = possible[0] & possible[1];
  }
}

Step lop3(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]),
                 *c = warp.row(op.src[2]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t undefined[32];
  uint32_t poison = poisonOf(warp, op, 3) & mask;
  if (poison)
    undefinedOfTable(warp, op, mask, undefined);
  uint32_t table[8];
  for (unsigned k = 0; k < 8; ++k)
    table[k] = op.aux >> k & 1 ? ~0u : 0u;
  LANE_LOOP {
    uint32_t x = a[i], y = b[i], z = c[i];
    uint32_t out = (~x & ~y & ~z & table[0]) | (~x & ~y & z & table[1]) |
                   (~x & y & ~z & table[2]) | (~x & y & z & table[3]) |
                   (x & ~y & ~z & table[4]) | (x & ~y & z & table[5]) |
                   (x & y & ~z & table[6]) | (x & y & z & table[7]);
    d[i] = mask >> i & 1 ? out : d[i];
  }
  if (poison)
    warp.setUndefinedBits(op.dst[0], mask, undefined);
  else
    warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

enum class PredOp { And, Or, Xor, Not };

template <PredOp kOp>
Step predicates(Warp &warp, const Op &op, uint32_t mask) {
  Predicate a = warp.preds[op.src[0]], b = warp.preds[op.src[1]];
  a.value = op.negated ? ~a.value : a.value;
  b.value = op.negated2 ? ~b.value : b.value;
  uint32_t value = kOp == PredOp::And   ? a.value & b.value
                   : kOp == PredOp::Or  ? a.value | b.value
                   : kOp == PredOp::Xor ? a.value ^ b.value
                                        : ~a.value;
  uint32_t poison = kOp == PredOp::And   ? undefinedAnd(a, b)
                    : kOp == PredOp::Or  ? undefinedOr(a, b)
                    : kOp == PredOp::Xor ? a.poison | b.poison
                                         : a.poison;
  Predicate &d = warp.preds[op.dst[0]];
  d.value = (d.value & ~mask) | (value & mask);
  d.poison = (d.poison & ~mask) | (poison & mask);
  return Step::Next;
}

template <template <typename> class F, typename Rule, bool kCancels = false>
Handler binary(Type type) {
  switch (ptx::bytesOf(type)) {
  case 2:
    return mapExactly<F<uint16_t>, Rule, kCancels, uint16_t, uint16_t,
                      uint16_t>;
  case 4:
    return mapExactly<F<uint32_t>, Rule, kCancels, uint32_t, uint32_t,
                      uint32_t>;
  default:
    return mapExactly<F<uint64_t>, Rule, kCancels, uint64_t, uint64_t,
                      uint64_t>;
  }
}

template <template <typename> class F, typename Rule>
Handler unary(Type type) {
  switch (ptx::bytesOf(type)) {
  case 2:
    return mapTracked<F<uint16_t>, Rule, uint16_t, uint16_t>;
  case 4:
    return mapTracked<F<uint32_t>, Rule, uint32_t, uint32_t>;
  default:
    return mapTracked<F<uint64_t>, Rule, uint64_t, uint64_t>;
  }
}

Handler reverse(Type type) {
  if (ptx::bytesOf(type) == 4)
    return unary<Brev, rule::Permuted<Brev<uint32_t>>>(type);
  return unary<Brev, rule::Permuted<Brev<uint64_t>>>(type);
}

template <typename T>
Handler countOnes() {
  constexpr uint32_t kBits = 16 * sizeof(T) - 1; // up to 32, or 64
  return mapTracked<Popc<T>, rule::Count<kBits>, uint32_t, T>;
}

template <typename T>
Handler countZeros() {
  constexpr uint32_t kBits = 16 * sizeof(T) - 1;
  return mapTracked<Clz<T>, rule::Highest<Clz<T>, kBits>, uint32_t, T>;
}

template <typename F, typename T>
Handler shift() {
  return mapTracked<F, rule::Moved<F, T, ~0u>, T, T, uint32_t>;
}

Handler shiftLeft(Type type) {
  switch (ptx::bytesOf(type)) {
  case 2:
    return shift<Shl<uint16_t>, uint16_t>();
  case 4:
    return shift<Shl<uint32_t>, uint32_t>();
  default:
    return shift<Shl<uint64_t>, uint64_t>();
  }
}

Handler shiftRight(Type type) {
  switch (type) {
  case Type::S16:
    return shift<Shr<int16_t>, int16_t>();
  case Type::S32:
    return shift<Shr<int32_t>, int32_t>();
  case Type::S64:
    return shift<Shr<int64_t>, int64_t>();
  default:
    break;
  }
  switch (ptx::bytesOf(type)) {
  case 2:
    return shift<Shr<uint16_t>, uint16_t>();
  case 4:
    return shift<Shr<uint32_t>, uint32_t>();
  default:
    return shift<Shr<uint64_t>, uint64_t>();
  }
}

template <bool kLeft, bool kWrap>
Handler funnel() {
  using F = Shf<kLeft, kWrap>;
  return mapTracked<F, rule::Moved<F, uint32_t, kWrap ? 31 : ~0u>, uint32_t,
                    uint32_t, uint32_t, uint32_t>;
}

template <typename T, bool kShift>
Handler findBitOf() {
  using F = Bfind<T, kShift>;
  // For a signed value it looks for the highest bit that differs from the sign.
  using Rule = std::conditional_t<std::is_signed_v<T>, rule::Count<~0u>,
                                  rule::Highest<F, ~0u>>;
  return mapTracked<F, Rule, uint32_t, T>;
}

template <bool kShift>
Handler findBit(Type type) {
  switch (type) {
  case Type::U32:
    return findBitOf<uint32_t, kShift>();
  case Type::S32:
    return findBitOf<int32_t, kShift>();
  case Type::U64:
    return findBitOf<uint64_t, kShift>();
  default:
    return findBitOf<int64_t, kShift>();
  }
}

template <typename T>
Handler extractOf() {
  using F = Bfe<T>;
  return mapTracked<F, rule::Field<F, T>, T, T, uint32_t, uint32_t>;
}

Handler extract(Type type) {
  switch (type) {
  case Type::U32:
    return extractOf<uint32_t>();
  case Type::S32:
    return extractOf<int32_t>();
  case Type::U64:
    return extractOf<uint64_t>();
  default:
    return extractOf<int64_t>();
  }
}

template <typename T>
Handler insert() {
  using F = Bfi<T>;
  return mapTracked<F, rule::Field<F, T>, T, T, T, uint32_t, uint32_t>;
}

/// The bits of the selector that count.
template <typename F, uint32_t kRelevant>
Handler permuteWith() {
  return mapTracked<F, rule::Moved<F, uint32_t, kRelevant>, uint32_t, uint32_t,
                    uint32_t, uint32_t>;
}

template <int kMode>
Handler permuteMode() {
  return permuteWith<PrmtMode<kMode>, 3>();
}

Handler permute(const Match &match) {
  if (match.has("f4e"))
    return permuteMode<0>();
  if (match.has("b4e"))
    return permuteMode<1>();
  if (match.has("rc8"))
    return permuteMode<2>();
  if (match.has("ecl"))
    return permuteMode<3>();
  if (match.has("ecr"))
    return permuteMode<4>();
  if (match.has("rc16"))
    return permuteMode<5>();
  return permuteWith<Prmt, 0xffff>();
}

Handler choose(const Match &match) {
  Type type = match.type();
  bool pred = type == Type::Pred;
  switch (match.sem()) {
  case Sem::And:
    return pred ? predicates<PredOp::And> : binary<And, rule::And>(type);
  case Sem::Or:
    return pred ? predicates<PredOp::Or> : binary<Or, rule::Or>(type);
  case Sem::Xor:
    return pred ? predicates<PredOp::Xor> : binary<Xor, rule::Xor, true>(type);
  case Sem::Not:
    return pred ? predicates<PredOp::Not> : unary<Not, rule::Copy>(type);
  case Sem::Cnot:
    return unary<Cnot, rule::Cnot>(type);
  case Sem::Shl:
    return shiftLeft(type);
  case Sem::Shr:
    return shiftRight(type);
  case Sem::Shf:
    if (match.has("l"))
      return match.has("wrap") ? funnel<true, true>() : funnel<true, false>();
    return match.has("wrap") ? funnel<false, true>() : funnel<false, false>();
  case Sem::Bfe:
    return extract(type);
  case Sem::Bfi:
    return type == Type::B32 ? insert<uint32_t>() : insert<uint64_t>();
  case Sem::Bfind:
    return match.has("shiftamt") ? findBit<true>(type) : findBit<false>(type);
  case Sem::Brev:
    return reverse(type);
  case Sem::Popc:
    return ptx::bytesOf(type) == 4 ? countOnes<uint32_t>()
                                   : countOnes<uint64_t>();
  case Sem::Clz:
    return ptx::bytesOf(type) == 4 ? countZeros<uint32_t>()
                                   : countZeros<uint64_t>();
  case Sem::Prmt:
    return permute(match);
  case Sem::Lop3:
    return lop3;
  default:
    return nullptr;
  }
}

} // namespace

bool bindLogic(const Match &match, Op &op) {
  return setHandler(op, choose(match));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
