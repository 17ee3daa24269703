//===- Carry.cpp - Arithmetic with a carry --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// Twice as wide, so that the carry is a bit of it.
template <typename T>
struct Wide;
template <>
struct Wide<uint32_t> {
  using Type = uint64_t;
  using Signed = int64_t;
};
template <>
struct Wide<uint64_t> {
  using Type = unsigned __int128;
  using Signed = __int128;
};

template <typename T>
struct Sum {
  static T apply(T a, T b, T, T in, bool &out) {
    typename Wide<T>::Type sum = a;
    sum += b;
    sum += in;
    out = sum >> (8 * sizeof(T)) != 0;
    return static_cast<T>(sum);
  }
};

/// What is borrowed goes out.
template <typename T>
struct Difference {
  static T apply(T a, T b, T, T in, bool &out) {
    typename Wide<T>::Type by = b;
    by += in;
    out = a < by;
    return static_cast<T>(a - by);
  }
};

template <typename T, bool kHigh, bool kSigned>
struct ProductAndSum {
  static T apply(T a, T b, T c, T in, bool &out) {
    using W = typename Wide<T>::Type;
    using S = typename Wide<T>::Signed;
    using Narrow = std::make_signed_t<T>;
    W product = kSigned
                    ? static_cast<W>(static_cast<S>(static_cast<Narrow>(a)) *
                                     static_cast<Narrow>(b))
                    : static_cast<W>(a) * b;
    T half = static_cast<T>(kHigh ? product >> (8 * sizeof(T)) : product);
    return Sum<T>::apply(half, c, 0, in, out);
  }
};

template <typename T, typename F>
Step carry(Warp &warp, const Op &op, uint32_t mask) {
  Predicate in = warp.preds[op.src[3]];
  const T *a = reinterpret_cast<const T *>(warp.row(op.src[0]));
  const T *b = reinterpret_cast<const T *>(warp.row(op.src[1]));
  const T *c = reinterpret_cast<const T *>(warp.row(op.src[2]));
  T *d = reinterpret_cast<T *>(warp.row(op.dst[0]));
  uint32_t carried = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned i = __builtin_ctz(rest);
    bool out = false;
    d[i] = F::apply(a[i], b[i], c[i], in.value >> i & 1, out);
    carried |= uint32_t(out) << i;
  }
  uint32_t poison = poisonOf(warp, op, op.count) | in.poison;
  Predicate &to = warp.preds[op.dst[1]];
  to.value = (to.value & ~mask) | carried;
  to.poison = (to.poison & ~mask) | (poison & mask);
  warp.setPoison(op.dst[0], mask, poison);
  return Step::Next;
}

template <typename T>
Handler choose(const Match &match, bool isSigned) {
  switch (match.sem()) {
  case Sem::AddCc:
  case Sem::Addc:
    return carry<T, Sum<T>>;
  case Sem::SubCc:
  case Sem::Subc:
    return carry<T, Difference<T>>;
  default:
    break;
  }
  if (!match.has("hi"))
    return carry<T, ProductAndSum<T, false, false>>;
  return isSigned ? carry<T, ProductAndSum<T, true, true>>
                  : carry<T, ProductAndSum<T, true, false>>;
}

} // namespace

bool bindCarry(const Match &match, Op &op) {
  bool isSigned = ptx::isSigned(match.type());
  return setHandler(op, ptx::bytesOf(match.type()) == 8
                            ? choose<uint64_t>(match, isSigned)
                            : choose<uint32_t>(match, isSigned));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
