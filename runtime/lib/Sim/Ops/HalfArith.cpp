//===- HalfArith.cpp - Arithmetic in f16, bf16 and their pairs ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every operation is computed in f32 (fma in f64) and rounded once more; both
// formats are narrow enough for that to be exact.
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"
#include "Ops/Numbers.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

constexpr uint32_t kFtz = 1, kSat = 2, kRelu = 4, kNaN = 8, kPair = 16;

/// One element; `aux` holds the modifiers.
template <typename H>
uint16_t finish(float r, uint32_t aux) {
  if (aux & kSat)
    r = saturate(r);
  if (aux & kRelu)
    r = r != r ? r : r > 0 ? r : 0.0f;
  uint16_t bits = H::narrow(r);
  return aux & kFtz ? H::narrow(flushHalf<H>(H::widen(bits))) : bits;
}

struct Add {
  static float apply(float a, float b, float, uint32_t) { return a + b; }
};
struct Sub {
  static float apply(float a, float b, float, uint32_t) { return a - b; }
};
struct Mul {
  static float apply(float a, float b, float, uint32_t) { return a * b; }
};
struct Fma {
  static float apply(float a, float b, float c, uint32_t) {
    // The product is exact; round the sum to odd, so that the second rounding
    // is the only one.
    double product = double(a) * b, sum = product + c;
    double low = (product - (sum - (sum - product))) + (c - (sum - product));
    uint64_t bits = bitCast<uint64_t>(sum);
    if (low != 0 && std::isfinite(sum) && !(bits & 1))
      bits += (low > 0) == (sum > 0) ? 1 : -1;
    float narrow = static_cast<float>(bitCast<double>(bits));
    if (double(narrow) != bitCast<double>(bits) && std::isfinite(narrow)) {
      uint32_t word = bitCast<uint32_t>(narrow);
      bool away = std::fabs(double(narrow)) > std::fabs(bitCast<double>(bits));
      word -= away ? 1 : 0;
      narrow = bitCast<float>(word | 1);
    }
    return narrow;
  }
};
struct Min {
  static float apply(float a, float b, float, uint32_t aux) {
    if (a != a || b != b)
      return aux & kNaN ? NAN : a != a ? b : a;
    return a < b || (a == b && std::signbit(a)) ? a : b;
  }
};
struct Max {
  static float apply(float a, float b, float, uint32_t aux) {
    if (a != a || b != b)
      return aux & kNaN ? NAN : a != a ? b : a;
    return a > b || (a == b && !std::signbit(a)) ? a : b;
  }
};
struct Neg {
  static float apply(float a, float, float, uint32_t) { return -a; }
};
struct Abs {
  static float apply(float a, float, float, uint32_t) { return std::fabs(a); }
};
struct Ex2 {
  static float apply(float a, float, float, uint32_t) {
    return static_cast<float>(std::exp2(double(a)));
  }
};
struct Tanh {
  static float apply(float a, float, float, uint32_t) { return std::tanh(a); }
};

template <typename H, typename F>
uint32_t element(uint32_t a, uint32_t b, uint32_t c, uint32_t aux) {
  float x = H::widen(uint16_t(a)), y = H::widen(uint16_t(b)),
        z = H::widen(uint16_t(c));
  if (aux & kFtz) {
    x = flushHalf<H>(x);
    y = flushHalf<H>(y);
    z = flushHalf<H>(z);
  }
  return finish<H>(F::apply(x, y, z, aux), aux);
}

/// Lanes in which one of the sources has undefined bits among these.
uint32_t undefinedSources(const Warp &warp, const Op &op, int sources,
                          uint32_t mask, uint32_t bits) {
  uint32_t out = 0;
  for (int s = 0; s < sources; ++s)
    out |= undefinedAmong(warp, op.src[s], mask, bits);
  return out;
}

/// The halves of a pair have nothing to do with each other.
template <typename H, typename F, int kSources>
Step halves(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]),
                 *c = warp.row(op.src[2]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t low = undefinedSources(warp, op, kSources, mask, 0xffff);
  uint32_t high = undefinedSources(warp, op, kSources, mask, 0xffff0000);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t x = a[i], y = kSources > 1 ? b[i] : 0, z = kSources > 2 ? c[i] : 0;
    uint32_t lower = element<H, F>(x, y, z, op.aux);
    uint32_t upper =
        op.aux & kPair ? element<H, F>(x >> 16, y >> 16, z >> 16, op.aux) : 0;
    d[i] = upper << 16 | lower;
  }
  setUndefinedParts(warp, op.dst[0], mask, op.aux & kPair ? high : 0, low, 16);
  return Step::Next;
}

template <typename H>
Handler choose(Sem sem) {
  switch (sem) {
  case Sem::Add:
    return halves<H, Add, 2>;
  case Sem::Sub:
    return halves<H, Sub, 2>;
  case Sem::Mul:
    return halves<H, Mul, 2>;
  case Sem::Fma:
    return halves<H, Fma, 3>;
  case Sem::Min:
    return halves<H, Min, 2>;
  case Sem::Max:
    return halves<H, Max, 2>;
  case Sem::Neg:
    return halves<H, Neg, 1>;
  case Sem::Abs:
    return halves<H, Abs, 1>;
  case Sem::Ex2:
    return halves<H, Ex2, 1>;
  case Sem::Tanh:
    return halves<H, Tanh, 1>;
  default:
    return nullptr;
  }
}

} // namespace

bool bindHalf(const Match &match, Op &op) {
  Type type = match.type();
  bool brain = type == Type::BF16 || type == Type::BF16x2;
  bool pair = type == Type::F16x2 || type == Type::BF16x2;
  op.aux = (match.has("ftz") ? kFtz : 0) | (match.has("sat") ? kSat : 0) |
           (match.has("relu") ? kRelu : 0) | (match.has("NaN") ? kNaN : 0) |
           (pair ? kPair : 0);
  return setHandler(op, brain ? choose<Bhalf>(match.sem())
                              : choose<Half>(match.sem()));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
