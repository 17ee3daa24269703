//===- WgmmaProbes.cpp - Products of a warpgroup --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What becomes of the bits; where operands lie is LayoutProbes.cpp.
//
//===----------------------------------------------------------------------===//

#include "Warpgroup.h"

#include <iterator>

namespace attnrt::golden {

namespace {

struct Form {
  Format a, b, result;
};

constexpr Form kForms[] = {
    {kBF16, kBF16, kF32}, {kF16, kF16, kF32},   {kF16, kF16, kF16},
    {kTF32, kTF32, kF32}, {kE4M3, kE4M3, kF32}, {kE5M2, kE5M2, kF32},
    {kE4M3, kE5M2, kF32}, {kE5M2, kE4M3, kF32}, {kE4M3, kE4M3, kF16},
    {kE5M2, kE5M2, kF16},
};

Words inputsOf(Random &random, const Warpgroup &w, unsigned tiles) {
  Words out;
  for (Kind kind : kKinds)
    for (unsigned tile = 0; tile < tiles; ++tile) {
      auto add = [&](unsigned count, const Format &format, auto draw) {
        for (unsigned i = 0; i < count; ++i)
          out.push_back(packed(format, draw));
      };
      add(w.imageBytes / 4, w.b, [&] { return drawB(random, w.b, kind); });
      add(4 * w.kThreads, w.a, [&] { return drawA(random, w.a, kind); });
      add(w.accumulators() * w.kThreads, w.result,
          [&] { return drawC(random, w.result, w.a, kind); });
    }
  return out;
}

Probe probeOf(const Form &form, Sizes sizes) {
  Warpgroup w;
  w.a = form.a;
  w.b = form.b;
  w.result = form.result;
  w.columns = 32;
  w.imageBytes = w.columns * 128;
  unsigned tiles = sizes.wgmmaTiles();
  std::string name = std::string("wgmma.") + form.a.name + "." + form.b.name +
                     "." + form.result.name;
  Probe probe = probeOf(w, name, std::size(kKinds) * tiles);
  probe.about = "how products are aligned, cut off, summed and rounded";
  probe.inputs = [=](Random &random) { return inputsOf(random, w, tiles); };
  probe.place = [=](const Words &, size_t word) {
    size_t thread = word / w.accumulators(), tile = thread / w.kThreads;
    return "register " + std::to_string(word % w.accumulators()) +
           " of thread " + std::to_string(thread % w.kThreads) + ", tile " +
           std::to_string(tile) + " (" + nameOf(kKinds[tile / tiles]) + ")";
  };
  return probe;
}

} // namespace

std::vector<Probe> wgmmaProbes(Sizes sizes) {
  std::vector<Probe> out;
  for (const Form &form : kForms)
    out.push_back(probeOf(form, sizes));
  return out;
}

} // namespace attnrt::golden
