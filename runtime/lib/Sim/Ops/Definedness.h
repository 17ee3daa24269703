//===- Definedness.h - Which bits of a result are undefined -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bit of a result is undefined when it depends on undefined bits of the
// sources: `0 & x` is defined whatever x is. A rule says so for one operation,
// from values and undefined bits of the sources. Rules are asked only where a
// source is undefined, and what they say never changes a value.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_DEFINEDNESS_H
#define ATTNRT_SIM_OPS_DEFINEDNESS_H

#include "Ops/Lanes.h"

#include <type_traits>

namespace attnrt::sim::ATTNRT_SIM_ISA {

template <typename T>
struct BitsOf {
  using type = std::make_unsigned_t<T>;
};
template <>
struct BitsOf<float> {
  using type = uint32_t;
};
template <typename T>
using Bits = typename BitsOf<T>::type;

/// A source: its value and which bits of that are undefined.
template <typename T>
struct Tracked {
  using U = Bits<T>;
  U value, undefined;
  /// Bits that may be 1, bits that may be 0, bits that are 1.
  U maybeOne() const { return value | undefined; }
  U maybeZero() const { return static_cast<U>(~value | undefined); }
  U one() const { return value & ~undefined; }
  bool isZero() const { return !maybeOne(); }
};

template <typename T>
inline Tracked<T> trackedOf(const Warp &warp, uint16_t row, unsigned lane) {
  using U = Bits<T>;
  return {get<U>(const_cast<Warp &>(warp).row(row), static_cast<int>(lane)),
          warp.undefinedBits<U>(row, lane)};
}

/// All bits from the lowest one that is set on: where a carry may reach.
template <typename U>
inline U upward(U bits) {
  return static_cast<U>(bits | (U(0) - bits));
}
template <typename U>
inline U allIf(bool any) {
  return any ? static_cast<U>(~U(0)) : U(0);
}

namespace rule {

/// Bits keep their places.
struct Copy {
  template <typename T>
  static Bits<T> apply(Tracked<T> a) {
    return a.undefined;
  }
};
struct And {
  template <typename T>
  static Bits<T> apply(Tracked<T> a, Tracked<T> b) {
    return (a.undefined | b.undefined) & a.maybeOne() & b.maybeOne();
  }
};
struct Or {
  template <typename T>
  static Bits<T> apply(Tracked<T> a, Tracked<T> b) {
    return (a.undefined | b.undefined) & a.maybeZero() & b.maybeZero();
  }
};
struct Xor {
  template <typename T>
  static Bits<T> apply(Tracked<T> a, Tracked<T> b) {
    return a.undefined | b.undefined;
  }
};
/// 1 where the source is 0, else 0.
struct Cnot {
  template <typename T>
  static Bits<T> apply(Tracked<T> a) {
    return a.undefined && !a.one();
  }
};
/// The greatest and the least sum differ where a carry is undefined.
struct Add {
  template <typename T>
  static Bits<T> apply(Tracked<T> a, Tracked<T> b) {
    using U = Bits<T>;
    U carries =
        static_cast<U>(U(a.maybeOne() + b.maybeOne()) ^ U(a.one() + b.one()));
    return carries | a.undefined | b.undefined;
  }
};
struct Sub {
  template <typename T>
  static Bits<T> apply(Tracked<T> a, Tracked<T> b) {
    using U = Bits<T>;
    U borrows =
        static_cast<U>(U(a.maybeOne() - b.one()) ^ U(a.one() - b.maybeOne()));
    return borrows | a.undefined | b.undefined;
  }
};
struct Neg {
  template <typename T>
  static Bits<T> apply(Tracked<T> a) {
    return Sub::apply(Tracked<T>{0, 0}, a);
  }
};
/// A product is undefined upwards from its lowest undefined partial product. It
/// may be wider than the sources.
template <typename D>
inline Bits<D> undefinedProduct(uint64_t a, uint64_t undefinedA, uint64_t b,
                                uint64_t undefinedB) {
  auto lowest = [](uint64_t undefined, uint64_t other) {
    if (!undefined || !other)
      return 64;
    int at = __builtin_ctzll(undefined) + __builtin_ctzll(other);
    return at < 64 ? at : 64;
  };
  int one = lowest(undefinedA, b | undefinedB);
  int other = lowest(undefinedB, a | undefinedA);
  int at = one < other ? one : other;
  return at < 64 ? static_cast<Bits<D>>(~uint64_t(0) << at) : 0;
}
template <typename D>
struct Mul {
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<T> b) {
    return undefinedProduct<D>(a.value, a.undefined, b.value, b.undefined);
  }
};
template <typename D>
struct Mad {
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<T> b, Tracked<D> c) {
    return upward<Bits<D>>(Mul<D>::apply(a, b) | c.undefined);
  }
};

/// Operations that move bits, replicate them and fill up with zeros as their
/// last sources say, of which the bits of kRelevant count: what becomes of
/// undefined bits is what becomes of values.
template <typename F, typename D, uint32_t kRelevant>
struct Moved {
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<uint32_t> n) {
    if (n.undefined & kRelevant)
      return allIf<Bits<D>>(!a.isZero());
    return F::apply(T(a.undefined), n.value);
  }
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<T> b, Tracked<uint32_t> n) {
    if (n.undefined & kRelevant)
      return allIf<Bits<D>>(!a.isZero() || !b.isZero());
    return F::apply(T(a.undefined), T(b.undefined), n.value);
  }
};
/// A field at a place and of a length, the last two sources.
template <typename F, typename D>
struct Field {
  static constexpr uint32_t kRelevant = 0xff;
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<uint32_t> at,
                       Tracked<uint32_t> length) {
    if ((at.undefined | length.undefined) & kRelevant)
      return allIf<Bits<D>>(!a.isZero());
    return F::apply(T(a.undefined), at.value, length.value);
  }
  template <typename T>
  static Bits<D> apply(Tracked<T> a, Tracked<T> b, Tracked<uint32_t> at,
                       Tracked<uint32_t> length) {
    if ((at.undefined | length.undefined) & kRelevant)
      return allIf<Bits<D>>(!a.isZero() || !b.isZero());
    return F::apply(T(a.undefined), T(b.undefined), at.value, length.value);
  }
};
/// Bits change places, always in the same way.
template <typename F>
struct Permuted {
  template <typename T>
  static Bits<T> apply(Tracked<T> a) {
    return F::apply(T(a.undefined));
  }
};
/// The place of the highest set bit is defined if that bit is. kBits are those
/// that a result can have.
template <typename F, uint32_t kBits>
struct Highest {
  template <typename T>
  static uint32_t apply(Tracked<T> a) {
    return F::apply(T(a.one())) == F::apply(T(a.maybeOne())) ? 0 : kBits;
  }
};
template <uint32_t kBits>
struct Count {
  template <typename T>
  static uint32_t apply(Tracked<T> a) {
    return a.undefined ? kBits : 0;
  }
};

} // namespace rule

template <typename Rule, typename D, typename... S, size_t... I>
__attribute__((noinline)) void findUndefined(Warp &warp, const Op &op,
                                             uint32_t mask, Bits<D> *out,
                                             std::index_sequence<I...>) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    out[lane] = Rule::apply(trackedOf<S>(warp, op.src[I], lane)...);
  }
}

/// Like `map`, with a rule for undefined sources. `x - x` and `x ^ x` are
/// defined whatever x is: kCancels.
template <typename F, typename Rule, bool kCancels, typename D, typename... S>
Step mapExactly(Warp &warp, const Op &op, uint32_t mask) {
  constexpr auto indices = std::index_sequence_for<S...>();
  uint32_t poison = poisonOf(warp, op, sizeof...(S)) & mask;
  if (__builtin_expect(!poison, 1)) {
    mapLanes<F, D, S...>(warp, op, mask, indices);
    return Step::Next;
  }
  Bits<D> undefined[32] = {};
  if (!kCancels || op.src[0] != op.src[1])
    findUndefined<Rule, D, S...>(warp, op, mask, undefined, indices);
  mapLanes<F, D, S...>(warp, op, mask, indices);
  warp.setUndefinedBits(op.dst[0], mask, undefined);
  return Step::Next;
}

template <typename F, typename Rule, typename D, typename... S>
Step mapTracked(Warp &warp, const Op &op, uint32_t mask) {
  return mapExactly<F, Rule, false, D, S...>(warp, op, mask);
}

/// Predicates have one bit.
inline uint32_t undefinedAnd(const Predicate &a, const Predicate &b) {
  return (a.poison | b.poison) & (a.value | a.poison) & (b.value | b.poison);
}
inline uint32_t undefinedOr(const Predicate &a, const Predicate &b) {
  return (a.poison | b.poison) & (~a.value | a.poison) & (~b.value | b.poison);
}

/// Lanes of a row whose low bits, as many as T has, are not all defined.
template <typename T>
inline uint32_t undefinedLow(const Warp &warp, uint16_t row, uint32_t mask,
                             bool wide) {
  uint32_t out = 0;
  for (uint32_t rest = mask & warp.poison[row]; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t bits = wide ? warp.undefinedBits<uint64_t>(row, lane)
                         : warp.undefinedBits<uint32_t>(row, lane);
    out |= uint32_t(static_cast<Bits<T>>(bits) != 0) << lane;
  }
  return out;
}

/// Lanes of the mask of which bits that `bits` names are undefined.
inline uint32_t undefinedAmong(const Warp &warp, uint16_t row, uint32_t mask,
                               uint32_t bits) {
  uint32_t out = 0;
  for (uint32_t rest = mask & warp.poison[row]; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t undefined = warp.undefinedBits<uint32_t>(row, lane);
    out |= uint32_t((undefined & bits) != 0) << lane;
  }
  return out;
}

/// A register of two parts of so many bits: the lanes whose upper part is
/// undefined, and those whose lower part is.
inline void setUndefinedParts(Warp &warp, uint16_t row, uint32_t mask,
                              uint32_t upper, uint32_t lower, unsigned bits) {
  if (!((upper | lower) & mask))
    return warp.setPoison(row, mask, 0);
  uint32_t part = (1u << bits) - 1, undefined[32];
  for (unsigned i = 0; i < 32; ++i)
    undefined[i] =
        (upper >> i & 1 ? part << bits : 0) | (lower >> i & 1 ? part : 0);
  warp.setUndefinedBits(row, mask, undefined);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_DEFINEDNESS_H
