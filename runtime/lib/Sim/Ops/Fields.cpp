//===- Fields.cpp - Narrow products, masks and fields ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Numbers.h"

#include <algorithm>
#include <cmath>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// The low 24 bits, with their sign.
template <typename T>
int64_t low24(T x) {
  if constexpr (std::is_signed_v<T>)
    return int64_t(int32_t(uint32_t(x) << 8)) >> 8;
  return int64_t(uint32_t(x) & 0xffffff);
}

template <typename T, bool kHigh>
struct Mul24 {
  static T apply(T a, T b) {
    int64_t product = low24(a) * low24(b);
    return static_cast<T>(kHigh ? product >> 16 : product);
  }
};
template <typename T, bool kHigh>
struct Mad24 {
  static T apply(T a, T b, T c) {
    uint32_t product = static_cast<uint32_t>(Mul24<T, kHigh>::apply(a, b));
    return static_cast<T>(product + static_cast<uint32_t>(c));
  }
};
struct Mad24Sat {
  static int32_t apply(int32_t a, int32_t b, int32_t c) {
    int64_t sum = int64_t(Mul24<int32_t, true>::apply(a, b)) + c;
    return static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX));
  }
};

template <template <typename, bool> class F, unsigned kSources>
Handler of24(const Match &match) {
  bool high = match.has("hi");
  if constexpr (kSources == 2) {
    if (match.type() == Type::S32)
      return high ? map<F<int32_t, true>, int32_t, int32_t, int32_t>
                  : map<F<int32_t, false>, int32_t, int32_t, int32_t>;
    return high ? map<F<uint32_t, true>, uint32_t, uint32_t, uint32_t>
                : map<F<uint32_t, false>, uint32_t, uint32_t, uint32_t>;
  } else {
    if (match.has("sat"))
      return map<Mad24Sat, int32_t, int32_t, int32_t, int32_t>;
    if (match.type() == Type::S32)
      return high ? map<F<int32_t, true>, int32_t, int32_t, int32_t, int32_t>
                  : map<F<int32_t, false>, int32_t, int32_t, int32_t, int32_t>;
    return high ? map<F<uint32_t, true>, uint32_t, uint32_t, uint32_t, uint32_t>
                : map<F<uint32_t, false>, uint32_t, uint32_t, uint32_t,
                      uint32_t>;
  }
}

/// Element `i` of a vector of kBits in a word.
template <unsigned kBits, bool kSigned>
int32_t elementOf(uint32_t word, unsigned i) {
  uint32_t shifted = word << (32 - kBits * (i + 1));
  return kSigned ? int32_t(shifted) >> (32 - kBits)
                 : int32_t(shifted >> (32 - kBits));
}

template <bool kSignedA, bool kSignedB>
struct Dot4 {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0; i < 4; ++i)
      c += static_cast<uint32_t>(elementOf<8, kSignedA>(a, i) *
                                 elementOf<8, kSignedB>(b, i));
    return c;
  }
};
template <bool kSignedA, bool kSignedB, unsigned kFirst>
struct Dot2 {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0; i < 2; ++i)
      c += static_cast<uint32_t>(elementOf<16, kSignedA>(a, i) *
                                 elementOf<8, kSignedB>(b, kFirst + i));
    return c;
  }
};

template <bool kA, bool kB>
Handler dotOf(const Match &match) {
  using U = uint32_t;
  if (match.sem() == Sem::Dp4a)
    return map<Dot4<kA, kB>, U, U, U, U>;
  return match.has("hi") ? map<Dot2<kA, kB, 2>, U, U, U, U>
                         : map<Dot2<kA, kB, 0>, U, U, U, U>;
}

Handler dot(const Match &match) {
  bool a = match.type(0) == Type::S32, b = match.type(1) == Type::S32;
  if (a)
    return b ? dotOf<true, true>(match) : dotOf<true, false>(match);
  return b ? dotOf<false, true>(match) : dotOf<false, false>(match);
}

/// Ones from `first` on, `count` of them.
template <bool kClamp>
struct Mask {
  static uint32_t apply(uint32_t first, uint32_t count) {
    if (kClamp && first >= 32)
      return 0;
    uint32_t begin = first & 31, length = count & 31;
    uint32_t from = ~0u << begin;
    bool toTheEnd = begin + length >= 32 || (kClamp && count >= 32);
    return toTheEnd ? from : from & ~(~0u << (begin + length));
  }
};

template <bool kClamp, bool kSigned>
struct Extend {
  static uint32_t apply(uint32_t a, uint32_t width) {
    if (kClamp && width >= 32)
      return a;
    uint32_t bits = width & 31, above = ~0u << bits;
    bool isNegative = kSigned && bits && (a >> (bits - 1) & 1);
    return (a & ~above) | (isNegative ? above : 0);
  }
};

struct FindSet {
  static uint32_t apply(uint32_t mask, uint32_t base, int32_t offset) {
    if (!offset)
      return base < 32 && mask >> base & 1 ? base : ~0u;
    int64_t left = std::abs(int64_t(offset)) - 1;
    for (int64_t at = static_cast<int32_t>(base); at >= 0 && at < 32;
         at += offset > 0 ? 1 : -1)
      if (mask >> at & 1 && left-- == 0)
        return static_cast<uint32_t>(at);
    return ~0u;
  }
};

template <typename T, typename C, bool kFlush>
struct SelectBySign {
  static T apply(T a, T b, C c) {
    if constexpr (kFlush)
      c = flush(c);
    return c >= 0 ? a : b;
  }
};

template <typename T>
Handler selectBySign(const Match &match) {
  if (match.types.back() == Type::S32)
    return map<SelectBySign<T, int32_t, false>, T, T, T, int32_t>;
  return match.has("ftz") ? map<SelectBySign<T, float, true>, T, T, T, float>
                          : map<SelectBySign<T, float, false>, T, T, T, float>;
}

Handler choose(const Match &match) {
  using U = uint32_t;
  bool clamps = match.has("clamp");
  switch (match.sem()) {
  case Sem::Mul24:
    return of24<Mul24, 2>(match);
  case Sem::Mad24:
    return of24<Mad24, 3>(match);
  case Sem::Dp4a:
  case Sem::Dp2a:
    return dot(match);
  case Sem::Bmsk:
    return clamps ? map<Mask<true>, U, U, U> : map<Mask<false>, U, U, U>;
  case Sem::Szext:
    if (match.type() == Type::S32)
      return clamps ? map<Extend<true, true>, U, U, U>
                    : map<Extend<false, true>, U, U, U>;
    return clamps ? map<Extend<true, false>, U, U, U>
                  : map<Extend<false, false>, U, U, U>;
  case Sem::Fns:
    return map<FindSet, U, U, U, int32_t>;
  case Sem::Slct:
    switch (ptx::bytesOf(match.type())) {
    case 2:
      return selectBySign<uint16_t>(match);
    case 4:
      return selectBySign<uint32_t>(match);
    default:
      return selectBySign<uint64_t>(match);
    }
  default:
    return nullptr;
  }
}

} // namespace

bool bindFields(const Match &match, Op &op) {
  return setHandler(op, choose(match));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
