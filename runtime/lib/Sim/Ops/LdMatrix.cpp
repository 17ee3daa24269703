//===- LdMatrix.cpp - ldmatrix, stmatrix and movmatrix
//---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matrix j is eight rows of 16 bytes; lane 8j+r gives the address of row r.
// Register j of lane L holds row L/4, columns 2(L%4) and the next; transposed,
// it holds rows 2(L%4) and the next of column L/4.
//
//===----------------------------------------------------------------------===//

#include "Ops/Collective.h"
#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

using Matrix = uint16_t[8][8];

void transposed(const Matrix &m, uint32_t *d) {
  for (int lane = 0; lane < 32; ++lane) {
    int row = lane % 4 * 2, column = lane / 4;
    d[lane] = uint32_t(m[row + 1][column]) << 16 | m[row][column];
  }
}

void gatherTransposed(const uint32_t *s, Matrix &m) {
  for (int lane = 0; lane < 32; ++lane) {
    int row = lane % 4 * 2, column = lane / 4;
    m[row][column] = static_cast<uint16_t>(s[lane]);
    m[row + 1][column] = static_cast<uint16_t>(s[lane] >> 16);
  }
}

/// Undefined lanes of register j from undefined words of the address lanes.
template <bool kTrans>
uint32_t spreadPoison(const Resolved &from, unsigned matrix) {
  uint32_t poison = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = kTrans ? lane % 4 * 2 : lane / 4;
    unsigned word = kTrans ? lane / 4 / 2 : lane % 4;
    uint32_t bad = from.poison[word] >> (8 * matrix + row) & 1;
    if (kTrans)
      bad |= from.poison[word] >> (8 * matrix + row + 1) & 1;
    poison |= bad << lane;
  }
  return poison;
}

/// aux: the Target.
template <bool kTrans>
Step ldmatrix(Warp &warp, const Op &op, uint32_t mask) {
  demandAligned(warp, op, mask);
  unsigned rows = 8u * op.count;
  uint32_t readers = rows == 32 ? ~0u : (1u << rows) - 1;
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved from;
  resolve(warp, op, mask & readers, Target(op.aux), Intent::Read, addresses,
          warp.poison[op.src[0]], 16, 4, from);
  for (unsigned j = 0; j < op.count; ++j) {
    uint16_t to = warp.cta.launch.kernel.pool[op.list + j];
    alignas(16) Matrix m;
    for (unsigned r = 0; r < 8; ++r)
      std::memcpy(m[r], from.at[8 * j + r], 16);
    uint32_t *d = warp.row(to);
    if (mask == ~0u) {
      if (kTrans)
        transposed(m, d);
      else
        std::memcpy(d, m, 128);
    } else {
      uint32_t whole[32];
      if (kTrans)
        transposed(m, whole);
      else
        std::memcpy(whole, m, 128);
      LANE_LOOP d[i] = mask >> i & 1 ? whole[i] : d[i];
    }
    warp.setPoison(to, mask,
                   from.anyPoison ? spreadPoison<kTrans>(from, j) : 0);
  }
  return Step::Next;
}

/// The inverse of ldmatrix. aux: the Target.
template <bool kTrans>
Step stmatrix(Warp &warp, const Op &op, uint32_t mask) {
  demandAligned(warp, op, mask);
  unsigned rows = 8u * op.count;
  uint32_t writers = rows == 32 ? ~0u : (1u << rows) - 1;
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved to;
  resolve(warp, op, mask & writers, Target(op.aux), Intent::Write, addresses,
          warp.poison[op.src[0]], 16, 4, to);
  for (unsigned j = 0; j < op.count; ++j) {
    uint16_t from = warp.cta.launch.kernel.pool[op.list + j];
    demandDefined(warp, op, mask, warp.poison[from], "stored value");
    alignas(16) Matrix m;
    if (kTrans)
      gatherTransposed(warp.row(from), m);
    else
      std::memcpy(m, warp.row(from), 128);
    for (unsigned r = 0; r < 8; ++r)
      std::memcpy(to.at[8 * j + r], m[r], 16);
  }
  return Step::Next;
}

Step movmatrix(Warp &warp, const Op &op, uint32_t mask) {
  demandAligned(warp, op, mask);
  Matrix m;
  std::memcpy(m, warp.row(op.src[0]), sizeof(m));
  uint32_t out[32];
  transposed(m, out);
  uint32_t *d = warp.row(op.dst[0]);
  LANE_LOOP d[i] = mask >> i & 1 ? out[i] : d[i];
  uint32_t poison = warp.poison[op.src[0]];
  warp.setPoison(op.dst[0], mask, poison ? ~0u : 0);
  return Step::Next;
}

} // namespace

bool bindLdMatrix(const Match &match, Op &op) {
  if (match.sem() == Sem::Movmatrix)
    return setHandler(op, movmatrix);
  op.aux = static_cast<uint32_t>(targetOf(match));
  bool trans = match.has("trans");
  if (match.sem() == Sem::Stmatrix)
    return setHandler(op, trans ? stmatrix<true> : stmatrix<false>);
  return setHandler(op, trans ? ldmatrix<true> : ldmatrix<false>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
