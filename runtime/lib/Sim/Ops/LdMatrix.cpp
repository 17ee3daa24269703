//===- LdMatrix.cpp - ldmatrix, stmatrix and movmatrix --------------------===//
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

/// Gives each lane its part of a matrix.
template <bool kTrans>
void distribute(const Matrix &m, uint32_t *d) {
  if (kTrans)
    transposed(m, d);
  else
    std::memcpy(d, m, 128);
}

/// Undefined bits go where the values go.
template <bool kTrans>
void fillUndefined(Warp &warp, uint16_t to, uint32_t mask, const Resolved &from,
                   unsigned matrix) {
  alignas(16) Matrix bits;
  for (unsigned r = 0; r < 8; ++r)
    for (unsigned c = 0; c < 8; ++c)
      bits[r][c] = undefinedElement<uint16_t>(from, 8 * matrix + r, 2 * c);
  uint32_t out[32];
  distribute<kTrans>(bits, out);
  warp.setUndefinedBits(to, mask, out);
}

/// aux: the Target.
template <bool kTrans>
Step ldmatrix(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  unsigned rows = 8u * op.count;
  uint32_t readers = rows == 32 ? ~0u : (1u << rows) - 1;
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved from;
  resolve(warp, op, mask & readers, Target(op.aux), Intent::Read, addresses,
          warp.poison[op.src[0]], 16, from);
  for (unsigned j = 0; j < op.count; ++j) {
    uint16_t to = warp.cta.launch.kernel.pool[op.list + j];
    alignas(16) Matrix m;
    for (unsigned r = 0; r < 8; ++r)
      std::memcpy(m[r], from.at[8 * j + r], 16);
    uint32_t *d = warp.row(to);
    if (mask == ~0u) {
      distribute<kTrans>(m, d);
    } else {
      uint32_t whole[32];
      distribute<kTrans>(m, whole);
      LANE_LOOP d[i] = mask >> i & 1 ? whole[i] : d[i];
    }
    if (from.anyUndefined)
      fillUndefined<kTrans>(warp, to, mask, from, j);
    else
      warp.setPoison(to, mask, 0);
  }
  return Step::Next;
}

/// The inverse of ldmatrix. aux: the Target.
template <bool kTrans>
Step stmatrix(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  unsigned rows = 8u * op.count;
  uint32_t writers = rows == 32 ? ~0u : (1u << rows) - 1;
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved to;
  resolve(warp, op, mask & writers, Target(op.aux), Intent::Write, addresses,
          warp.poison[op.src[0]], 16, to);
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
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Matrix m;
  std::memcpy(m, warp.row(op.src[0]), sizeof(m));
  uint32_t out[32];
  transposed(m, out);
  uint32_t undefined[32], whose = warp.poison[op.src[0]];
  if (whose) {
    uint32_t in[32];
    for (unsigned i = 0; i < 32; ++i)
      in[i] = warp.undefinedBits<uint32_t>(op.src[0], i);
    std::memcpy(m, in, sizeof(m));
    transposed(m, undefined);
  }
  uint32_t *d = warp.row(op.dst[0]);
  LANE_LOOP d[i] = mask >> i & 1 ? out[i] : d[i];
  if (whose)
    warp.setUndefinedBits(op.dst[0], mask, undefined);
  else
    warp.setPoison(op.dst[0], mask, 0);
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
