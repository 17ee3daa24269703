//===- Approx.cpp - Approximations of elementary functions ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware's tables are not public. ex2 is a polynomial within one ulp, the
// others are correctly rounded or nearly so; all are inside the ISA's bounds.
//
//===----------------------------------------------------------------------===//

#include "Ops/Numbers.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// 2^x: 2^n · p(f), f in [-1/2, 1/2], scaled in two steps so that results may
/// be subnormal.
inline float exp2Lane(float x) {
  float bounded = x < -160.0f ? -160.0f : x > 130.0f ? 130.0f : x;
  bounded = x == x ? bounded : 0.0f;
  float magic = bounded + 12582912.0f; // rounds to an integer
  float n = magic - 12582912.0f;
  float f = bounded - n;
  float p = 1.535336188319500e-4f;
  p = __builtin_fmaf(p, f, 1.339887440266574e-3f);
  p = __builtin_fmaf(p, f, 9.618437357674640e-3f);
  p = __builtin_fmaf(p, f, 5.550332471162809e-2f);
  p = __builtin_fmaf(p, f, 2.402264791363012e-1f);
  p = __builtin_fmaf(p, f, 6.931472028550421e-1f);
  p = __builtin_fmaf(p, f, 1.0f);
  int32_t whole = bitCast<int32_t>(magic) - 0x4b400000;
  int32_t first = whole >> 1, second = whole - first;
  float result = p * bitCast<float>((first + 127) << 23) *
                 bitCast<float>((second + 127) << 23);
  return x == x ? result : bitCast<float>(0x7fffffffu);
}

float exp2Approx(float x) { return exp2Lane(x); }

namespace {

template <bool kFtz>
struct Ex2 {
  static float apply(float x) {
    float r = exp2Lane(kFtz ? flush(x) : x);
    return kFtz ? flush(r) : r;
  }
};
struct Lg2 {
  static float apply(float x) { return float(std::log2(double(x))); }
};
struct Sin {
  static float apply(float x) { return float(std::sin(double(x))); }
};
struct Cos {
  static float apply(float x) { return float(std::cos(double(x))); }
};
struct Tanh {
  static float apply(float x) { return float(std::tanh(double(x))); }
};
struct Rsqrt {
  static float apply(float x) { return float(1.0 / __builtin_sqrt(double(x))); }
};
struct RsqrtDouble {
  static double apply(double x) { return canonical(1.0 / __builtin_sqrt(x)); }
};

constexpr uint64_t kUpperHalf = 0xffffffff00000000u;
constexpr uint64_t kExponent = 0x7ff0000000000000u;

/// Subnormal numbers become zero, and the lower half of all does.
double upperHalf(double x) {
  uint64_t bits = bitCast<uint64_t>(x);
  bool isSmall = !(bits & kExponent);
  return bitCast<double>(bits & (isSmall ? uint64_t(1) << 63 : kUpperHalf));
}

/// The .approx.ftz.f64 ones, from upper half to upper half.
template <typename F>
struct UpperHalf {
  static double apply(double x) {
    return upperHalf(canonical(F::apply(upperHalf(x))));
  }
};
struct RcpDouble {
  static double apply(double x) { return 1.0 / x; }
};
struct Rcp {
  static float apply(float x) { return 1.0f / x; }
};
struct Sqrt {
  static float apply(float x) { return __builtin_sqrtf(x); }
};
struct Div {
  static float apply(float a, float b) {
    // The divisor's reciprocal underflows there.
    float size = std::fabs(b);
    bool huge = size > 8.507059173023462e37f && size < INFINITY;
    float reciprocal = 1.0f / b;
    return huge ? a * (reciprocal * 0.0f) : a / b;
  }
};
struct DivFull {
  static float apply(float a, float b) { return a / b; }
};
template <typename F, bool kFtz>
struct With {
  template <typename... S>
  static float apply(S... s) {
    float r = canonical(F::apply((kFtz ? flush(s) : s)...));
    return kFtz ? flush(r) : r;
  }
};

template <typename F, typename... S>
Handler wrap(const Match &match) {
  return match.has("ftz") ? map<With<F, true>, float, S...>
                          : map<With<F, false>, float, S...>;
}

Handler choose(const Match &match) {
  bool isDouble = match.type() == Type::F64;
  switch (match.sem()) {
  case Sem::Ex2:
    return match.has("ftz") ? map<Ex2<true>, float, float>
                            : map<Ex2<false>, float, float>;
  case Sem::Lg2:
    return wrap<Lg2, float>(match);
  case Sem::Sin:
    return wrap<Sin, float>(match);
  case Sem::Cos:
    return wrap<Cos, float>(match);
  case Sem::Tanh:
    return wrap<Tanh, float>(match);
  case Sem::Rsqrt:
    if (!isDouble)
      return wrap<Rsqrt, float>(match);
    return match.has("ftz") ? map<UpperHalf<RsqrtDouble>, double, double>
                            : map<RsqrtDouble, double, double>;
  case Sem::Rcp:
    return isDouble ? map<UpperHalf<RcpDouble>, double, double>
                    : wrap<Rcp, float>(match);
  case Sem::Sqrt:
    return wrap<Sqrt, float>(match);
  case Sem::Div:
    return match.has("full") ? wrap<DivFull, float, float>(match)
                             : wrap<Div, float, float>(match);
  default:
    return nullptr;
  }
}

} // namespace

bool bindApprox(const Match &match, Op &op) {
  return setHandler(op, choose(match));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
