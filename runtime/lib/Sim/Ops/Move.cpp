//===- Move.cpp - Moves, packing, address spaces --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

template <typename T>
struct Same {
  static T apply(T a) { return a; }
};

Step movePred(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &a = warp.preds[op.src[0]];
  uint32_t value = op.negated ? ~a.value : a.value;
  Predicate &d = warp.preds[op.dst[0]];
  d.poison = (d.poison & ~mask) | (a.poison & mask);
  d.value = (d.value & ~mask) | (value & mask);
  return Step::Next;
}

uint64_t undefinedOf(const Warp &warp, uint16_t row, unsigned lane, bool wide) {
  return wide ? warp.undefinedBits<uint64_t>(row, lane)
              : warp.undefinedBits<uint32_t>(row, lane);
}

/// `bits` has 64 for each lane; the register has as many, or half of that.
void setUndefined(Warp &warp, uint16_t row, uint32_t mask, bool wide,
                  const uint64_t *bits) {
  if (wide)
    return warp.setUndefinedBits(row, mask, bits);
  uint32_t narrow[32];
  for (int i = 0; i < 32; ++i)
    narrow[i] = static_cast<uint32_t>(bits[i]);
  warp.setUndefinedBits(row, mask, narrow);
}

/// {a, b} -> d; the first element is the lowest. aux: bits per element.
Step pack(Warp &warp, const Op &op, uint32_t mask) {
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  bool wide = op.aux * op.count == 64;
  uint64_t keep = op.aux == 32 ? 0xffffffffu : 0xffffu;
  uint32_t poison = 0;
  uint64_t out[32] = {}, undefined[32] = {};
  for (unsigned e = 0; e < op.count; ++e) {
    const uint32_t *row = warp.row(list[e]);
    for (int i = 0; i < 32; ++i)
      out[i] |= (row[i] & keep) << (op.aux * e);
    uint32_t here = warp.poison[list[e]] & mask;
    poison |= here;
    for (; here; here &= here - 1) {
      unsigned i = __builtin_ctz(here);
      undefined[i] |= (undefinedOf(warp, list[e], i, false) & keep)
                      << (op.aux * e);
    }
  }
  uint32_t *d = warp.row(op.dst[0]);
  uint64_t *d64 = warp.row64(op.dst[0]);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    if (wide)
      d64[i] = out[i];
    else
      d[i] = static_cast<uint32_t>(out[i]);
  }
  if (poison)
    setUndefined(warp, op.dst[0], mask, wide, undefined);
  else
    warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

Step unpack(Warp &warp, const Op &op, uint32_t mask) {
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  bool wide = op.aux * op.count == 64;
  uint64_t keep = op.aux == 32 ? 0xffffffffu : 0xffffu;
  uint64_t in[32], undefined[32] = {};
  for (int i = 0; i < 32; ++i)
    in[i] = wide ? warp.row64(op.src[0])[i] : warp.row(op.src[0])[i];
  uint32_t poison = warp.poison[op.src[0]] & mask;
  for (uint32_t rest = poison; rest; rest &= rest - 1) {
    unsigned i = __builtin_ctz(rest);
    undefined[i] = undefinedOf(warp, op.src[0], i, wide);
  }
  for (unsigned e = 0; e < op.count; ++e) {
    uint32_t *d = warp.row(list[e]);
    uint32_t bits[32];
    for (int i = 0; i < 32; ++i) {
      if (mask >> i & 1)
        d[i] = static_cast<uint32_t>(in[i] >> (op.aux * e) & keep);
      bits[i] = static_cast<uint32_t>(undefined[i] >> (op.aux * e) & keep);
    }
    if (poison)
      warp.setUndefinedBits(list[e], mask, bits);
    else
      warp.setPoison(list[e], mask, 0);
  }
  return Step::Next;
}

/// Clocks count the warp's own instructions, so that runs repeat.
Step clock(Warp &warp, const Op &op, uint32_t mask) {
  uint64_t now = ++warp.instructions;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    if (op.aux == 8)
      warp.row64(op.dst[0])[i] = now;
    else
      warp.row(op.dst[0])[i] = static_cast<uint32_t>(now);
  }
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

/// Every bit keeps its place, or becomes a constant.
template <typename T, typename F>
Handler copyBits() {
  return mapTracked<F, rule::Copy, T, T>;
}

bool bindMov(const Match &match, Op &op) {
  if (match.type() == Type::Pred)
    return setHandler(op, movePred);
  unsigned bytes = ptx::bytesOf(match.type());
  switch (op.imm2) {
  case 1:
  case 2:
    op.aux = 8 * bytes / op.count;
    return setHandler(op, op.imm2 == 1 ? pack : unpack);
  case 3:
    op.aux = bytes;
    return setHandler(op, bytes >= 4 ? clock : nullptr);
  default:
    return setHandler(op, bytes == 8 ? copyBits<uint64_t, Same<uint64_t>>()
                                     : copyBits<uint32_t, Same<uint32_t>>());
  }
}

template <uint64_t kWindow>
struct ToGeneric {
  static uint64_t apply(uint64_t a) { return a | kWindow; }
};
template <uint64_t kWindow>
struct FromGeneric {
  static uint64_t apply(uint64_t a) { return a & ~kWindowMask; }
};

template <uint64_t kWindow>
Handler convert(bool to) {
  return to ? copyBits<uint64_t, FromGeneric<kWindow>>()
            : copyBits<uint64_t, ToGeneric<kWindow>>();
}

Handler cvta(const Match &match) {
  bool to = match.has("to");
  if (match.type() != Type::U64)
    return nullptr;
  if (match.has("shared") || match.has("shared::cta") ||
      match.has("shared::cluster"))
    return convert<kSharedWindow>(to);
  if (match.has("local"))
    return convert<kLocalWindow>(to);
  if (match.has("param") || match.has("param::entry"))
    return convert<kParamWindow>(to);
  return copyBits<uint64_t, Same<uint64_t>>();
}

/// The space of isspacep.const; other spaces are numbers of windows.
constexpr uint32_t kConstSpace = 5;

/// Constant variables lie among the global ones.
bool isConstant(const Launch &launch, uint64_t address) {
  const std::vector<ptx::Variable> &variables = launch.program.variables;
  for (size_t v = 0; v < variables.size(); ++v)
    if (variables[v].space == ptx::Space::Const &&
        address - launch.variableAddresses[v] < variables[v].bytes)
      return true;
  return false;
}

uint32_t spaceOf(const Launch &launch, uint64_t address) {
  uint32_t window = static_cast<uint32_t>(address >> 60);
  return window == 0 && isConstant(launch, address) ? kConstSpace : window;
}

/// Bits of a shared address that say which CTA of the cluster has it.
constexpr uint64_t kAnotherRank = uint64_t(0xf) << 24;

Step isspacep(Warp &warp, const Op &op, uint32_t mask) {
  const uint64_t *a = warp.row64(op.src[0]);
  uint32_t bits = 0;
  for (int i = 0; i < 32; ++i) {
    bool isThere = spaceOf(warp.cta.launch, a[i]) == op.aux;
    // Memory of another CTA of the cluster.
    if (op.imm3 && a[i] & kAnotherRank)
      isThere = false;
    bits |= uint32_t(isThere) << i;
  }
  Predicate &d = warp.preds[op.dst[0]];
  d.value = (d.value & ~mask) | (bits & mask);
  d.poison = (d.poison & ~mask) | (warp.poison[op.src[0]] & mask);
  return Step::Next;
}

} // namespace

bool bindMove(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Mov:
    return bindMov(match, op);
  case Sem::Cvta:
    return setHandler(op, cvta(match));
  case Sem::Isspacep:
    op.imm3 = match.has("shared") || match.has("shared::cta");
    op.aux = match.has("local")                                ? 2
             : match.has("param") || match.has("param::entry") ? 3
             : op.imm3 || match.has("shared::cluster")         ? 1
             : match.has("const")                              ? kConstSpace
                                                               : 0;
    return setHandler(op, isspacep);
  default:
    return false;
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
