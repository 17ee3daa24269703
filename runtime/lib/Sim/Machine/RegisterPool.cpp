//===- RegisterPool.cpp - Registers that move between warps ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/RegisterPool.h"

#include <algorithm>

using namespace attnrt::sim;

static constexpr unsigned kWarps = 4; // of a warpgroup

void RegisterPool::reset(uint32_t entryCount, unsigned warpCount) {
  entry = entryCount;
  left = 0;
  warps.assign(warpCount, {entry, 0});
  orders.assign((warpCount + kWarps - 1) / kWarps, {});
}

uint32_t RegisterPool::most() const {
  uint32_t all = entry * static_cast<uint32_t>(warps.size());
  uint32_t members = std::min<size_t>(warps.size(), kWarps);
  uint32_t others = static_cast<uint32_t>(warps.size()) - members;
  uint32_t least = std::min(kLeast, entry);
  return (all - others * least) / members;
}

void RegisterPool::set(unsigned warp, uint32_t count) {
  left += warps[warp].registers;
  left -= count;
  warps[warp].registers = count;
}

std::string RegisterPool::outOfTurn(unsigned warp, const Op &op) const {
  unsigned first = warp / kWarps * kWarps;
  if (first + kWarps > warps.size())
    return "expected a warpgroup of four warps";
  const std::vector<const Op *> &order = orders[warp / kWarps];
  size_t turn = warps[warp].executed;
  if (turn < order.size() && order[turn] != &op)
    return "another warp of the warpgroup executed that of line " +
           std::to_string(order[turn]->line) + " instead";
  for (unsigned w = first; w < first + kWarps; ++w)
    if (warps[w].executed < turn)
      return "warp " + std::to_string(w) +
             " of the warpgroup has not executed that of line " +
             std::to_string(order[turn - 1]->line) +
             " yet; expected a barrier between";
  return "";
}

void RegisterPool::note(unsigned warp, const Op &op) {
  std::vector<const Op *> &order = orders[warp / kWarps];
  if (warps[warp].executed++ == order.size())
    order.push_back(&op);
}

const Op *RegisterPool::missed(unsigned warp) const {
  const std::vector<const Op *> &order = orders[warp / kWarps];
  size_t turn = warps[warp].executed;
  return turn < order.size() ? order[turn] : nullptr;
}
