//===- Integer.cpp - Integer arithmetic -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

template <typename T>
using Unsigned = std::make_unsigned_t<T>;
/// Twice as wide.
template <typename T>
using Wide = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

template <typename T>
struct Add {
  static T apply(T a, T b) { return T(uint64_t(a) + uint64_t(b)); }
};
template <typename T>
struct Sub {
  static T apply(T a, T b) { return T(uint64_t(a) - uint64_t(b)); }
};
struct AddSat {
  static int32_t apply(int32_t a, int32_t b) {
    int64_t sum = int64_t(a) + b;
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
  }
};
struct SubSat {
  static int32_t apply(int32_t a, int32_t b) {
    int64_t sum = int64_t(a) - b;
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
  }
};
template <typename T>
struct MulLo {
  static T apply(T a, T b) {
    using U = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    return T(U(a) * U(b));
  }
};
template <typename T>
struct MulHi {
  static T apply(T a, T b) {
    return T((Wide<T>(a) * Wide<T>(b)) >> (8 * sizeof(T)));
  }
};
template <typename T>
struct MulWide {
  static Wide<T> apply(T a, T b) { return Wide<T>(a) * Wide<T>(b); }
};
template <typename T>
struct MadLo {
  static T apply(T a, T b, T c) {
    return Add<T>::apply(MulLo<T>::apply(a, b), c);
  }
};
template <typename T>
struct MadHi {
  static T apply(T a, T b, T c) {
    return Add<T>::apply(MulHi<T>::apply(a, b), c);
  }
};
template <typename T>
struct MadWide {
  static Wide<T> apply(T a, T b, Wide<T> c) {
    return Wide<T>(uint64_t(Wide<T>(a) * Wide<T>(b)) + uint64_t(c));
  }
};
template <typename T>
struct Neg {
  static T apply(T a) { return T(0 - uint64_t(a)); }
};
template <typename T>
struct Abs {
  static T apply(T a) { return a < 0 ? T(0 - uint64_t(a)) : a; }
};
template <typename T>
struct Min {
  static T apply(T a, T b) { return a < b ? a : b; }
};
template <typename T>
struct Max {
  static T apply(T a, T b) { return a > b ? a : b; }
};
/// A negative result becomes 0.
template <typename F>
struct Relu {
  static int32_t apply(int32_t a, int32_t b) {
    return std::max(F::apply(a, b), 0);
  }
};
/// The hardware gives all ones for a division by zero.
template <typename T>
struct Div {
  static T apply(T a, T b) {
    if (b == 0)
      return T(~uint64_t(0));
    if (std::is_signed_v<T> && b == T(-1))
      return T(0 - uint64_t(a));
    return T(a / b);
  }
};
template <typename T>
struct Rem {
  static T apply(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
template <typename T>
struct Sad {
  static T apply(T a, T b, T c) {
    Unsigned<T> distance = a > b ? Unsigned<T>(a) - Unsigned<T>(b)
                                 : Unsigned<T>(b) - Unsigned<T>(a);
    return T(Unsigned<T>(c) + distance);
  }
};

/// The handler of F<T> for an integer type T with n sources.
template <template <typename> class F, typename T>
Handler same(int sources) {
  if constexpr (std::is_invocable_v<decltype(F<T>::apply), T>)
    return sources == 1 ? map<F<T>, T, T> : nullptr;
  else if constexpr (std::is_invocable_v<decltype(F<T>::apply), T, T>)
    return sources == 2 ? map<F<T>, T, T, T> : nullptr;
  else
    return sources == 3 ? map<F<T>, T, T, T, T> : nullptr;
}

template <template <typename> class F>
Handler byType(Type type, int sources) {
  switch (type) {
  case Type::U16:
    return same<F, uint16_t>(sources);
  case Type::S16:
    return same<F, int16_t>(sources);
  case Type::U32:
    return same<F, uint32_t>(sources);
  case Type::S32:
    return same<F, int32_t>(sources);
  case Type::U64:
    return same<F, uint64_t>(sources);
  case Type::S64:
    return same<F, int64_t>(sources);
  default:
    return nullptr;
  }
}

/// The handler of F<T> with a rule for undefined bits.
template <template <typename> class F, template <typename> class Rule,
          bool kCancels, typename T>
Handler exactly() {
  using R = Rule<T>;
  if constexpr (std::is_invocable_v<decltype(F<T>::apply), T>)
    return mapTracked<F<T>, R, T, T>;
  else if constexpr (std::is_invocable_v<decltype(F<T>::apply), T, T>)
    return mapExactly<F<T>, R, kCancels, T, T, T>;
  else
    return mapTracked<F<T>, R, T, T, T, T>;
}

template <template <typename> class F, template <typename> class Rule,
          bool kCancels = false>
Handler exactlyByType(Type type) {
  switch (type) {
  case Type::U16:
    return exactly<F, Rule, kCancels, uint16_t>();
  case Type::S16:
    return exactly<F, Rule, kCancels, int16_t>();
  case Type::U32:
    return exactly<F, Rule, kCancels, uint32_t>();
  case Type::S32:
    return exactly<F, Rule, kCancels, int32_t>();
  case Type::U64:
    return exactly<F, Rule, kCancels, uint64_t>();
  case Type::S64:
    return exactly<F, Rule, kCancels, int64_t>();
  default:
    return nullptr;
  }
}

template <typename>
using AddRule = rule::Add;
template <typename>
using SubRule = rule::Sub;
template <typename>
using NegRule = rule::Neg;
template <typename T>
using MulRule = rule::Mul<T>;
template <typename T>
using MadRule = rule::Mad<T>;

template <typename T>
Handler wideMulOf() {
  using D = Wide<T>;
  return mapTracked<MulWide<T>, rule::Mul<D>, D, T, T>;
}

template <typename T>
Handler wideMadOf() {
  using D = Wide<T>;
  return mapTracked<MadWide<T>, rule::Mad<D>, D, T, T, D>;
}

Handler wideMul(Type type) {
  switch (type) {
  case Type::U16:
    return wideMulOf<uint16_t>();
  case Type::S16:
    return wideMulOf<int16_t>();
  case Type::U32:
    return wideMulOf<uint32_t>();
  case Type::S32:
    return wideMulOf<int32_t>();
  default:
    return nullptr;
  }
}

Handler wideMad(Type type) {
  switch (type) {
  case Type::U16:
    return wideMadOf<uint16_t>();
  case Type::S16:
    return wideMadOf<int16_t>();
  case Type::U32:
    return wideMadOf<uint32_t>();
  case Type::S32:
    return wideMadOf<int32_t>();
  default:
    return nullptr;
  }
}

Handler choose(const Match &match) {
  Type type = match.type();
  switch (match.sem()) {
  case Sem::Add:
    if (match.has("sat"))
      return map<AddSat, int32_t, int32_t, int32_t>;
    return exactlyByType<Add, AddRule>(type);
  case Sem::Sub:
    if (match.has("sat"))
      return map<SubSat, int32_t, int32_t, int32_t>;
    return exactlyByType<Sub, SubRule, true>(type);
  case Sem::Mul:
    if (match.has("wide"))
      return wideMul(type);
    return match.has("hi") ? byType<MulHi>(type, 2)
                           : exactlyByType<MulLo, MulRule>(type);
  case Sem::Mad:
    if (match.has("wide"))
      return wideMad(type);
    return match.has("hi") ? byType<MadHi>(type, 3)
                           : exactlyByType<MadLo, MadRule>(type);
  case Sem::Neg:
    return exactlyByType<Neg, NegRule>(type);
  case Sem::Abs:
    return byType<Abs>(type, 1);
  case Sem::Min:
    if (match.has("relu"))
      return map<Relu<Min<int32_t>>, int32_t, int32_t, int32_t>;
    return byType<Min>(type, 2);
  case Sem::Max:
    if (match.has("relu"))
      return map<Relu<Max<int32_t>>, int32_t, int32_t, int32_t>;
    return byType<Max>(type, 2);
  case Sem::Div:
    return byType<Div>(type, 2);
  case Sem::Rem:
    return byType<Rem>(type, 2);
  case Sem::Sad:
    return byType<Sad>(type, 3);
  default:
    return nullptr;
  }
}

} // namespace

bool bindInteger(const Match &match, Op &op) {
  return setHandler(op, choose(match));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
