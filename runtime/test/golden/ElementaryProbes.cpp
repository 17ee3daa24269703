//===- ElementaryProbes.cpp - Functions and arithmetic of f32 -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of ex2, lg2 and rcp one octave is tried whole: what the hardware's tables
// hold can be worked out from a recording, without another visit to a GPU.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Formats.h"

namespace attnrt::golden {

namespace {

constexpr Bound kTwoUlps = {2}, kOneUlp = {1};
// lg2 is bounded by an absolute error inside of (0.5, 2), else by a relative
// one.
constexpr Bound kLogarithm = {1, 0x1p-22, 0x1p-22};
constexpr Bound kCircle = {1, 0, 0x1p-20}, kFarCircle = {1, 0, 0x1p-14};
constexpr Bound kTanh = {1, 0x1p-10};

constexpr Elementwise kEx2 = {"ex2",
                              "ex2.approx.ftz.f32",
                              "ex2.approx.ftz.f32 %d, %a;",
                              1,
                              Element::F32,
                              "sm_80",
                              Demand::Near,
                              kTwoUlps};
constexpr Elementwise kEx2Kept = {"ex2_subnormals",
                                  "ex2.approx.f32 without ftz",
                                  "ex2.approx.f32 %d, %a;",
                                  1,
                                  Element::F32,
                                  "sm_80",
                                  Demand::Near,
                                  kTwoUlps};
constexpr Elementwise kLg2 = {"lg2",
                              "lg2.approx.ftz.f32",
                              "lg2.approx.ftz.f32 %d, %a;",
                              1,
                              Element::F32,
                              "sm_80",
                              Demand::Near,
                              kLogarithm};
constexpr Elementwise kRcp = {"rcp",
                              "rcp.approx.ftz.f32",
                              "rcp.approx.ftz.f32 %d, %a;",
                              1,
                              Element::F32,
                              "sm_80",
                              Demand::Near,
                              kOneUlp};
constexpr Elementwise kSin = {"sin",
                              "sin.approx.ftz.f32",
                              "sin.approx.ftz.f32 %d, %a;",
                              1,
                              Element::F32,
                              "sm_80",
                              Demand::Near,
                              kCircle};
constexpr Elementwise kCos = {"cos",
                              "cos.approx.ftz.f32",
                              "cos.approx.ftz.f32 %d, %a;",
                              1,
                              Element::F32,
                              "sm_80",
                              Demand::Near,
                              kCircle};
constexpr Elementwise kTanhRow = {"tanh",
                                  "tanh.approx.f32",
                                  "tanh.approx.f32 %d, %a;",
                                  1,
                                  Element::F32,
                                  "sm_80",
                                  Demand::Near,
                                  kTanh};

/// Arithmetic that IEEE 754 and the ISA define to the bit.
constexpr Elementwise kExact[] = {
    {"fma", "fma.rn.ftz.f32 at its ends", "fma.rn.ftz.f32 %d, %a, %b, %c;", 3,
     Element::F32},
    {"fma_subnormals", "fma.rn.f32 without ftz", "fma.rn.f32 %d, %a, %b, %c;",
     3, Element::F32},
    {"add", "add.rn.ftz.f32 at its ends", "add.rn.ftz.f32 %d, %a, %b;", 2,
     Element::F32},
    {"mul", "mul.rn.ftz.f32 at its ends", "mul.rn.ftz.f32 %d, %a, %b;", 2,
     Element::F32},
    {"max", "max.ftz.f32 of NaN, of zeros", "max.ftz.f32 %d, %a, %b;", 2,
     Element::F32},
    {"min", "min.ftz.f32 of NaN, of zeros", "min.ftz.f32 %d, %a, %b;", 2,
     Element::F32},
    {"max_nan", "max.ftz.NaN.f32", "max.ftz.NaN.f32 %d, %a, %b;", 2,
     Element::F32},
    {"min_nan", "min.ftz.NaN.f32", "min.ftz.NaN.f32 %d, %a, %b;", 2,
     Element::F32},
};

/// All values from `base` on, as far as its exponent goes; fewer where sizes
/// are small.
Probe octave(const Elementwise &row, const char *name, uint32_t base,
             Sizes sizes) {
  size_t count = size_t(1) << sizes.octaveBits();
  unsigned shift = kF32.mantissaBits - sizes.octaveBits();
  return probeOf(row, row.name + std::string(".") + name, count, [=](Random &) {
    Words out(count);
    for (size_t i = 0; i < count; ++i)
      out[i] = base + (static_cast<uint32_t>(i) << shift);
    return out;
  });
}

Probe allSizes(Elementwise row, Sizes sizes) {
  std::string name = std::string(row.name) + ".range";
  row.name = name.c_str();
  return probeOf(row, [=](Random &random) {
    return singlesOfAllSizes(random, sizes.perExponent());
  });
}

Probe between(Elementwise row, double least, double most, Sizes sizes) {
  std::string name = std::string(row.name) + ".near";
  row.name = name.c_str();
  return probeOf(row, [=](Random &random) {
    Words out(sizes.drawn());
    for (uint32_t &word : out)
      word = drawSingle(random, least, most);
    return out;
  });
}

/// Every corner with every other, and drawn operands.
Words operandsOf(Random &random, unsigned operands, unsigned drawn) {
  Words corners;
  for (uint32_t corner : singleCorners())
    corners.insert(corners.end(), {corner, corner | 0x80000000u});
  Words out;
  size_t cases = 1;
  for (unsigned i = 0; i < operands; ++i)
    cases *= i < 2 ? corners.size() : 8;
  for (size_t n = 0; n < cases; ++n) {
    size_t rest = n;
    for (unsigned i = 0; i < operands; ++i, rest /= corners.size())
      out.push_back(i < 2 ? corners[rest % corners.size()]
                          : corners[random.below(corners.size())]);
  }
  for (size_t n = 0; n < size_t(drawn) * operands; ++n)
    out.push_back(static_cast<uint32_t>(random.next()));
  return out;
}

} // namespace

std::vector<Probe> elementaryProbes(Sizes sizes) {
  std::vector<Probe> out = {octave(kEx2, "octave", 0x3f800000, sizes),
                            octave(kLg2, "octave", 0x3f800000, sizes),
                            octave(kRcp, "octave", 0x3f800000, sizes)};
  for (const Elementwise &row : {kEx2, kEx2Kept, kLg2, kRcp, kTanhRow})
    out.push_back(allSizes(row, sizes));
  // What the softmax asks for, and an angle of rotary positions.
  out.push_back(between(kEx2, -32, 0, sizes));
  out.push_back(between(kSin, -6.28, 6.28, sizes));
  out.push_back(between(kCos, -6.28, 6.28, sizes));
  out.push_back(between(kTanhRow, -8, 8, sizes));
  for (Elementwise row : {kSin, kCos}) {
    row.bound = kFarCircle;
    std::string name = std::string(row.name) + ".far";
    row.name = name.c_str();
    out.push_back(between(row, -314, 314, sizes));
    out.back().name = name;
  }
  for (const Elementwise &row : kExact)
    out.push_back(probeOf(row, [=](Random &random) {
      return operandsOf(random, row.operands, sizes.drawn() / 4);
    }));
  return out;
}

} // namespace attnrt::golden
