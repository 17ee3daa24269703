//===- UniformRows.cpp - Rows of constants and special registers ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/UniformRows.h"

using namespace attnrt::sim;

void UniformRows::useConstant(uint32_t draft, Place place, uint64_t bits,
                              bool wide, int variable) {
  Constant key{bits, wide, variable};
  auto [it, added] = constants.emplace(key, constantList.size());
  if (added)
    constantList.push_back(key);
  uses.push_back({draft, place, false, it->second});
}

void UniformRows::useSpecial(uint32_t draft, Place place, Special what) {
  auto [it, added] = specials.emplace(what, specialList.size());
  if (added)
    specialList.push_back(what);
  uses.push_back({draft, place, true, it->second});
}

uint32_t UniformRows::seal(uint32_t next, Kernel &kernel,
                           std::vector<Draft> &drafts) {
  std::vector<uint32_t> constantRows, specialRows;
  for (const Constant &constant : constantList) {
    if (constant.wide)
      next = (next + 1) & ~1u;
    constantRows.push_back(next);
    kernel.constants.push_back({static_cast<uint16_t>(next), constant.wide,
                                constant.bits, constant.variable});
    next += constant.wide ? 2 : 1;
  }
  for (Special what : specialList) {
    specialRows.push_back(next);
    kernel.specials.push_back({static_cast<uint16_t>(next++), what});
  }
  for (const Use &use : uses)
    putRow(drafts[use.draft].op, kernel.pool, use.place,
           static_cast<uint16_t>(use.isSpecial ? specialRows[use.index]
                                               : constantRows[use.index]));
  return next;
}
