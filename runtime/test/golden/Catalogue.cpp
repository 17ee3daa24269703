//===- Catalogue.cpp - All probes -----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Probe.h"

#include "Hash.h"

#include <cstdio>
#include <iterator>

namespace attnrt::golden {

std::vector<Probe> catalogue(Sizes sizes) {
  std::vector<Probe> all;
  for (std::vector<Probe> family :
       {elementaryProbes(sizes), conversionProbes(sizes), mmaProbes(sizes),
        wgmmaProbes(sizes), layoutProbes(), fragmentProbes(), tensorProbes(),
        machineProbes()})
    all.insert(all.end(), std::make_move_iterator(family.begin()),
               std::make_move_iterator(family.end()));
  return all;
}

Words inputsOf(const Probe &probe, uint64_t seed) {
  Random random(seed ^ hashOf(probe.name));
  return probe.inputs(random);
}

std::string hex(uint32_t word) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", word);
  return text;
}

} // namespace attnrt::golden
