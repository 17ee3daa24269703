//===- WarpGroup.cpp - wgmma of four warps --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/WarpGroup.h"
#include "Machine/Cta.h"

#include <algorithm>
#include <cstring>

using namespace attnrt::sim;

void WarpGroup::clear() {
  ops.clear();
  first = 0;
  std::fill(std::begin(issued), std::end(issued), 0);
  std::fill(std::begin(committed), std::end(committed), 0);
}

WgmmaOp &WarpGroup::issue(unsigned warp) {
  uint64_t number = issued[warp]++;
  if (number == first + ops.size()) {
    ops.emplace_back();
    ops.back().number = number;
  }
  WgmmaOp &op = ops[number - first];
  op.issued |= 1u << warp;
  return op;
}

void WarpGroup::commit(unsigned warp) {
  for (WgmmaOp &op : ops)
    if (op.issued >> warp & 1 && op.group[warp] == WgmmaOp::kUncommitted)
      op.group[warp] = committed[warp];
  ++committed[warp];
}

std::vector<WgmmaOp *> WarpGroup::due(unsigned warp, uint32_t left) {
  std::vector<WgmmaOp *> out;
  for (WgmmaOp &op : ops)
    if (op.issued >> warp & 1 && !(op.waited >> warp & 1) &&
        op.group[warp] != WgmmaOp::kUncommitted &&
        uint64_t(op.group[warp]) + left < committed[warp])
      out.push_back(&op);
  return out;
}

void WarpGroup::markWaited(unsigned warp) {
  for (WgmmaOp &op : ops)
    if (!(op.waited >> warp & 1)) {
      op.waited |= 1u << warp;
      break;
    }
  while (!ops.empty() && ops.front().waited == WgmmaOp::kAllWarps) {
    ops.pop_front();
    ++first;
  }
}

const WgmmaOp *WarpGroup::unfinishedOf(unsigned warp) const {
  for (const WgmmaOp &op : ops)
    if (op.issued >> warp & 1 && !(op.waited >> warp & 1))
      return &op;
  return nullptr;
}

const WgmmaOp *WarpGroup::userOf(const Cta &cta, unsigned warp,
                                 uint16_t row) const {
  const sim::Kernel &kernel = cta.launch.kernel;
  for (const WgmmaOp &op : ops) {
    if (!(op.issued >> warp & 1) || op.waited >> warp & 1)
      continue;
    const uint16_t *list = &kernel.pool[op.op->list];
    if (std::find(list, list + op.op->count, row) != list + op.op->count)
      return &op;
  }
  return nullptr;
}

static constexpr size_t kRowBytes = 32 * sizeof(uint32_t);

void WgmmaRegisters::veil(uint16_t r, uint32_t *lanes) {
  if (veiled[r])
    return;
  veiled[r] = true;
  std::memcpy(&values[size_t(r) * 32], lanes, kRowBytes);
  std::memset(lanes, 0xff, kRowBytes); // NaN in every type
}

void WgmmaRegisters::unveil(uint16_t r, uint32_t *lanes) {
  if (!veiled[r])
    return;
  veiled[r] = false;
  std::memcpy(lanes, &values[size_t(r) * 32], kRowBytes);
}
