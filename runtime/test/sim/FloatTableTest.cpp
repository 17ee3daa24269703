//===- FloatTableTest.cpp - Rounded arithmetic by its definition ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The host adds and multiplies in f64 with the error of the sum kept, so what
// is rounded is exact; Formats.h rounds it.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

struct Mode {
  const char *name;
  Rounding rounding;
};
const Mode kModes[] = {{"rn", Rounding::NearestEven},
                       {"rz", Rounding::Zero},
                       {"rp", Rounding::Up},
                       {"rm", Rounding::Down}};

/// Zeros, ends of the range, infinities, NaN, and drawn values near each other.
std::vector<uint64_t> singles() {
  std::vector<uint64_t> out = {
      0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000,
      0x80800000, 0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001, 0x40490fdb,
      0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x33800000,
      0x3eaaaaab, 0x34000000, 0x00ffffff, 0x5f000000, 0x20000000, 0x9f7fffff};
  std::mt19937 draw(11);
  for (int n = 0; n < 40; ++n)
    out.push_back((draw() & 0x80ffffff) | (0x30000000 + (draw() % 32 << 23)));
  return out;
}

uint32_t flush(uint32_t bits) {
  return bits & 0x7f800000 ? bits : bits & 0x80000000;
}

/// The code of an exact result. `zero` is the sign that an exact zero has.
uint64_t round32(Exact x, bool zeroIsNegative, Rounding mode, bool ftz,
                 bool sat) {
  uint32_t bits;
  if (std::isnan(x.hi))
    bits = sat ? 0 : 0x7fffffff;
  else if (std::isinf(x.hi))
    bits = kSingle.round(x.hi, mode);
  else if (x.isZero())
    bits = zeroIsNegative ? 0x80000000 : 0;
  else
    bits = kSingle.round(x.isNegative(), x.size(), mode);
  if (ftz)
    bits = flush(bits);
  if (!sat || std::isnan(x.hi))
    return bits;
  double value = kSingle.value(bits);
  return value > 1 ? 0x3f800000 : value > 0 ? bits : 0;
}

Exact exactSum(double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b))
    return {a + b, 0};
  return Exact::sum(a, b);
}

/// Both of one sign, or by the mode where they cancel.
bool signOfZeroSum(double a, double b, Rounding mode) {
  if (std::signbit(a) == std::signbit(b))
    return std::signbit(a);
  return mode == Rounding::Down;
}

/// op.mode{.ftz}{.sat}.f32 in all combinations.
template <typename Expected>
void eachForm(const std::string &name, const std::string &operands,
              const std::vector<Case> &cases, Expected expected) {
  for (const Mode &mode : kModes)
    for (bool ftz : {false, true})
      for (bool sat : {false, true})
        checkTable(name + "." + mode.name + (ftz ? ".ftz" : "") +
                       (sat ? ".sat" : "") + ".f32 %d, " + operands + ";",
                   "32 32 32 32", cases, [&](const Case &x) {
                     auto value = [&](uint64_t bits) {
                       return kSingle.value(ftz ? flush(bits) : bits);
                     };
                     return expected(value(x.a), value(x.b), value(x.c), mode,
                                     ftz, sat);
                   });
}

/// The same for codes of a comparison with what is sought.
uint64_t round32(bool isNegative, const Magnitude &size, Rounding mode,
                 bool ftz) {
  uint32_t bits = kSingle.round(isNegative, size, mode);
  return ftz ? flush(bits) : bits;
}

int compare(double a, double b) { return (a > b) - (a < b); }

} // namespace

TEST(FloatTable, AddSub) {
  std::vector<Case> cases = pairsOf(singles());
  for (int sign : {1, -1})
    eachForm(
        sign > 0 ? "add" : "sub", "%a, %b", cases,
        [=](double a, double b, double, const Mode &m, bool ftz, bool sat) {
          return round32(exactSum(a, sign * b),
                         signOfZeroSum(a, sign * b, m.rounding), m.rounding,
                         ftz, sat);
        });
}

TEST(FloatTable, Multiply) {
  eachForm("mul", "%a, %b", pairsOf(singles()),
           [](double a, double b, double, const Mode &m, bool ftz, bool sat) {
             return round32({a * b, 0}, std::signbit(a) != std::signbit(b),
                            m.rounding, ftz, sat);
           });
}

TEST(FloatTable, FusedMultiplyAdd) {
  std::vector<Case> cases = pairsOf(singles());
  // Products that nearly cancel.
  std::mt19937 draw(5);
  for (int n = 0; n < 2000; ++n) {
    float a = 1 + (draw() % 65536) * 0x1p-23f,
          b = 1 + (draw() % 999) * 0x1p-23f;
    float c = -std::nextafter(a * b, draw() % 2 ? 0.0f : 4.0f);
    cases.push_back({bitsOf(a), bitsOf(b), bitsOf(c)});
  }
  for (const char *name : {"fma", "mad"})
    eachForm(
        name, "%a, %b, %c", cases,
        [](double a, double b, double c, const Mode &m, bool ftz, bool sat) {
          double product = a * b;
          return round32(exactSum(product, c),
                         signOfZeroSum(product, c, m.rounding), m.rounding, ftz,
                         sat);
        });
}

TEST(FloatTable, DivideSquareRootReciprocal) {
  std::vector<Case> cases = pairsOf(singles());
  for (const Mode &mode : kModes)
    for (bool ftz : {false, true}) {
      std::string suffix =
          std::string(".") + mode.name + (ftz ? ".ftz" : "") + ".f32 %d, ";
      auto value = [=](uint64_t bits) {
        return kSingle.value(ftz ? flush(bits) : bits);
      };
      auto quotient = [=](double a, double b) -> uint64_t {
        bool isNegative = std::signbit(a) != std::signbit(b);
        double simple = a / b;
        if (std::isnan(simple))
          return 0x7fffffff;
        if (simple == 0 || std::isinf(a) || b == 0 || std::isinf(b))
          return kSingle.round(simple, mode.rounding);
        return round32(
            isNegative,
            [=](double v) { return compare(std::abs(a), v * std::abs(b)); },
            mode.rounding, ftz);
      };
      checkTable(
          "div" + suffix + "%a, %b;", "32 32 32", cases,
          [=](const Case &x) { return quotient(value(x.a), value(x.b)); });
      checkTable("rcp" + suffix + "%a;", "32 32", cases,
                 [=](const Case &x) { return quotient(1, value(x.a)); });
      checkTable("sqrt" + suffix + "%a;", "32 32", cases,
                 [=](const Case &x) -> uint64_t {
                   double a = value(x.a);
                   if (std::isnan(a) || a < 0)
                     return 0x7fffffff;
                   if (a == 0 || std::isinf(a))
                     return bitsOf(float(a));
                   return round32(
                       false, [=](double v) { return compare(a, v * v); },
                       mode.rounding, ftz);
                 });
    }
}

TEST(FloatTable, AbsNeg) {
  // Of a NaN the ISA leaves the payload open.
  std::vector<Case> cases;
  for (uint64_t x : singles())
    if (!kSingle.isNaN(x))
      cases.push_back({x, 0, 0});
  for (bool ftz : {false, true}) {
    auto in = [=](const Case &x) { return ftz ? flush(x.a) : uint32_t(x.a); };
    std::string suffix = ftz ? ".ftz.f32 %d, %a;" : ".f32 %d, %a;";
    checkTable("abs" + suffix, "32 32", cases,
               [=](const Case &x) { return in(x) & 0x7fffffff; });
    checkTable("neg" + suffix, "32 32", cases,
               [=](const Case &x) { return in(x) ^ 0x80000000; });
  }
}

namespace {

/// Doubles of which sums, products and errors stay in range.
std::vector<uint64_t> doubles() {
  std::vector<uint64_t> out;
  for (double x : {0.0, -0.0, 1.0, -1.0, 3.0, 0x1.fffffffffffffp0, 1e100,
                   -1e-100, 0x1p-53, 0x1.0000000000001p0})
    out.push_back(bitsOfDouble(x));
  std::mt19937_64 draw(3);
  std::normal_distribution<double> normal;
  for (int n = 0; n < 30; ++n)
    out.push_back(
        bitsOfDouble(std::ldexp(normal(draw), int(draw() % 60) - 30)));
  return out;
}

} // namespace

TEST(FloatTable, Doubles) {
  std::vector<Case> cases = pairsOf(doubles());
  for (const Mode &mode : kModes) {
    std::string suffix = std::string(".") + mode.name + ".f64 %d, %a, %b;";
    auto rounded = [&](double a, double b) {
      Exact sum = Exact::sum(a, b);
      if (sum.isZero())
        return uint64_t(signOfZeroSum(a, b, mode.rounding)) << 63;
      return bitsOfDouble(directed(sum.hi, sum.lo, mode.rounding));
    };
    checkTable("add" + suffix, "64 64 64", cases, [&](const Case &x) {
      return rounded(doubleOf(x.a), doubleOf(x.b));
    });
    checkTable("sub" + suffix, "64 64 64", cases, [&](const Case &x) {
      return rounded(doubleOf(x.a), -doubleOf(x.b));
    });
    auto quotient = [&](double a, double b) {
      double nearest = a / b;
      if (std::isnan(nearest))
        return canonicalNaN(64);
      if (a == 0 || b == 0)
        return bitsOfDouble(nearest);
      double rest = std::fma(-nearest, b, a);
      return bitsOfDouble(
          directed(nearest, b < 0 ? -rest : rest, mode.rounding));
    };
    checkTable("mul" + suffix, "64 64 64", cases, [&](const Case &x) {
      double a = doubleOf(x.a), b = doubleOf(x.b), product = a * b;
      return bitsOfDouble(
          directed(product, std::fma(a, b, -product), mode.rounding));
    });
    checkTable("div" + suffix, "64 64 64", cases, [&](const Case &x) {
      return quotient(doubleOf(x.a), doubleOf(x.b));
    });
    checkTable(std::string("rcp.") + mode.name + ".f64 %d, %a;", "64 64", cases,
               [&](const Case &x) { return quotient(1, doubleOf(x.a)); });
    checkTable(std::string("sqrt.") + mode.name + ".f64 %d, %a;", "64 64",
               cases, [&](const Case &x) {
                 double a = doubleOf(x.a), root = std::sqrt(a);
                 if (a < 0)
                   return canonicalNaN(64);
                 return bitsOfDouble(
                     directed(root, std::fma(-root, root, a), mode.rounding));
               });
  }
  const uint64_t sign = uint64_t(1) << 63;
  checkTable("neg.f64 %d, %a;", "64 64", cases,
             [=](const Case &x) { return x.a ^ sign; });
  checkTable("abs.f64 %d, %a;", "64 64", cases,
             [=](const Case &x) { return x.a & ~sign; });
}

TEST(FloatTable, FusedMultiplyAddOfDoubles) {
  std::vector<Case> cases = pairsOf(doubles());
  // Products that nearly cancel.
  std::mt19937_64 draw(12);
  for (int n = 0; n < 2000; ++n) {
    double a = 1 + (draw() % 65536) * 0x1p-52, b = 1 + (draw() % 999) * 0x1p-52;
    cases.push_back({bitsOfDouble(a), bitsOfDouble(b), bitsOfDouble(-a * b)});
  }
  for (const char *name : {"fma", "mad"})
    for (const Mode &mode : kModes)
      checkTable(std::string(name) + "." + mode.name + ".f64 %d, %a, %b, %c;",
                 "64 64 64 64", cases, [&](const Case &x) {
                   double a = doubleOf(x.a), b = doubleOf(x.b),
                          c = doubleOf(x.c);
                   double product = a * b, error = std::fma(a, b, -product);
                   double nearest = std::fma(a, b, c);
                   if (nearest == 0)
                     return uint64_t(signOfZeroSum(product, c, mode.rounding))
                            << 63;
                   Exact sum = Exact::sum(product, c);
                   // Near to each other, so their difference is exact.
                   long double missing = sum.hi - nearest;
                   missing = missing + sum.lo + error;
                   return bitsOfDouble(
                       directed(nearest, double(missing), mode.rounding));
                 });
}
