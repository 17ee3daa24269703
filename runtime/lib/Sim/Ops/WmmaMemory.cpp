//===- WmmaMemory.cpp - Loads and stores of fragments of wmma -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Collective.h"
#include "Ops/Definedness.h"
#include "Ops/Resolve.h"
#include "Ops/Wmma.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

using namespace wmma;

namespace {

uint64_t bitsAt(Warp &warp, uint16_t row, unsigned lane, bool wide) {
  return wide ? warp.row64(row)[lane] : warp.row(row)[lane];
}

/// Addresses of the units in a slot of all lanes.
void addressesOf(Warp &warp, const Op &op, const Form &form,
                 const Layout &layout, unsigned slot, uint64_t (&out)[32]) {
  uint64_t base[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, base);
  bool byColumn = form.byColumn != layout.transposed;
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned unit = layout.unitAt(slot, lane);
    unsigned row = unit / layout.columns, column = unit % layout.columns;
    uint64_t stride = op.src[1]  ? warp.row(op.src[1])[lane] / layout.perUnit
                      : byColumn ? layout.rows
                                 : layout.columns;
    uint64_t at = byColumn ? column * stride + row : row * stride + column;
    out[lane] = base[lane] + at * (layout.unitBits / 8);
  }
}

/// What a load and a store know of their fragment.
struct Access {
  Form form;
  Layout layout;
  const uint16_t *list; // its registers
  unsigned bytes, each; // of a unit; units of a register

  Access(Warp &warp, const Op &op, uint32_t mask)
      : form(formOf(op)), layout(form, form.part, form.type),
        list(&warp.cta.launch.kernel.pool[op.list]), bytes(layout.unitBits / 8),
        each(layout.perRegister()) {
    if (op.src[1])
      demandDefined(warp, op, mask, warp.poison[op.src[1]], "stride");
  }
};

} // namespace

Step wmma::loadFragment(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Access access(warp, op, mask);
  auto [form, layout, list, bytes, each] = access;
  for (unsigned r = 0; r < op.count; ++r) {
    uint64_t values[32] = {}, undefined[32] = {};
    for (unsigned e = 0; e < each; ++e) {
      uint64_t addresses[32];
      addressesOf(warp, op, form, layout, r * each + e, addresses);
      Resolved from;
      resolve(warp, op, mask, Target(form.target), Intent::Read, addresses,
              warp.poison[op.src[0]], bytes, from);
      for (unsigned lane = 0; lane < 32; ++lane) {
        uint64_t value = 0;
        std::memcpy(&value, from.at[lane], bytes);
        values[lane] |= value << (layout.unitBits * e % 64);
        if (from.anyUndefined)
          for (unsigned b = 0; b < bytes; ++b)
            if (from.undefined[lane] >> b & 1)
              undefined[lane] |= uint64_t(0xff)
                                 << (layout.unitBits * e % 64 + 8 * b);
      }
    }
    uint32_t narrow[32];
    for (unsigned lane = 0; lane < 32; ++lane) {
      narrow[lane] = static_cast<uint32_t>(undefined[lane]);
      if (!(mask >> lane & 1))
        continue;
      if (bytes == 8)
        warp.row64(list[r])[lane] = values[lane];
      else
        warp.row(list[r])[lane] = static_cast<uint32_t>(values[lane]);
    }
    if (bytes == 8)
      warp.setUndefinedBits(list[r], mask, undefined);
    else
      warp.setUndefinedBits(list[r], mask, narrow);
  }
  return Step::Next;
}

Step wmma::storeFragment(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Access access(warp, op, mask);
  auto [form, layout, list, bytes, each] = access;
  for (unsigned r = 0; r < op.count; ++r) {
    demandDefined(warp, op, mask, warp.poison[list[r]], "stored value");
    for (unsigned e = 0; e < each; ++e) {
      uint64_t addresses[32];
      addressesOf(warp, op, form, layout, r * each + e, addresses);
      Resolved to;
      resolve(warp, op, mask, Target(form.target), Intent::Write, addresses,
              warp.poison[op.src[0]], bytes, to);
      for (uint32_t rest = to.lanes; rest; rest &= rest - 1) {
        unsigned lane = __builtin_ctz(rest);
        uint64_t value = bitsAt(warp, list[r], lane, bytes == 8) >>
                         (layout.unitBits * e % 64);
        std::memcpy(to.at[lane], &value, bytes);
      }
    }
  }
  return Step::Next;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
