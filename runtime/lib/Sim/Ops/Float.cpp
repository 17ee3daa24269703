//===- Float.cpp - Arithmetic in f32 and f64 ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Numbers.h"

#include <cfenv>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

struct Add {
  template <typename T>
  static T apply(T a, T b) {
    return a + b;
  }
};
struct Sub {
  template <typename T>
  static T apply(T a, T b) {
    return a - b;
  }
};
struct Mul {
  template <typename T>
  static T apply(T a, T b) {
    return a * b;
  }
};
struct Fma {
  static float apply(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
  }
  static double apply(double a, double b, double c) {
    return __builtin_fma(a, b, c);
  }
};
struct Div {
  template <typename T>
  static T apply(T a, T b) {
    return a / b;
  }
};
struct Rcp {
  template <typename T>
  static T apply(T a) {
    return T(1) / a;
  }
};
struct Sqrt {
  static float apply(float a) { return __builtin_sqrtf(a); }
  static double apply(double a) { return __builtin_sqrt(a); }
};
/// The operand that is a number; -0 is less than +0.
struct Min {
  template <typename T>
  static T apply(T a, T b) {
    T less = a < b || (a == b && std::signbit(a)) ? a : b;
    return a != a ? b : b != b ? a : less;
  }
};
struct Max {
  template <typename T>
  static T apply(T a, T b) {
    T more = a > b || (a == b && !std::signbit(a)) ? a : b;
    return a != a ? b : b != b ? a : more;
  }
};
struct MinNaN {
  template <typename T>
  static T apply(T a, T b) {
    return a != a ? a : b != b ? b : Min::apply(a, b);
  }
};
struct MaxNaN {
  template <typename T>
  static T apply(T a, T b) {
    return a != a ? a : b != b ? b : Max::apply(a, b);
  }
};
struct Neg {
  template <typename T>
  static T apply(T a) {
    return -a;
  }
};
struct Abs {
  template <typename T>
  static T apply(T a) {
    return std::fabs(a);
  }
};
struct Copysign {
  template <typename T>
  static T apply(T a, T b) {
    return std::copysign(b, a);
  }
};

/// F with what the modifiers add.
template <typename F, bool kFtz, bool kSat>
struct With {
  template <typename... S>
  static float apply(S... s) {
    float r = F::apply((kFtz ? flush(s) : s)...);
    r = canonical(r);
    r = kFtz ? flush(r) : r;
    return kSat ? saturate(r) : r;
  }
};
template <typename F>
struct WithDouble {
  template <typename... S>
  static double apply(S... s) {
    return canonical(F::apply(s...));
  }
};
/// Sign operations keep the payload of a NaN.
template <typename F, bool kFtz>
struct Raw {
  template <typename... S>
  static float apply(S... s) {
    return F::apply((kFtz ? flush(s) : s)...);
  }
};

template <typename F, typename... S>
Handler single(const Match &match) {
  bool ftz = match.has("ftz"), sat = match.has("sat");
  if (ftz)
    return sat ? map<With<F, true, true>, float, S...>
               : map<With<F, true, false>, float, S...>;
  return sat ? map<With<F, false, true>, float, S...>
             : map<With<F, false, false>, float, S...>;
}

/// Directed rounding: the host's mode changes around the plain handler. The
/// handler is called through a pointer, so nothing moves across.
template <typename F, typename T, typename... S>
Step directed(Warp &warp, const Op &op, uint32_t mask) {
  static constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD,
                                   FE_UPWARD};
  Handler volatile inner = map<F, T, S...>;
  std::fesetround(kModes[op.aux & 3]);
  Step step = inner(warp, op, mask);
  std::fesetround(FE_TONEAREST);
  return step;
}

template <typename F, typename... S>
Handler singleDirected(const Match &match) {
  bool ftz = match.has("ftz"), sat = match.has("sat");
  if (ftz)
    return sat ? directed<With<F, true, true>, float, S...>
               : directed<With<F, true, false>, float, S...>;
  return sat ? directed<With<F, false, true>, float, S...>
             : directed<With<F, false, false>, float, S...>;
}

uint32_t modeOf(const Match &match) {
  return match.has("rz") ? 1 : match.has("rm") ? 2 : match.has("rp") ? 3 : 0;
}

template <typename F, typename... S>
Handler rounded(const Match &match, Op &op) {
  op.aux = modeOf(match);
  return op.aux ? singleDirected<F, S...>(match) : single<F, S...>(match);
}

template <typename F, typename... S>
Handler roundedDouble(const Match &match, Op &op) {
  op.aux = modeOf(match);
  return op.aux ? directed<WithDouble<F>, double, S...>
                : map<WithDouble<F>, double, S...>;
}

template <typename F>
Handler sign(const Match &match) {
  return match.has("ftz") ? map<Raw<F, true>, float, float>
                          : map<Raw<F, false>, float, float>;
}

Handler chooseSingle(const Match &match, Op &op) {
  bool nan = match.has("NaN");
  switch (match.sem()) {
  case Sem::Add:
    return rounded<Add, float, float>(match, op);
  case Sem::Sub:
    return rounded<Sub, float, float>(match, op);
  case Sem::Mul:
    return rounded<Mul, float, float>(match, op);
  case Sem::Fma:
  case Sem::Mad:
    return rounded<Fma, float, float, float>(match, op);
  case Sem::Div:
    return rounded<Div, float, float>(match, op);
  case Sem::Rcp:
    return rounded<Rcp, float>(match, op);
  case Sem::Sqrt:
    return rounded<Sqrt, float>(match, op);
  case Sem::Min:
    return nan ? single<MinNaN, float, float>(match)
               : single<Min, float, float>(match);
  case Sem::Max:
    return nan ? single<MaxNaN, float, float>(match)
               : single<Max, float, float>(match);
  case Sem::Neg:
    return sign<Neg>(match);
  case Sem::Abs:
    return sign<Abs>(match);
  case Sem::Copysign:
    return map<Copysign, float, float, float>;
  default:
    return nullptr;
  }
}

Handler chooseDouble(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Add:
    return roundedDouble<Add, double, double>(match, op);
  case Sem::Sub:
    return roundedDouble<Sub, double, double>(match, op);
  case Sem::Mul:
    return roundedDouble<Mul, double, double>(match, op);
  case Sem::Fma:
  case Sem::Mad:
    return roundedDouble<Fma, double, double, double>(match, op);
  case Sem::Div:
    return roundedDouble<Div, double, double>(match, op);
  case Sem::Rcp:
    return roundedDouble<Rcp, double>(match, op);
  case Sem::Sqrt:
    return roundedDouble<Sqrt, double>(match, op);
  case Sem::Min:
    return map<WithDouble<Min>, double, double, double>;
  case Sem::Max:
    return map<WithDouble<Max>, double, double, double>;
  case Sem::Neg:
    return map<Neg, double, double>;
  case Sem::Abs:
    return map<Abs, double, double>;
  case Sem::Copysign:
    return map<Copysign, double, double, double>;
  default:
    return nullptr;
  }
}

} // namespace

bool bindFloat(const Match &match, Op &op) {
  return setHandler(op, match.type() == Type::F64 ? chooseDouble(match, op)
                                                  : chooseSingle(match, op));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
