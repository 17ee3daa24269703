//===- ApproxTableTest.cpp - Approximations within the ISA's bounds -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ISA bounds the error and lists the results of special inputs. The host's
// f64 functions are exact beside such bounds.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

/// Every exponent and sign, edges and drawn fractions.
std::vector<Case> everyScale() {
  std::vector<Case> out;
  std::mt19937 draw(21);
  for (uint64_t sign : {0u, 0x80000000u})
    for (uint64_t exponent = 0; exponent < 256; ++exponent) {
      for (uint64_t fraction : {0x000000u, 0x000001u, 0x400000u, 0x7fffffu})
        out.push_back({sign | exponent << 23 | fraction, 0, 0});
      for (int n = 0; n < 12; ++n)
        out.push_back({sign | exponent << 23 | (draw() & 0x7fffff), 0, 0});
    }
  return out;
}

/// Uniform between the bounds.
std::vector<Case> between(float low, float high) {
  std::vector<Case> out;
  std::mt19937 draw(22);
  std::uniform_real_distribution<float> uniform(low, high);
  for (int n = 0; n < 20000; ++n)
    out.push_back({bitsOf(uniform(draw)), 0, 0});
  return out;
}

uint32_t flush(uint32_t bits) {
  return bits & 0x7f800000 ? bits : bits & 0x80000000;
}

/// How far `result` may be from `exact`: in codes of f32, absolutely and
/// relative to `exact`. The widest counts.
struct Bound {
  int codes = 0;
  double absolute = 0, relative = 0;
};

bool isWithin(uint32_t result, double exact, const Bound &bound, bool ftz) {
  double value = kSingle.value(result);
  if (std::isnan(exact))
    return result == 0x7fffffff;
  uint32_t rounded = kSingle.round(exact, Rounding::NearestEven);
  if (result == (ftz ? flush(rounded) : rounded))
    return true;
  // A result below the least normal number is a matter of the bound, too.
  if (ftz && flush(result) != result)
    return false;
  if ((result ^ rounded) >> 31 || std::isinf(exact) || exact == 0)
    return false;
  int64_t codes = std::abs(int64_t(result) - int64_t(rounded));
  if (codes <= bound.codes)
    return true;
  double error = std::abs(value - exact);
  return error <= bound.absolute || error <= bound.relative * std::abs(exact);
}

/// Compares `instruction`, with and without .ftz, with `exact` of the operands.
template <typename Exact>
void checkBound(const std::string &name, int sources,
                const std::vector<Case> &cases, const Bound &bound, Exact exact,
                bool hasFtz = true) {
  for (bool ftz : {false, true}) {
    if (ftz && !hasFtz)
      continue;
    std::string instruction = name + (ftz ? ".ftz" : "") + ".f32 %d, %a" +
                              (sources > 1 ? ", %b;" : ";");
    std::vector<uint64_t> results = tabulate(instruction, "32 32 32", cases);
    int failures = 0;
    for (size_t i = 0; i < results.size() && failures < 3; ++i) {
      auto value = [&](uint64_t bits) {
        return kSingle.value(ftz ? flush(bits) : bits);
      };
      double want = exact(value(cases[i].a), value(cases[i].b));
      if (isWithin(results[i], want, bound, ftz))
        continue;
      ++failures;
      ADD_FAILURE() << instruction << std::hex << " of 0x" << cases[i].a
                    << ", 0x" << cases[i].b << " is 0x" << results[i]
                    << std::hexfloat << "; expected nearly " << want;
    }
  }
}

const double kPi = 3.14159265358979323846;

} // namespace

TEST(ApproxTable, Exponential) {
  auto exact = [](double a, double) { return std::exp2(a); };
  checkBound("ex2.approx", 1, everyScale(), {2}, exact);
  checkBound("ex2.approx", 1, between(-150, 128), {2}, exact);
}

TEST(ApproxTable, Logarithm) {
  auto exact = [](double a, double) {
    return a == 0 ? -INFINITY : std::log2(a);
  };
  checkBound("lg2.approx", 1, everyScale(), {0, 0, 0x1p-22}, exact);
  checkBound("lg2.approx", 1, between(0.5f, 2), {0, 0x1p-22}, exact);
}

TEST(ApproxTable, Roots) {
  checkBound("sqrt.approx", 1, everyScale(), {0, 0, 0x1p-23},
             [](double a, double) { return std::sqrt(a); });
  checkBound("rsqrt.approx", 1, everyScale(), {0, 0, std::exp2(-22.9)},
             [](double a, double) { return 1 / std::sqrt(a); });
}

TEST(ApproxTable, Angles) {
  for (bool isSine : {false, true}) {
    auto exact = [=](double a, double) {
      return isSine ? std::sin(a) : std::cos(a);
    };
    const char *name = isSine ? "sin.approx" : "cos.approx";
    checkBound(name, 1, between(float(-2 * kPi), float(2 * kPi)),
               {0, std::exp2(-20.5)}, exact);
    checkBound(name, 1, between(float(-100 * kPi), float(100 * kPi)),
               {0, std::exp2(-14.7)}, exact);
    // Of large angles only the special ones are defined.
    std::vector<Case> special;
    for (uint64_t bits :
         {0x0u, 0x80000000u, 0x7f800000u, 0xff800000u, 0x7fc00001u, 0x1u})
      special.push_back({bits, 0, 0});
    checkBound(name, 1, special, {0, std::exp2(-20.5)}, exact);
  }
}

TEST(ApproxTable, HyperbolicTangent) {
  checkBound(
      "tanh.approx", 1, everyScale(), {0, 0, 0x1p-11},
      [](double a, double) { return std::tanh(a); }, /*hasFtz=*/false);
}

TEST(ApproxTable, Quotients) {
  std::vector<Case> cases;
  std::mt19937 draw(23);
  std::vector<Case> scales = everyScale();
  for (const Case &x : scales)
    cases.push_back({x.a, scales[draw() % scales.size()].a, 0});
  std::vector<uint64_t> edges = {0,          0x80000000, 0x7f800000,
                                 0xff800000, 0x7fc00000, 0x3f800000,
                                 0x7f000001, 0xff7fffff, 0x7e800000};
  for (const Case &x : pairsOf(edges))
    cases.push_back(x);
  auto exact = [](double a, double b) { return a / b; };
  checkBound("rcp.approx", 1, everyScale(), {1},
             [](double a, double) { return 1 / a; });
  checkBound("div.full", 2, cases, {2}, exact);
  // Beyond 2^126 the reciprocal underflows; below 2^-126 nothing is promised.
  std::vector<Case> normal;
  for (const Case &x : cases) {
    double b = std::abs(kSingle.value(x.b));
    if (b >= 0x1p-126 || b == 0 || std::isnan(b))
      normal.push_back(x);
  }
  checkBound("div.approx", 2, normal, {2}, [](double a, double b) {
    if (!(std::abs(b) > 0x1p126) || std::isinf(b) || std::isnan(a))
      return a / b;
    double sign = std::signbit(a) == std::signbit(b) ? 1 : -1;
    return std::isinf(a) ? NAN : std::copysign(0.0, sign);
  });
}

TEST(ApproxTable, DoublesFromTheirUpperHalves) {
  std::vector<Case> cases;
  std::mt19937_64 draw(24);
  for (uint64_t exponent = 0; exponent < 2048; ++exponent)
    for (uint64_t sign : {uint64_t(0), uint64_t(1) << 63})
      cases.push_back(
          {sign | exponent << 52 | (draw() & 0xfffffffffffff), 0, 0});
  for (uint64_t high : {0x7ff00000u, 0xfff00000u, 0u, 0x80000000u, 0x7ff80000u})
    for (uint64_t low : {0u, 1u}) // below what counts
      cases.push_back({high << 32 | low, 0, 0});
  struct {
    const char *name;
    double (*exact)(double);
  } functions[] = {
      {"rcp", [](double x) { return 1 / x; }},
      {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
  };
  for (auto &f : functions) {
    std::string instruction = std::string(f.name) + ".approx.ftz.f64 %d, %a;";
    std::vector<uint64_t> results = tabulate(instruction, "64 64", cases);
    int failures = 0;
    for (size_t i = 0; i < results.size() && failures < 3; ++i) {
      uint64_t high = cases[i].a >> 32 << 32;
      bool isSubnormal = !(high >> 52 & 0x7ff);
      double a =
          isSubnormal ? std::copysign(0.0, doubleOf(high)) : doubleOf(high);
      double want = f.exact(a), got = doubleOf(results[i]);
      bool fits;
      if (std::isnan(want))
        fits = results[i] == 0x7fffffff00000000u;
      else if (std::isinf(want) || std::abs(want) < 0x1p-1022)
        fits = results[i] ==
               bitsOfDouble(std::isinf(want) ? want : std::copysign(0.0, want));
      else // 20 bits of fraction
        fits = !(results[i] & 0xffffffff) &&
               std::abs(got - want) <= 0x1p-19 * std::abs(want);
      if (fits)
        continue;
      ++failures;
      ADD_FAILURE() << instruction << std::hex << " of 0x" << cases[i].a
                    << " is 0x" << results[i] << std::hexfloat
                    << "; expected nearly " << want;
    }
  }
}

TEST(ApproxTable, ReciprocalRootOfDoubles) {
  std::vector<Case> cases;
  std::mt19937_64 draw(25);
  for (uint64_t exponent = 0; exponent < 2047; ++exponent)
    cases.push_back({exponent << 52 | (draw() & 0xfffffffffffff), 0, 0});
  std::vector<uint64_t> results =
      tabulate("rsqrt.approx.f64 %d, %a;", "64 64", cases);
  for (size_t i = 0; i < results.size(); ++i) {
    double want = 1 / std::sqrt(doubleOf(cases[i].a));
    EXPECT_NEAR(doubleOf(results[i]) / want, 1, 0x1p-50) << cases[i].a;
  }
  checkTable(
      "rsqrt.approx.f64 %d, %a;", "64 64",
      casesOf({0, uint64_t(1) << 63, bitsOfDouble(INFINITY), bitsOfDouble(-1),
               bitsOfDouble(-INFINITY), canonicalNaN(64)}),
      [](const Case &x) {
        double root = 1 / std::sqrt(doubleOf(x.a));
        return std::isnan(root) ? canonicalNaN(64) : bitsOfDouble(root);
      });
}

namespace {

/// Every code of a 16-bit format, alone and in pairs.
void checkHalves(const std::string &name, const std::string &type,
                 const Format &format, double (*exact)(double), Bound bound,
                 bool ftz = false) {
  auto flushed = [&](uint64_t code) {
    bool isSmall = (code & (format.signBit() - 1)) < 1u << format.fractionBits;
    return ftz && isSmall ? code & format.signBit() : code;
  };
  auto fits = [&](uint64_t in, uint64_t result) {
    double want = exact(format.value(flushed(in)));
    if (std::isnan(want))
      return result == 0x7fff;
    if (result != flushed(result))
      return false;
    uint64_t rounded = flushed(format.round(want, Rounding::NearestEven));
    if (result == rounded || std::isinf(want))
      return result == rounded;
    double error = std::abs(format.value(result) - want);
    return error <= bound.absolute || error <= bound.relative * std::abs(want);
  };
  std::vector<Case> cases = casesOf(sixteenBits());
  std::vector<uint64_t> single =
      tabulate(name + "." + type + " %d, %a;", "16 16", cases);
  int failures = 0;
  for (size_t i = 0; i < single.size() && failures < 3; ++i)
    if (!fits(i, single[i])) {
      ++failures;
      ADD_FAILURE() << name << "." << type << std::hex << " of 0x" << i
                    << " is 0x" << single[i];
    }
  for (Case &x : cases)
    x.a |= (x.a * 40503 & 0xffff) << 16;
  std::vector<uint64_t> pairs =
      tabulate(name + "." + type + "x2 %d, %a;", "32 32", cases);
  for (size_t i = 0; i < pairs.size() && failures < 3; ++i)
    if (!fits(cases[i].a & 0xffff, pairs[i] & 0xffff) ||
        !fits(cases[i].a >> 16, pairs[i] >> 16)) {
      ++failures;
      ADD_FAILURE() << name << "." << type << "x2" << std::hex << " of 0x"
                    << cases[i].a << " is 0x" << pairs[i];
    }
}

} // namespace

TEST(ApproxTable, EveryHalf) {
  auto exp2 = [](double x) { return std::exp2(x); };
  auto tanh = [](double x) { return std::tanh(x); };
  checkHalves("ex2.approx", "f16", kHalf, exp2, {0, 0x1p-25, std::exp2(-9.9)});
  checkHalves("ex2.approx.ftz", "bf16", kBrain, exp2, {0, 0, 0x1p-7}, true);
  checkHalves("tanh.approx", "f16", kHalf, tanh, {0, std::exp2(-10.987)});
  checkHalves("tanh.approx", "bf16", kBrain, tanh, {0, 0x1p-8});
}
