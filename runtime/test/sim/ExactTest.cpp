//===- ExactTest.cpp - Products to the bit --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is known of tensor cores, in closed forms: of a row of A and a column of
// B all products and C are shifted to the largest exponent, cut off and summed.
// A second model with whole numbers only is held against drawn values.
//
//===----------------------------------------------------------------------===//

#include "HopperCases.h"

#include <cmath>

using namespace attnrt;
using namespace attnrt::sim;

namespace {

/// A type and its bits.
struct Format {
  int exponentBits, mantissaBits;
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int least() const { return 1 - bias(); }

  double value(uint32_t bits) const {
    uint32_t mantissa = bits & ((1u << mantissaBits) - 1);
    int field = bits >> mantissaBits & ((1 << exponentBits) - 1);
    double sign = bits >> (mantissaBits + exponentBits) & 1 ? -1 : 1;
    double significand = std::ldexp(mantissa, -mantissaBits) + (field != 0);
    return sign * std::ldexp(significand, field ? field - bias() : least());
  }
  /// Of a value that the type has.
  uint32_t bits(double x) const {
    uint32_t sign = std::signbit(x) ? 1u << (mantissaBits + exponentBits) : 0;
    x = std::fabs(x);
    if (x == 0)
      return sign;
    int e = std::max(std::ilogb(x), least());
    auto whole =
        static_cast<uint32_t>(std::ldexp(x, mantissaBits - e)); // with the one
    bool isNormal = whole >> mantissaBits;
    return sign | (isNormal ? uint32_t(e + bias()) << mantissaBits : 0) |
           (whole & ((1u << mantissaBits) - 1));
  }
};
constexpr Format kHalf{5, 10}, kBhalf{8, 7}, kTf32{8, 10}, kE4m3{4, 3},
    kE5m2{5, 2}, kSingle{8, 23};

/// One element of a result: a·b + c.
struct Dot {
  std::vector<double> a, b;
  double c = 0;
};

enum class Unit { Mma80, Mma90, Wgmma };

const char *headerOf(Unit unit) {
  return unit == Unit::Mma80 ? kHeader : kHopperHeader;
}

Outcome runExact(const std::string &text, const std::vector<uint32_t> &input,
                 uint32_t threads, Arithmetic arithmetic,
                 Completion completion = Completion::Late) {
  LaunchOf how;
  how.threads = threads;
  how.options.arithmetic = arithmetic;
  how.options.completion = completion;
  Outcome o = runText(text, input, how);
  EXPECT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.kinds(), "") << o.messages();
  return o;
}

/// Element (0, 0) of an mma whose other rows and columns are zero: lane t of
/// the first four has k = 2t, 2t + 1 and, of the second half, 8 more.
uint32_t byMma(Unit unit, const Dot &dot, const Format &in, const char *name,
               bool toHalf, Arithmetic arithmetic = Arithmetic::Exact) {
  unsigned depth = static_cast<unsigned>(dot.a.size());
  bool isTf32 = in.mantissaBits == kTf32.mantissaBits && in.exponentBits == 8;
  unsigned perRegister = isTf32 ? 1 : 2, span = 4 * perRegister;
  std::vector<uint32_t> input(32 * 16);
  for (unsigned k = 0; k < depth; ++k) {
    unsigned lane = k % span / perRegister, half = k / span;
    unsigned shift = 16 * (k % perRegister);
    int up = isTf32 ? 13 : 0; // tf32 has the upper bits of a register
    input[16 * lane + 2 * half] |= in.bits(dot.a[k]) << up << shift;
    input[16 * lane + 4 + half] |= in.bits(dot.b[k]) << up << shift;
  }
  input[6] = toHalf ? kHalf.bits(dot.c) : kSingle.bits(dot.c);
  bool isWhole = depth == 2 * span;
  std::string shape = "m16n8k" + std::to_string(depth);
  std::string type = toHalf ? "f16" : "f32";
  std::string a = isWhole ? "{%r8, %r9, %r10, %r11}" : "{%r8, %r9}";
  std::string b = isWhole ? "{%r12, %r13}" : "{%r12}";
  std::string c = toHalf ? "{%r14, %r15}" : "{%r14, %r15, %r15, %r15}";
  std::string d = toHalf ? "{%r20, %r21}" : "{%r20, %r21, %r22, %r23}";
  std::string text = kernelOf(
      "mul.wide.u32 %rd5, %r0, 64;\nadd.s64 %rd5, %rd0, %rd5;\n"
      "ld.global.v4.u32 {%r8, %r9, %r10, %r11}, [%rd5];\n"
      "ld.global.v4.u32 {%r12, %r13, %r14, %r15}, [%rd5+16];\n"
      "mma.sync.aligned." +
      shape + ".row.col." + type + "." + name + "." + name + "." + type + " " +
      d + ", " + a + ", " + b + ", " + c + ";\nst.global.u32 [%rd3], %r20;\n");
  text.replace(0, text.find(".visible"), headerOf(unit));
  Outcome o = runExact(text, input, 32, arithmetic);
  return toHalf ? o.at(0) & 0xffff : o.at(0);
}

/// The same of a wgmma, A in registers and B in shared memory, K-major and
/// without a swizzle: column 0 has its chunks of 16 bytes 128 apart.
uint32_t byWgmma(const Dot &dot, const Format &in, const char *name,
                 bool toHalf, Arithmetic arithmetic = Arithmetic::Exact,
                 Completion completion = Completion::Late) {
  unsigned depth = static_cast<unsigned>(dot.a.size()), bits = 512 / 2 / depth;
  unsigned per = 32 / bits;
  int up = bits == 32 ? 13 : 0;
  std::vector<uint32_t> input(128 * 16);
  for (unsigned k = 0; k < depth; ++k) {
    unsigned lane = k % (4 * per) / per, half = k / (4 * per);
    unsigned shift = bits * (k % per) % 32;
    input[16 * lane + 2 * half] |= in.bits(dot.a[k]) << up << shift;
    unsigned word = k / per; // of 8
    input[16 * (word / 4) + 8 + word % 4] |= in.bits(dot.b[k]) << up << shift;
  }
  input[6] = toHalf ? kHalf.bits(dot.c) : kSingle.bits(dot.c);
  std::string type = toHalf ? "f16" : "f32";
  bool isSixteen = bits == 16;
  std::string d = toHalf ? "{%r14, %r15}" : "{%r14, %r15, %r16, %r17}";
  std::string text = kernelOf(
      "mul.wide.u32 %rd5, %r0, 64;\nadd.s64 %rd5, %rd0, %rd5;\n"
      "ld.global.v4.u32 {%r8, %r9, %r10, %r11}, [%rd5];\n"
      "ld.global.u32 %r14, [%rd5+24];\nmov.u32 %r15, 0;\nmov.u32 %r16, 0;\n"
      "mov.u32 %r17, 0;\n"
      "ld.global.v4.u32 {%r20, %r21, %r22, %r23}, [%rd5+32];\n"
      "mov.u32 %r6, tile;\nshl.b32 %r7, %r0, 4;\nadd.u32 %r7, %r7, %r6;\n"
      "st.shared.v4.u32 [%r7], {%r15, %r15, %r15, %r15};\nbar.sync 0;\n"
      "setp.ge.u32 %p1, %r0, 2;\nmad.lo.u32 %r7, %r0, 128, %r6;\n"
      "@!%p1 st.shared.v4.u32 [%r7], {%r20, %r21, %r22, %r23};\n"
      "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
      "shr.u32 %r6, %r6, 4;\ncvt.u64.u32 %rd6, %r6;\n"
      "or.b64 %rd6, %rd6, 68720001024;\nsetp.eq.u32 %p3, 0, 0;\n"
      "wgmma.fence.sync.aligned;\nwgmma.mma_async.sync.aligned.m64n8k" +
          std::to_string(depth) + "." + type + "." + name + "." + name + " " +
          d + ", {%r8, %r9, %r10, %r11}, %rd6, %p3, 1, 1" +
          (isSixteen ? ", 0" : "") +
          ";\nwgmma.commit_group.sync.aligned;\n"
          "wgmma.wait_group.sync.aligned 0;\nst.global.u32 [%rd3], %r14;\n",
      ".shared .align 128 .b8 tile[2048];\n");
  text.replace(0, text.find(".shared"), kHopperHeader);
  Outcome o = runExact(text, input, 128, arithmetic, completion);
  return toHalf ? o.at(0) & 0xffff : o.at(0);
}

float asFloat(uint32_t bits) {
  float out;
  std::memcpy(&out, &bits, 4);
  return out;
}

double two(int exponent) { return std::ldexp(1.0, exponent); }

/// Factors of a depth, all zero but the first ones.
Dot dotOf(unsigned depth, double c, std::vector<double> a,
          std::vector<double> b) {
  a.resize(depth);
  b.resize(depth);
  return {std::move(a), std::move(b), c};
}

/// c and `count` products 2^e·2^e.
Dot small(unsigned depth, double c, int e, unsigned count) {
  return dotOf(depth, c, std::vector<double>(count, two(e)),
               std::vector<double>(count, two(e)));
}

float half16(Unit unit, const Dot &dot,
             Arithmetic arithmetic = Arithmetic::Exact) {
  return asFloat(unit == Unit::Wgmma
                     ? byWgmma(dot, kHalf, "f16", false, arithmetic)
                     : byMma(unit, dot, kHalf, "f16", false, arithmetic));
}

} // namespace

TEST(Exact, BitsThatAreKept) {
  // Four products of 2^-26 beside one: cut off each. Of 2^-24 none is.
  for (Unit unit : {Unit::Mma80, Unit::Mma90, Unit::Wgmma}) {
    EXPECT_EQ(half16(unit, small(16, 1, -13, 8)), 1.0f);
    EXPECT_EQ(half16(unit, small(16, 1, -12, 4)), 1 + two(-22));
  }
  // 2^-25 lies behind 24 bits, not behind 25.
  Dot dot = dotOf(16, 1, std::vector<double>(8, two(-12)),
                  std::vector<double>(8, two(-13)));
  EXPECT_EQ(half16(Unit::Mma80, dot), 1.0f);
  EXPECT_EQ(half16(Unit::Mma90, dot), 1 + two(-22));
  EXPECT_EQ(half16(Unit::Wgmma, dot), 1 + two(-22));
  // As a sum in f32 has it.
  EXPECT_EQ(half16(Unit::Mma80, dot, Arithmetic::Fast), 1 + two(-22));
}

TEST(Exact, RoundsTowardsZero) {
  // 1 + 3·2^-24.
  for (Unit unit : {Unit::Mma80, Unit::Mma90, Unit::Wgmma}) {
    EXPECT_EQ(half16(unit, small(16, 1, -12, 3)), 1 + two(-23));
    EXPECT_EQ(half16(unit, small(16, 1, -12, 3), Arithmetic::Fast),
              1 + two(-22));
    Dot negative = small(16, -1, -12, 3);
    negative.a[0] = negative.a[1] = negative.a[2] = -two(-12);
    EXPECT_EQ(half16(unit, negative), -1 - two(-23));
  }
}

TEST(Exact, ProductsAreNotNormalised) {
  // 1.5·1.5 has the exponent 0, so 2^-24 beside it is kept.
  Dot dot = dotOf(16, 0, {1.5, two(-12), two(-12), two(-12), two(-12)},
                  {1.5, two(-12), two(-12), two(-12), two(-12)});
  EXPECT_EQ(half16(Unit::Mma80, dot), 2.25 + two(-22));
  // As C the same number has the exponent 1.
  EXPECT_EQ(half16(Unit::Mma80, small(16, 2.25, -12, 4)), 2.25);
}

TEST(Exact, SubnormalsHaveTheExponentOfTheirType) {
  // 2^-24 is f16's least number, of exponent -14: a product with 2^0 has -14,
  // and what lies 2^-39 below zero is cut off there with 24 bits.
  Dot dot = dotOf(16, 0, {two(-24), two(-20)}, {1, two(-18)});
  EXPECT_EQ(half16(Unit::Mma80, dot), std::ldexp(1.0f, -24) + two(-38));
  dot.b[1] = two(-19); // 2^-39
  EXPECT_EQ(half16(Unit::Mma80, dot), std::ldexp(1.0f, -24));
  EXPECT_EQ(half16(Unit::Mma90, dot), std::ldexp(1.0f, -24) + two(-39));
}

TEST(Exact, TwoStepsOfOlderChips) {
  // 2^-24 in either half of the depth is lost twice, or not.
  Dot dot = small(16, 1, -12, 1);
  dot.a[8] = dot.b[8] = two(-12);
  EXPECT_EQ(half16(Unit::Mma80, dot), 1.0f);
  EXPECT_EQ(half16(Unit::Mma90, dot), 1 + two(-23));
  EXPECT_EQ(half16(Unit::Mma80, small(8, 1, -12, 2)), 1 + two(-23));
  Dot tf = small(8, 1, -12, 1);
  tf.a[4] = tf.b[4] = two(-12);
  EXPECT_EQ(asFloat(byMma(Unit::Mma80, tf, kTf32, "tf32", false)), 1.0f);
  EXPECT_EQ(asFloat(byMma(Unit::Mma90, tf, kTf32, "tf32", false)),
            1 + two(-23));
}

TEST(Exact, EightBits) {
  // Thirteen bits are kept, of the result, too.
  auto eight = [](const Dot &dot) {
    return asFloat(byWgmma(dot, kE4m3, "e4m3", false));
  };
  EXPECT_EQ(eight(small(32, 1, -7, 32)), 1.0f);
  EXPECT_EQ(eight(small(32, 1, -6, 2)), 1 + two(-11));
  EXPECT_EQ(eight(dotOf(32, 1, {two(-6)}, {two(-7)})), 1 + two(-13));
  EXPECT_EQ(eight(dotOf(32, 1 + two(-14), {0}, {0})), 1.0f);
  Dot mixed = dotOf(32, 1, {two(-6)}, {two(-8)});
  EXPECT_EQ(eight(mixed), 1.0f);
}

TEST(Exact, HalvesRoundToNearest) {
  for (Unit unit : {Unit::Mma80, Unit::Mma90, Unit::Wgmma}) {
    auto run = [&](const Dot &dot) {
      return kHalf.value(unit == Unit::Wgmma
                             ? byWgmma(dot, kHalf, "f16", true)
                             : byMma(unit, dot, kHalf, "f16", true));
    };
    EXPECT_EQ(run(dotOf(16, 1, {two(-11)}, {1})), 1.0);
    EXPECT_EQ(run(dotOf(16, 1, {3 * two(-11)}, {1})), 1 + two(-9));
    // To nearest of the sum itself, not of the sum rounded to f32.
    EXPECT_EQ(run(dotOf(16, 1, {two(-11), two(-12)}, {1, two(-12)})),
              1 + two(-10));
  }
}

TEST(Exact, NoNumbers) {
  double infinity = std::ldexp(1, 16); // as bits of f16: exponent 31
  auto bits = [&](const Dot &dot) {
    return byMma(Unit::Mma80, dot, kHalf, "f16", false);
  };
  EXPECT_EQ(bits(dotOf(16, 1, {infinity}, {1})), 0x7f800000u);
  EXPECT_EQ(bits(dotOf(16, 1, {infinity}, {-1})), 0xff800000u);
  EXPECT_EQ(bits(dotOf(16, 1, {infinity}, {0})), 0x7fffffffu);
  EXPECT_EQ(bits(dotOf(16, 1, {infinity, infinity}, {1, -1})), 0x7fffffffu);
  Dot large = dotOf(16, 0, {65504, 65504}, {1, 1});
  EXPECT_EQ(byMma(Unit::Mma80, large, kHalf, "f16", true), 0x7c00u);
}

//===----------------------------------------------------------------------===//
// A second model
//===----------------------------------------------------------------------===//

namespace {

using Whole = __int128;

/// Significand and exponent: value = whole · 2^(exponent - shift).
struct Parts {
  Whole whole;
  int exponent, shift;
};

Parts partsOf(double x, const Format &format) {
  int e = x == 0 ? -1000 : std::max(std::ilogb(x), format.least());
  return {x == 0 ? Whole(0) : Whole(std::ldexp(x, format.mantissaBits - e)), e,
          format.mantissaBits};
}

/// Towards zero.
Whole shifted(Whole value, int left) {
  if (left >= 0)
    return value * (Whole(1) << left);
  return left < -120 ? 0 : value / (Whole(1) << -left);
}

uint32_t modelStep(const Dot &dot, const Format &in, unsigned first,
                   unsigned depth, int kept, int resultBits, uint32_t c) {
  std::vector<Parts> terms = {partsOf(kSingle.value(c), kSingle)};
  for (unsigned k = first; k < first + depth; ++k) {
    Parts a = partsOf(dot.a[k], in), b = partsOf(dot.b[k], in);
    terms.push_back(
        {a.whole * b.whole, a.exponent + b.exponent, a.shift + b.shift});
  }
  int most = -100000;
  for (const Parts &term : terms)
    if (term.whole != 0)
      most = std::max(most, term.exponent);
  if (most == -100000)
    return 0;
  Whole sum = 0;
  for (const Parts &term : terms)
    if (term.whole != 0)
      sum += shifted(term.whole, term.exponent - most + kept - term.shift);
  // Cut off behind the bits of a result.
  Whole magnitude = sum < 0 ? -sum : sum;
  int top = 0;
  while (magnitude >> (top + 1))
    ++top;
  int unit = top - resultBits;
  if (unit > 0)
    magnitude = magnitude >> unit << unit;
  double value = std::ldexp(static_cast<double>(magnitude), most - kept);
  return kSingle.bits(sum < 0 ? -value : value);
}

uint32_t model(const Dot &dot, const Format &in, int kept, int resultBits,
               unsigned steps) {
  unsigned depth = static_cast<unsigned>(dot.a.size()) / steps;
  uint32_t c = kSingle.bits(dot.c);
  for (unsigned s = 0; s < steps; ++s)
    c = modelStep(dot, in, s * depth, depth, kept, resultBits, c);
  return c;
}

/// Values of all sizes between 2^-range and 2^range, some of them zero.
Dot drawnDot(std::mt19937_64 &draw, const Format &in, unsigned depth,
             int range) {
  auto value = [&](const Format &format) {
    int64_t whole =
        static_cast<int64_t>(draw() % (uint64_t(2) << format.mantissaBits));
    int e = static_cast<int>(draw() % (2 * range)) - range;
    double x = std::ldexp(static_cast<double>(whole), e - format.mantissaBits);
    x = std::ldexp(
        std::trunc(std::ldexp(x, format.mantissaBits - format.least())),
        format.least() - format.mantissaBits);
    return draw() & 1 ? -x : x;
  };
  Dot dot;
  for (unsigned k = 0; k < depth; ++k) {
    dot.a.push_back(value(in));
    dot.b.push_back(value(in));
  }
  dot.c = value(kSingle);
  return dot;
}

} // namespace

TEST(Exact, DrawnValues) {
  std::mt19937_64 draw(5);
  int different = 0;
  for (int n = 0; n < 150; ++n) {
    Dot half = drawnDot(draw, kHalf, 16, 1 + n % 14);
    uint32_t got = byMma(Unit::Mma80, half, kHalf, "f16", false);
    EXPECT_EQ(got, model(half, kHalf, 24, 23, 2));
    EXPECT_EQ(byMma(Unit::Mma90, half, kHalf, "f16", false),
              model(half, kHalf, 25, 23, 1));
    EXPECT_EQ(byWgmma(half, kHalf, "f16", false),
              model(half, kHalf, 25, 23, 1));
    different +=
        got != byMma(Unit::Mma80, half, kHalf, "f16", false, Arithmetic::Fast);
    Dot bhalf = drawnDot(draw, kBhalf, 16, 1 + n % 30);
    EXPECT_EQ(byWgmma(bhalf, kBhalf, "bf16", false),
              model(bhalf, kBhalf, 25, 23, 1));
    EXPECT_EQ(byMma(Unit::Mma80, bhalf, kBhalf, "bf16", false),
              model(bhalf, kBhalf, 24, 23, 2));
    Dot tf = drawnDot(draw, kTf32, 8, 1 + n % 30);
    EXPECT_EQ(byMma(Unit::Mma80, tf, kTf32, "tf32", false),
              model(tf, kTf32, 24, 23, 2));
    EXPECT_EQ(byWgmma(tf, kTf32, "tf32", false), model(tf, kTf32, 25, 23, 1));
    Dot eight = drawnDot(draw, kE4m3, 32, 1 + n % 6);
    EXPECT_EQ(byWgmma(eight, kE4m3, "e4m3", false),
              model(eight, kE4m3, 13, 13, 1));
    eight = drawnDot(draw, kE5m2, 32, 1 + n % 13);
    EXPECT_EQ(byWgmma(eight, kE5m2, "e5m2", false),
              model(eight, kE5m2, 13, 13, 1));
  }
  EXPECT_GT(different, 20);
}

/// The same bits under every schedule; other bits than those of `fast`.
TEST(Exact, WhateverTheSchedule) {
  constexpr int kDepth = 192;
  auto values = [](int seed) {
    return drawn(64 * kDepth, seed, [](auto &engine) {
      return static_cast<uint16_t>(0x3900 + engine() % 0x800 +
                                   (engine() & 0x8000));
    });
  };
  std::vector<uint16_t> a = values(1), b = values(2);
  auto run = [&](Arithmetic arithmetic, const Schedule &schedule) {
    Kernels k("hopper.nvcc");
    k.arithmetic = arithmetic;
    schedule.applyTo(k);
    uint64_t aAt = k.put(a), bAt = k.put(b), out = k.room<float>(64 * 64);
    hopper::Map aMap =
        hopper::mapOf(aAt, hopper::kBf16, 64, kDepth, 64, 64, 128);
    hopper::Map bMap =
        hopper::mapOf(bAt, hopper::kBf16, 64, kDepth, 64, 64, 128);
    k.dynamicShared = 4 * 64 * 128;
    k.launch("gemm_128", {1}, {128}, aMap, bMap, aAt, kDepth, out);
    return k.get<uint32_t>(out, 64 * 64);
  };
  for (Arithmetic arithmetic : {Arithmetic::Fast, Arithmetic::Exact})
    EXPECT_EQ(schedulesThatDiffer([&](const Schedule &schedule) {
                return run(arithmetic, schedule);
              }),
              std::vector<std::string>());
  Schedule late{Completion::Late, 0};
  EXPECT_NE(run(Arithmetic::Fast, late), run(Arithmetic::Exact, late));
}

/// Sums that atomics make are in the order of the warps.
TEST(Exact, WhatIsNotDeterministicDiffers) {
  auto sums = [](const char *type, const char *one) {
    return schedulesThatDiffer([&](const Schedule &schedule) {
      auto k = Kernels::of(
          std::string(kHeader) +
          ".visible .entry k(.param .u64 out)\n{\n.reg .b32 %r<4>; .reg .b64 "
          "%rd<2>; .reg .f32 %f<4>;\nld.param.u64 %rd0, [out];\n"
          "mov.u32 %r0, %tid.x;\nshr.u32 %r1, %r0, 5;\n"
          "cvt.rn.f32.u32 %f0, %r1;\nex2.approx.f32 %f1, %f0;\n"
          "mul.f32 %f1, %f1, %f1;\nmul.f32 %f1, %f1, %f1;\n"
          "add.f32 %f1, %f1, 0f3f99999a;\n"
          "red.global.add." +
          std::string(type) + " [%rd0], " + one + ";\nret;\n}\n");
      schedule.applyTo(*k);
      uint64_t out = k->put(std::vector<uint32_t>(1, 0));
      k->launch("k", {1}, {256}, out);
      return k->get<uint32_t>(out, 1);
    });
  };
  EXPECT_FALSE(sums("f32", "%f1").empty());
  EXPECT_TRUE(sums("u32", "%r1").empty());
}
