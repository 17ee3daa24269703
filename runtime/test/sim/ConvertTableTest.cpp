//===- ConvertTableTest.cpp - cvt between all pairs of types --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any source value is exact as a sign, an integer of 64 bits and a double that
// are added; Formats.h rounds it. Which modifiers a pair of types may have is
// written as the ISA says it.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

struct Type {
  std::string name;
  int bits;
  enum { Unsigned, Signed, Float } kind;
  bool isFloat() const { return kind == Float; }
  bool isSigned() const { return kind == Signed; }
  /// Of floats but f64.
  const Format &format() const {
    return name == "f16" ? kHalf : name == "bf16" ? kBrain : kSingle;
  }
};
const Type kIntegers[] = {
    {"u8", 8, Type::Unsigned},   {"u16", 16, Type::Unsigned},
    {"u32", 32, Type::Unsigned}, {"u64", 64, Type::Unsigned},
    {"s8", 8, Type::Signed},     {"s16", 16, Type::Signed},
    {"s32", 32, Type::Signed},   {"s64", 64, Type::Signed}};
const Type kFloats[] = {{"f16", 16, Type::Float},
                        {"bf16", 16, Type::Float},
                        {"f32", 32, Type::Float},
                        {"f64", 64, Type::Float}};

struct Mode {
  const char *name;
  Rounding rounding;
};
const Mode kModes[] = {{"rn", Rounding::NearestEven},
                       {"rz", Rounding::Zero},
                       {"rp", Rounding::Up},
                       {"rm", Rounding::Down}};
const Mode kIntegral[] = {{"rni", Rounding::NearestEven},
                          {"rzi", Rounding::Zero},
                          {"rpi", Rounding::Up},
                          {"rmi", Rounding::Down}};

/// Registers that hold the type: of its own width, or of `most` bits.
std::string registerFor(const Type &type, int most) {
  return std::to_string(
      type.isFloat() ? type.bits : std::max(most, std::max(type.bits, 16)));
}

std::vector<uint64_t> valuesOf(const Type &type) {
  if (!type.isFloat())
    return integersOf(type.bits);
  if (type.bits == 16)
    return sixteenBits();
  std::vector<uint64_t> out;
  std::mt19937_64 draw(31);
  // Around the ends of all integers and of the narrower formats, and between.
  std::vector<double> centres = {
      0,       0.5,     1,        1.5,      2.5,      127,     127.5,
      128,     255.5,   32767.5,  32768,    65504,    65519.5, 65520,
      65535.5, 65536,   0x1p31,   0x1p32,   0x1p63,   0x1p64,  0x1p-14,
      0x1p-24, 0x1p-25, 0x1p-133, 0x1p-126, 0x1p-149, 0x1p127, 1.1e-5};
  for (double centre : centres)
    for (double sign : {1.0, -1.0}) {
      uint64_t bits = type.bits == 64 ? bitsOfDouble(sign * centre)
                                      : bitsOf(float(sign * centre));
      for (int by : {-2, -1, 0, 1, 2})
        out.push_back(bits + (bits << 1 ? by : std::abs(by)));
    }
  for (int n = 0; n < 4000; ++n) {
    double x = std::ldexp(double(draw() >> 11), int(draw() % 150) - 130);
    x = draw() % 2 ? x : -x;
    out.push_back(type.bits == 64 ? bitsOfDouble(x) : bitsOf(float(x)));
  }
  if (type.bits == 64)
    for (uint64_t bits :
         {bitsOfDouble(INFINITY), bitsOfDouble(-INFINITY), canonicalNaN(64),
          uint64_t(1), uint64_t(0x7fefffffffffffff)})
      out.push_back(bits);
  else
    for (uint64_t bits : {0x7f800000u, 0xff800000u, 0x7fffffffu, 0x7fa00000u,
                          0x7f7fffffu, 0x00400000u, 0x80000001u})
      out.push_back(bits);
  return out;
}

bool isSingleSubnormal(uint64_t bits) { return !(bits & 0x7f800000); }

double floatOf(const Type &type, uint64_t bits, bool ftz = false) {
  if (type.bits == 64)
    return doubleOf(bits);
  if (ftz && type.name == "f32" && isSingleSubnormal(bits))
    bits &= 0x80000000;
  return type.format().value(bits);
}

__int128 integerOf(const Type &type, uint64_t bits) {
  return type.isSigned() ? __int128(asSigned(bits, type.bits))
                         : __int128(lowBits(bits, type.bits));
}

/// To the width of the register that is wider than the type.
uint64_t extended(const Type &type, uint64_t bits, const std::string &reg) {
  uint64_t wide =
      type.isSigned() ? asSigned(bits, type.bits) : lowBits(bits, type.bits);
  return type.isFloat() ? bits : lowBits(wide, std::stoi(reg));
}

uint64_t clamped(const Type &type, __int128 x) {
  __int128 one = 1;
  __int128 top = (one << (type.bits - type.isSigned())) - 1;
  __int128 bottom = type.isSigned() ? -top - 1 : 0;
  return lowBits(uint64_t(x > top ? top : x < bottom ? bottom : x), type.bits);
}

double integral(double x, Rounding mode) {
  return mode == Rounding::Zero   ? std::trunc(x)
         : mode == Rounding::Up   ? std::ceil(x)
         : mode == Rounding::Down ? std::floor(x)
                                  : std::nearbyint(x);
}

/// By the ISA: of NaN it is zero, or the upper bit where 64 bits are involved.
uint64_t toInteger(const Type &to, const Type &from, double x, Rounding mode) {
  if (std::isnan(x))
    return from.bits == 64 || to.bits == 64 ? uint64_t(1) << (to.bits - 1) : 0;
  double whole = integral(x, mode);
  double end = 0x1p65;
  whole = whole > end ? end : whole < -end ? -end : whole;
  return clamped(to, __int128(whole));
}

/// Rounds to a float of any width.
uint64_t toFloat(const Type &to, double x, Rounding mode) {
  if (std::isnan(x))
    return canonicalNaN(to.bits);
  return to.bits == 64 ? bitsOfDouble(x) : to.format().round(x, mode);
}

uint64_t integerToFloat(const Type &to, __int128 x, Rounding mode) {
  if (to.bits == 64) {
    double nearest = double(x);
    return bitsOfDouble(directed(nearest, double(x - __int128(nearest)), mode));
  }
  if (x == 0)
    return 0;
  __int128 size = x < 0 ? -x : x;
  return to.format().round(
      x < 0,
      [=](double v) {
        __int128 whole = v < 0x1p80 ? __int128(v) : __int128(1) << 80;
        if (size != whole)
          return size > whole ? 1 : -1;
        return v < 0x1p80 && v > std::trunc(v) ? -1 : 0;
      },
      mode);
}

uint64_t flushed(const Type &to, uint64_t bits) {
  return to.name == "f32" && isSingleSubnormal(bits) ? bits & 0x80000000 : bits;
}

uint64_t saturated(const Type &to, uint64_t bits) {
  double x = floatOf(to, bits);
  return x >= 1 ? toFloat(to, 1, Rounding::Zero) : x > 0 ? bits : 0;
}

std::vector<Case> everyNth(const std::vector<Case> &cases, size_t n) {
  std::vector<Case> out;
  for (size_t i = 0; i < cases.size(); i += n)
    out.push_back(cases[i]);
  return out;
}

/// Both registers narrow, and both as wide as there are.
template <typename Expected>
void check(const std::string &modifiers, const Type &to, const Type &from,
           Expected expected) {
  for (int most : {16, 64}) {
    bool isSame = to.isFloat() && from.isFloat();
    if (most == 64 && isSame)
      continue;
    std::string d = registerFor(to, most), a = registerFor(from, most);
    std::vector<Case> cases = casesOf(valuesOf(from));
    // Every code where a rounding stands alone.
    bool isPlain = most == 16 && modifiers.find('.', 1) == modifiers.npos;
    if (!isPlain && cases.size() == 65536)
      cases = everyNth(cases, 13);
    // What lies above the source's type does not count.
    if (!from.isFloat())
      for (Case &x : cases)
        x.a = lowBits(x.a | ~lowBits(~uint64_t(0), from.bits), std::stoi(a));
    checkTable("cvt" + modifiers + "." + to.name + "." + from.name + " %d, %a;",
               d + " " + a, cases,
               [&](const Case &x) { return extended(to, expected(x.a), d); });
  }
}

/// Between bf16 and integers of 8 bits nothing converts.
bool areApart(const Type &a, const Type &b) {
  return (a.name == "bf16" && b.bits == 8) || (b.name == "bf16" && a.bits == 8);
}

/// Some value of `from` does not exist in `to`.
bool isNarrower(const Type &to, const Type &from) {
  if (to.isSigned())
    return from.bits > to.bits || (!from.isSigned() && from.bits >= to.bits);
  return from.isSigned() || from.bits > to.bits;
}

} // namespace

TEST(ConvertTable, IntegerToInteger) {
  for (const Type &from : kIntegers)
    for (const Type &to : kIntegers) {
      check("", to, from, [&](uint64_t a) {
        return lowBits(uint64_t(integerOf(from, a)), to.bits);
      });
      if (isNarrower(to, from))
        check(".sat", to, from,
              [&](uint64_t a) { return clamped(to, integerOf(from, a)); });
    }
}

TEST(ConvertTable, FloatToInteger) {
  for (const Type &from : kFloats)
    for (const Type &to : kIntegers)
      for (const Mode &mode : kIntegral)
        for (bool ftz : {false, true})
          for (bool sat : {false, true}) {
            if ((ftz && from.name != "f32") || (sat && to.bits == 64) ||
                (sat && from.name == "bf16") || areApart(to, from))
              continue;
            check(std::string(".") + mode.name + (ftz ? ".ftz" : "") +
                      (sat ? ".sat" : ""),
                  to, from, [&](uint64_t a) {
                    return toInteger(to, from, floatOf(from, a, ftz),
                                     mode.rounding);
                  });
          }
}

TEST(ConvertTable, IntegerToFloat) {
  for (const Type &from : kIntegers)
    for (const Type &to : kFloats)
      for (const Mode &mode : kModes) {
        if (areApart(to, from))
          continue;
        check(std::string(".") + mode.name, to, from, [&](uint64_t a) {
          return integerToFloat(to, integerOf(from, a), mode.rounding);
        });
      }
}

TEST(ConvertTable, FloatToFloat) {
  for (const Type &from : kFloats)
    for (const Type &to : kFloats)
      for (const Mode &mode : kModes)
        for (bool ftz : {false, true})
          for (bool sat : {false, true}) {
            bool loses = to.bits < from.bits ||
                         (to.bits == from.bits && to.name != from.name);
            bool hasSingle = to.name == "f32" || from.name == "f32";
            if ((!loses && &mode != kModes) || (ftz && !hasSingle) ||
                (sat && (to.name == "bf16" || from.name == "bf16")) ||
                (to.name == "bf16" && from.name == "bf16"))
              continue;
            check((loses ? std::string(".") + mode.name : "") +
                      (ftz ? ".ftz" : "") + (sat ? ".sat" : ""),
                  to, from, [&](uint64_t a) -> uint64_t {
                    double x = floatOf(from, a, ftz);
                    if (std::isnan(x) && sat)
                      return 0;
                    uint64_t bits = toFloat(to, x, mode.rounding);
                    bits = ftz ? flushed(to, bits) : bits;
                    return sat && !std::isnan(x) ? saturated(to, bits) : bits;
                  });
          }
}

/// A rounding may stand where there is nothing to round.
TEST(ConvertTable, RoundedWideningOfBf16) {
  for (const Type &to : {kFloats[2], kFloats[3]})
    for (const Mode &mode : kModes)
      check(std::string(".") + mode.name, to, kFloats[1], [&](uint64_t a) {
        return toFloat(to, floatOf(kFloats[1], a), Rounding::Zero);
      });
}

TEST(ConvertTable, FloatToWholeFloat) {
  for (const Type &type : kFloats)
    for (const Mode &mode : kIntegral)
      for (bool ftz : {false, true})
        for (bool sat : {false, true}) {
          if ((ftz && type.name != "f32") || (sat && type.name == "bf16"))
            continue;
          check(std::string(".") + mode.name + (ftz ? ".ftz" : "") +
                    (sat ? ".sat" : ""),
                type, type, [&](uint64_t a) -> uint64_t {
                  double x = floatOf(type, a, ftz);
                  if (std::isnan(x))
                    return sat ? 0 : canonicalNaN(type.bits);
                  uint64_t bits =
                      toFloat(type, integral(x, mode.rounding), Rounding::Zero);
                  return sat ? saturated(type, bits) : bits;
                });
        }
}

TEST(ConvertTable, Relu) {
  const Type &single = kFloats[2];
  for (const Type *to : {&kFloats[0], &kFloats[1]})
    for (const Mode &mode : {kModes[0], kModes[1]})
      check(std::string(".") + mode.name + ".relu", *to, single,
            [&](uint64_t a) {
              uint64_t bits = toFloat(*to, floatOf(single, a), mode.rounding);
              return bits >> 15 ? 0 : bits;
            });
}

TEST(ConvertTable, Pairs) {
  std::vector<uint64_t> values = valuesOf(kFloats[2]);
  std::vector<Case> cases;
  for (size_t i = 0; i < values.size(); ++i)
    cases.push_back({values[i], values[values.size() - 1 - i], 0});
  for (const Type *to : {&kFloats[0], &kFloats[1]})
    for (const Mode &mode : {kModes[0], kModes[1]})
      for (bool relu : {false, true}) {
        auto one = [&](uint64_t a) {
          uint64_t bits = toFloat(*to, floatOf(kFloats[2], a), mode.rounding);
          return relu && bits >> 15 ? 0 : bits;
        };
        // The first source is the upper half.
        checkTable(std::string("cvt.") + mode.name + (relu ? ".relu" : "") +
                       "." + to->name + "x2.f32 %d, %a, %b;",
                   "32 32 32", cases,
                   [&](const Case &x) { return one(x.a) << 16 | one(x.b); });
      }
}

TEST(ConvertTable, TensorFloats) {
  struct {
    const char *name;
    Rounding rounding;
  } modes[] = {{"rna", Rounding::NearestAway},
               {"rn", Rounding::NearestEven},
               {"rz", Rounding::Zero}};
  for (auto &mode : modes)
    for (bool relu : {false, true}) {
      if (relu && mode.rounding == Rounding::NearestAway)
        continue;
      checkTable(std::string("cvt.") + mode.name + (relu ? ".relu" : "") +
                     ".tf32.f32 %d, %a;",
                 "32 32", casesOf(valuesOf(kFloats[2])),
                 [&](const Case &x) -> uint64_t {
                   double value = kSingle.value(x.a);
                   if (std::isnan(value))
                     return 0x7fffffff;
                   uint64_t bits = kTensor.round(value, mode.rounding);
                   return relu && bits >> 31 ? 0 : bits;
                 });
    }
}

namespace {
/// Of eight bits: the fields, and the largest finite code.
struct Small {
  const char *name;
  int fractionBits, bias;
  uint32_t largest;

  double value(uint32_t code) const {
    uint32_t exponent = (code & 0x7f) >> fractionBits;
    double fraction = code & ((1u << fractionBits) - 1);
    double size = exponent ? std::ldexp((1 << fractionBits) + fraction,
                                        int(exponent) - bias - fractionBits)
                           : std::ldexp(fraction, 1 - bias - fractionBits);
    return code & 0x80 ? -size : size;
  }
  bool isNaN(uint32_t code) const {
    return fractionBits == 3 ? (code & 0x7f) == 0x7f : (code & 0x7f) > 0x7c;
  }
  /// The nearest finite one; of two, the even one.
  uint32_t nearest(double x, bool relu) const {
    if (std::isnan(x))
      return 0x7f;
    if (relu && x <= 0)
      return 0;
    uint32_t best = 0;
    double size = std::min(std::fabs(x), value(largest));
    for (uint32_t code = 1; code <= largest; ++code) {
      double now = std::fabs(value(code) - size);
      double before = std::fabs(value(best) - size);
      if (now < before || (now == before && code % 2 == 0))
        best = code;
    }
    return std::signbit(x) ? best | 0x80 : best;
  }
};
} // namespace

static const Small kSmalls[] = {{"e4m3x2", 3, 7, 0x7e},
                                {"e5m2x2", 2, 15, 0x7b}};

TEST(ConvertTable, ToEightBits) {
  Format f16{5, 10};
  for (const Small &small : kSmalls)
    for (bool relu : {false, true}) {
      std::string name =
          std::string("cvt.rn.satfinite.") + (relu ? "relu." : "") + small.name;
      std::vector<Case> singles, halves;
      for (uint32_t code = 0; code < 0x10000; code += 3) {
        float x = static_cast<float>(f16.value(code)), y = -x / 3;
        uint32_t a, b;
        std::memcpy(&a, &x, 4);
        std::memcpy(&b, &y, 4);
        singles.push_back({a, b});
        halves.push_back({code | (code ^ 0x8000) << 16});
      }
      std::vector<uint64_t> got = tabulate(name + ".f32 %d, %a, %b;",
                                           "16 32 32", singles, kHopperHeader);
      for (size_t i = 0; i < singles.size(); ++i) {
        float x, y;
        uint32_t a = singles[i].a, b = singles[i].b;
        std::memcpy(&x, &a, 4);
        std::memcpy(&y, &b, 4);
        ASSERT_EQ(got[i], small.nearest(x, relu) << 8 | small.nearest(y, relu))
            << name << " " << x;
      }
      got = tabulate(name + ".f16x2 %d, %a;", "16 32", halves, kHopperHeader);
      for (size_t i = 0; i < halves.size(); ++i)
        ASSERT_EQ(got[i],
                  small.nearest(f16.value(halves[i].a >> 16), relu) << 8 |
                      small.nearest(f16.value(halves[i].a & 0xffff), relu))
            << name;
    }
}

TEST(ConvertTable, FromEightBits) {
  Format f16{5, 10};
  for (const Small &small : kSmalls)
    for (bool relu : {false, true}) {
      std::vector<Case> cases;
      for (uint32_t code = 0; code < 256; ++code)
        cases.push_back({code | (255 - code) << 8});
      std::vector<uint64_t> got =
          tabulate(std::string("cvt.rn.") + (relu ? "relu." : "") + "f16x2." +
                       small.name + " %d, %a;",
                   "32 16", cases, kHopperHeader);
      for (const Case &one : cases)
        for (int half : {0, 1}) {
          uint32_t code = one.a >> (8 * half) & 0xff;
          uint32_t out = got[one.a & 0xff] >> (16 * half) & 0xffff;
          if (small.isNaN(code)) {
            EXPECT_EQ(out, 0x7fffu) << code;
            continue;
          }
          double expected = code == 0x7c && small.fractionBits == 2 ? INFINITY
                            : code == 0xfc && small.fractionBits == 2
                                ? -INFINITY
                                : small.value(code);
          if (relu && std::signbit(expected))
            expected = 0;
          EXPECT_EQ(f16.value(out), expected) << small.name << " " << code;
          EXPECT_EQ(std::signbit(f16.value(out)), std::signbit(expected));
        }
    }
}
