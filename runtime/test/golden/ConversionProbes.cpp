//===- ConversionProbes.cpp - Conversions between types -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Formats.h"

namespace attnrt::golden {

namespace {

/// Of one or two f32.
constexpr Elementwise kNarrowing[] = {
    {"cvt_bf16x2", "cvt.rn.bf16x2.f32: order, ties, NaN",
     "cvt.rn.bf16x2.f32 %d, %a, %b;", 2, Element::BF16},
    {"cvt_f16x2", "cvt.rn.f16x2.f32: order, ties, overflow",
     "cvt.rn.f16x2.f32 %d, %a, %b;", 2, Element::F16},
    {"cvt_bf16", "cvt.rn.bf16.f32",
     "cvt.rn.bf16.f32 %h, %a;\nmov.u16 %l, 0;\nmov.b32 %d, {%h, %l};", 1,
     Element::BF16},
    {"cvt_tf32", "cvt.rna.tf32.f32", "cvt.rna.tf32.f32 %d, %a;", 1,
     Element::F32},
    {"cvt_e4m3x2", "cvt.rn.satfinite.e4m3x2.f32: ties, saturation, NaN",
     "cvt.rn.satfinite.e4m3x2.f32 %h, %a, %b;\nmov.u16 %l, 0;\n"
     "mov.b32 %d, {%h, %l};",
     2, Element::Bits, "sm_90"},
    {"cvt_e5m2x2", "cvt.rn.satfinite.e5m2x2.f32: ties, saturation, NaN",
     "cvt.rn.satfinite.e5m2x2.f32 %h, %a, %b;\nmov.u16 %l, 0;\n"
     "mov.b32 %d, {%h, %l};",
     2, Element::Bits, "sm_90"},
};

/// Of all words of 16 bits, in the lower half of %a.
constexpr Elementwise kSixteen[] = {
    {"cvt_from_bf16", "cvt.ftz.f32.bf16 of all values",
     "mov.b32 {%h, %l}, %a;\ncvt.ftz.f32.bf16 %d, %h;", 1, Element::F32,
     "sm_90"},
    {"cvt_from_f16", "cvt.f32.f16 of all values",
     "mov.b32 {%h, %l}, %a;\ncvt.f32.f16 %d, %h;", 1, Element::F32},
    {"cvt_from_e4m3x2", "cvt.rn.f16x2.e4m3x2 of all pairs",
     "mov.b32 {%h, %l}, %a;\ncvt.rn.f16x2.e4m3x2 %d, %h;", 1, Element::F16,
     "sm_90"},
    {"cvt_from_e5m2x2", "cvt.rn.f16x2.e5m2x2 of all pairs",
     "mov.b32 {%h, %l}, %a;\ncvt.rn.f16x2.e5m2x2 %d, %h;", 1, Element::F16,
     "sm_90"},
    {"cvt_e4m3x2_from_f16", "cvt.rn.satfinite.e4m3x2.f16x2 of all values",
     "cvt.rn.satfinite.e4m3x2.f16x2 %h, %a;\nmov.u16 %l, 0;\n"
     "mov.b32 %d, {%h, %l};",
     1, Element::Bits, "sm_90"},
};

/// f32 at and beside the middle between neighbours of a type of few bits.
uint32_t drawMiddle(Random &random) {
  static constexpr unsigned kKept[] = {2, 3, 7, 10};
  unsigned rest = 23 - kKept[random.below(4)];
  uint32_t exponent = 127 - 20 + static_cast<uint32_t>(random.below(40));
  uint32_t mantissa =
      static_cast<uint32_t>(random.below(1u << 23)) >> rest << rest;
  uint32_t middle =
      kF32.encode(random.next() & 1, exponent, mantissa) | 1u << (rest - 1);
  return middle + static_cast<uint32_t>(random.below(3)) - 1;
}

Words narrowingOperands(Random &random, Sizes sizes) {
  Words out = singlesOfAllSizes(random, sizes.perExponent());
  for (unsigned i = 0; i < sizes.drawn(); ++i)
    out.push_back(drawMiddle(random));
  // Shuffled, so that pairs are of different sizes.
  for (size_t i = out.size() - 1; i > 0; --i)
    std::swap(out[i], out[random.below(i + 1)]);
  out.resize(out.size() / 2 * 2);
  return out;
}

Words allSixteen(Random &) {
  Words out(1 << 16);
  for (uint32_t i = 0; i < out.size(); ++i)
    out[i] = i;
  return out;
}

} // namespace

std::vector<Probe> conversionProbes(Sizes sizes) {
  std::vector<Probe> out;
  for (const Elementwise &row : kNarrowing)
    out.push_back(probeOf(
        row, [=](Random &random) { return narrowingOperands(random, sizes); }));
  for (const Elementwise &row : kSixteen)
    out.push_back(probeOf(row, allSixteen));
  return out;
}

} // namespace attnrt::golden
