//===- HalfTableTest.cpp - f16, bf16 and their pairs by definition --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of two such numbers are exact in f64, sums have their error beside
// them; Formats.h rounds what is exact. Pairs must do the same on both sides.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

struct Half {
  const char *name;
  Format format;

  uint64_t flush(uint64_t code) const {
    bool isSmall = (code & (format.signBit() - 1)) < 1u << format.fractionBits;
    return isSmall ? code & format.signBit() : code;
  }
  uint64_t one() const {
    return uint64_t(format.bias()) << format.fractionBits;
  }
};
const Half kTypes[] = {{"f16", kHalf}, {"bf16", kBrain}};

struct Modifiers {
  bool ftz = false, sat = false, relu = false;
  std::string text() const {
    return std::string(ftz ? ".ftz" : "") + (sat ? ".sat" : "") +
           (relu ? ".relu" : "");
  }
};

/// Ends, neighbours of powers of two, subnormals, NaNs, and drawn values.
std::vector<uint64_t> codesOf(const Half &h) {
  std::vector<uint64_t> out = {0, 1, 2, 0x3ff, 0x400, 0x7f, 0x80, 0x81};
  for (uint64_t by : {0, 1, 2})
    out.push_back(h.one() + by);
  out.push_back(h.one() - 1);
  for (int by : {-2, -1, 0, 1})
    out.push_back(h.format.infinity() + by);
  std::mt19937 draw(9);
  for (int n = 0; n < 30; ++n)
    out.push_back(h.one() + (draw() % 4096) - 2048);
  for (int n = 0; n < 8; ++n)
    out.push_back(draw() & 0x7fff);
  for (size_t n = out.size(); n-- > 0;)
    out.push_back(out[n] | 0x8000);
  return out;
}

/// By value, then by the modifiers. A zero that cancelled is positive.
uint64_t finish(const Half &h, Exact x, bool zeroIsNegative,
                const Modifiers &m) {
  if (std::isnan(x.hi))
    return m.sat ? 0 : 0x7fff;
  uint64_t code;
  if (std::isinf(x.hi))
    code = h.format.round(x.hi, Rounding::NearestEven);
  else if (x.isZero())
    code = zeroIsNegative ? 0x8000 : 0;
  else
    code = h.format.round(x.isNegative(), x.size(), Rounding::NearestEven);
  if (m.ftz)
    code = h.flush(code);
  double value = h.format.value(code);
  if (m.sat)
    return value > 1 ? h.one() : value > 0 ? code : 0;
  return m.relu && code >> 15 ? 0 : code;
}

Exact exactSum(double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b))
    return {a + b, 0};
  return Exact::sum(a, b);
}

bool isSumZeroNegative(double a, double b) {
  return std::signbit(a) && std::signbit(b);
}

/// The scalar form on all cases, the pair on neighbours among them.
template <typename Expected>
void checkBoth(const std::string &name, const Half &h, int sources,
               const std::vector<Case> &cases, Expected expected) {
  std::string operands = std::string(" %d, %a") + (sources > 1 ? ", %b" : "") +
                         (sources > 2 ? ", %c;" : ";");
  checkTable(name + "." + h.name + operands, "16 16 16 16", cases,
             [&](const Case &x) { return expected(x.a, x.b, x.c); });
  std::vector<Case> pairs;
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case &low = cases[i], &high = cases[cases.size() - 1 - i];
    pairs.push_back(
        {high.a << 16 | low.a, high.b << 16 | low.b, high.c << 16 | low.c});
  }
  checkTable(name + "." + h.name + "x2" + operands, "32 32 32 32", pairs,
             [&](const Case &x) {
               auto low = [](uint64_t v) { return v & 0xffff; };
               uint64_t above = expected(x.a >> 16, x.b >> 16, x.c >> 16);
               return above << 16 | expected(low(x.a), low(x.b), low(x.c));
             });
}

/// All modifiers that the type may have with the operation.
std::vector<Modifiers> modifiersOf(const Half &h, bool isFma) {
  std::vector<Modifiers> out = {{}};
  if (&h == &kTypes[0])
    out = {{}, {true}, {false, true}, {true, true}};
  if (isFma)
    out.push_back({false, false, true});
  if (isFma && &h == &kTypes[0])
    out.push_back({true, false, true});
  return out;
}

std::vector<Case> withoutNaN(const Half &h, std::vector<Case> cases) {
  cases.erase(
      std::remove_if(cases.begin(), cases.end(),
                     [&](const Case &x) { return h.format.isNaN(x.a); }),
      cases.end());
  return cases;
}

} // namespace

TEST(HalfTable, Arithmetic) {
  for (const Half &h : kTypes)
    for (const Modifiers &m : modifiersOf(h, false)) {
      std::vector<Case> cases = pairsOf(codesOf(h));
      auto value = [&](uint64_t code) {
        return h.format.value(m.ftz ? h.flush(code) : code);
      };
      for (const char *rounding : {"", ".rn"}) {
        std::string suffix = rounding + m.text();
        for (int sign : {1, -1})
          checkBoth((sign > 0 ? "add" : "sub") + suffix, h, 2, cases,
                    [&](uint64_t a, uint64_t b, uint64_t) {
                      double x = value(a), y = sign * value(b);
                      return finish(h, exactSum(x, y), isSumZeroNegative(x, y),
                                    m);
                    });
        checkBoth("mul" + suffix, h, 2, cases,
                  [&](uint64_t a, uint64_t b, uint64_t) {
                    double x = value(a), y = value(b);
                    return finish(h, {x * y, 0},
                                  std::signbit(x) != std::signbit(y), m);
                  });
      }
    }
}

TEST(HalfTable, FusedMultiplyAdd) {
  for (const Half &h : kTypes)
    for (const Modifiers &m : modifiersOf(h, true)) {
      std::vector<Case> cases = pairsOf(codesOf(h));
      // Products that nearly cancel, and ties that a second rounding would see.
      std::mt19937 draw(4);
      for (int n = 0; n < 4000; ++n) {
        uint64_t a = h.one() + draw() % 512, b = h.one() + draw() % 512;
        uint64_t c = h.format.round(-h.format.value(a) * h.format.value(b),
                                    Rounding::NearestEven);
        uint64_t tiny =
            h.one() - (uint64_t(draw() % 14) << h.format.fractionBits);
        cases.push_back({a, b, n % 2 ? c : tiny});
      }
      auto value = [&](uint64_t code) {
        return h.format.value(m.ftz ? h.flush(code) : code);
      };
      checkBoth("fma.rn" + m.text(), h, 3, cases,
                [&](uint64_t a, uint64_t b, uint64_t c) {
                  double product = value(a) * value(b), z = value(c);
                  return finish(h, exactSum(product, z),
                                isSumZeroNegative(product, z), m);
                });
    }
}

TEST(HalfTable, EveryNegationAndMagnitude) {
  for (const Half &h : kTypes)
    for (bool ftz : {false, true}) {
      if (ftz && &h != &kTypes[0])
        continue;
      std::vector<Case> cases = withoutNaN(h, casesOf(sixteenBits()));
      auto in = [&](uint64_t a) { return ftz ? h.flush(a) : a; };
      std::string suffix = ftz ? ".ftz" : "";
      checkBoth("neg" + suffix, h, 1, cases,
                [&](uint64_t a, uint64_t, uint64_t) { return in(a) ^ 0x8000; });
      checkBoth("abs" + suffix, h, 1, cases,
                [&](uint64_t a, uint64_t, uint64_t) { return in(a) & 0x7fff; });
    }
}

TEST(HalfTable, MinMax) {
  for (const Half &h : kTypes)
    for (bool ftz : {false, true})
      for (bool keepsNaN : {false, true})
        for (bool isMost : {false, true}) {
          if (ftz && &h != &kTypes[0])
            continue;
          checkBoth(std::string(isMost ? "max" : "min") + (ftz ? ".ftz" : "") +
                        (keepsNaN ? ".NaN" : ""),
                    h, 2, pairsOf(codesOf(h)),
                    [&](uint64_t a, uint64_t b, uint64_t) -> uint64_t {
                      a = ftz ? h.flush(a) : a;
                      b = ftz ? h.flush(b) : b;
                      double x = h.format.value(a), y = h.format.value(b);
                      if (std::isnan(x) || std::isnan(y)) {
                        if (keepsNaN || (std::isnan(x) && std::isnan(y)))
                          return 0x7fff;
                        return std::isnan(x) ? b : a;
                      }
                      if (x == y) // +0.0 is above -0.0
                        return std::signbit(x) == isMost ? b : a;
                      return (x > y) == isMost ? a : b;
                    });
        }
}
