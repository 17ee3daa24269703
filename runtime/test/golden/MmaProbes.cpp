//===- MmaProbes.cpp - Products of a warp ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fragments are drawn word by word: what tensor cores do to the bits does not
// depend on which element is where.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include <iterator>

namespace attnrt::golden {

namespace {

struct Form {
  const char *shape;
  Format factors, result;
  unsigned a, b, c; // words of a lane
};

constexpr Form kForms[] = {
    {"m16n8k16", kBF16, kF32, 4, 2, 4}, {"m16n8k16", kF16, kF32, 4, 2, 4},
    {"m16n8k16", kF16, kF16, 4, 2, 2},  {"m16n8k8", kBF16, kF32, 2, 1, 4},
    {"m16n8k8", kF16, kF32, 2, 1, 4},   {"m16n8k8", kF16, kF16, 2, 1, 2},
    {"m16n8k8", kTF32, kF32, 4, 2, 4},  {"m16n8k4", kTF32, kF32, 2, 1, 4},
};

/// How products are summed differs between these.
struct Generation {
  const char *name, *target;
  Chips chips;
};
constexpr Generation kGenerations[] = {{"mma80", "sm_80", {80, 89}},
                                       {"mma90", "sm_90", {90, 999}}};

constexpr unsigned kLanes = 32;

std::string listOf(const char *stem, unsigned count) {
  std::string out = "{";
  for (unsigned i = 0; i < count; ++i)
    out += (i ? ", " : "") + (stem + std::to_string(i));
  return out + "}";
}

std::string textOf(const Form &form, const char *target) {
  std::string text =
      std::string(".version 8.0\n.target ") + target +
      "\n.address_size 64\n"
      ".visible .entry probe(.param .u64 in, .param .u64 out)\n{\n"
      ".reg .b32 %a<4>, %b<4>, %c<4>, %tile, %lane; .reg .b64 %in, %out, %by;\n"
      "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
      "cvta.to.global.u64 %in, %in;\ncvta.to.global.u64 %out, %out;\n"
      "mov.u32 %tile, %ctaid.x;\nmov.u32 %lane, %tid.x;\n"
      "mad.lo.u32 %lane, %tile, 32, %lane;\nmul.wide.u32 %by, %lane, " +
      std::to_string(4 * (form.a + form.b + form.c)) +
      ";\nadd.s64 %in, %in, %by;\nmul.wide.u32 %by, %lane, " +
      std::to_string(4 * form.c) + ";\nadd.s64 %out, %out, %by;\n";
  unsigned at = 0;
  auto load = [&](const char *stem, unsigned count) {
    for (unsigned i = 0; i < count; ++i, at += 4)
      text += "ld.global.b32 " + (stem + std::to_string(i)) + ", [%in+" +
              std::to_string(at) + "];\n";
  };
  load("%a", form.a);
  load("%b", form.b);
  load("%c", form.c);
  std::string c = listOf("%c", form.c);
  text += std::string("mma.sync.aligned.") + form.shape + ".row.col." +
          form.result.name + "." + form.factors.name + "." + form.factors.name +
          "." + form.result.name + " " + c + ", " + listOf("%a", form.a) +
          ", " + listOf("%b", form.b) + ", " + c + ";\n";
  for (unsigned i = 0; i < form.c; ++i)
    text += "st.global.b32 [%out+" + std::to_string(4 * i) + "], %c" +
            std::to_string(i) + ";\n";
  return text + "ret;\n}\n";
}

Words inputsOf(Random &random, const Form &form, unsigned tiles) {
  Words out;
  auto add = [&](unsigned count, const Format &format, auto draw) {
    for (unsigned i = 0; i < count; ++i)
      out.push_back(packed(format, draw));
  };
  for (Kind kind : kKinds)
    for (unsigned lane = 0; lane < tiles * kLanes; ++lane) {
      add(form.a, form.factors,
          [&] { return drawA(random, form.factors, kind); });
      add(form.b, form.factors,
          [&] { return drawB(random, form.factors, kind); });
      add(form.c, form.result,
          [&] { return drawC(random, form.result, form.factors, kind); });
    }
  return out;
}

Probe probeOf(const Form &form, const Generation &generation, Sizes sizes) {
  Probe probe;
  unsigned tiles = sizes.mmaTiles();
  probe.name = std::string(generation.name) + "." + form.shape + "." +
               form.factors.name + "." + form.result.name;
  probe.about = "how products are aligned, cut off, summed and rounded";
  probe.chips = generation.chips;
  probe.ptx = textOf(form, generation.target);
  probe.shape.grid.x = static_cast<uint32_t>(std::size(kKinds)) * tiles;
  probe.shape.block.x = kLanes;
  probe.inputs = [=](Random &random) { return inputsOf(random, form, tiles); };
  probe.outputWords = probe.shape.grid.x * kLanes * form.c;
  probe.element = form.result.bits() == 16 ? Element::F16 : Element::F32;
  probe.place = [=](const Words &, size_t word) {
    size_t lane = word / form.c, tile = lane / kLanes;
    return "register " + std::to_string(word % form.c) + " of lane " +
           std::to_string(lane % kLanes) + ", tile " + std::to_string(tile) +
           " (" + nameOf(kKinds[tile / tiles]) + ")";
  };
  return probe;
}

} // namespace

std::vector<Probe> mmaProbes(Sizes sizes) {
  std::vector<Probe> out;
  for (const Generation &generation : kGenerations)
    for (const Form &form : kForms)
      out.push_back(probeOf(form, generation, sizes));
  return out;
}

} // namespace attnrt::golden
