//===- Mma.cpp - mma.sync -------------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lane L = 4g + t. A register of 16-bit elements is an 8x8 block in row-major
// order when its lanes stand in a row: lane 4g+t holds row g, columns 2t and
// 2t+1. A consists of such blocks in column-major order of blocks, B of blocks
// of its transpose, C and D of pairs (columns 2t and 2t+1) for rows g and g+8.
//
// Operands are widened to f32 matrices, multiplied, and packed again. The
// product in between is one function, here or in Product.h.
//
//===----------------------------------------------------------------------===//

#include "Ops/Blocks.h"
#include "Ops/Collective.h"
#include "Ops/Product.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// Operands as matrices; kK columns of A are in use.
struct alignas(64) Tiles {
  float a[16][16];
  float b[16][8];
  float c[16][8];
};

/// c += a·b. As in the tensor cores, the products of one instruction are summed
/// before c is added: here in four partial sums (products k, k + 4, k + 8, …),
/// which keeps the roundings few and small beside those of c.
template <int kK>
void multiplyFast(Tiles &tiles) {
  constexpr int kSums = 4;
#if defined(__AVX2__) && defined(__FMA__)
  for (int r = 0; r < 16; ++r) {
    __m256 sum[kSums];
    for (int k = 0; k < kSums; ++k)
      sum[k] = _mm256_mul_ps(_mm256_broadcast_ss(&tiles.a[r][k]),
                             _mm256_load_ps(tiles.b[k]));
    for (int k = kSums; k < kK; ++k)
      sum[k % kSums] =
          _mm256_fmadd_ps(_mm256_broadcast_ss(&tiles.a[r][k]),
                          _mm256_load_ps(tiles.b[k]), sum[k % kSums]);
    __m256 products = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]),
                                    _mm256_add_ps(sum[2], sum[3]));
    _mm256_store_ps(tiles.c[r],
                    _mm256_add_ps(products, _mm256_load_ps(tiles.c[r])));
  }
#else
  for (int r = 0; r < 16; ++r)
    for (int n = 0; n < 8; ++n) {
      float sum[kSums];
      for (int k = 0; k < kSums; ++k)
        sum[k] = tiles.a[r][k] * tiles.b[k][n];
      for (int k = kSums; k < kK; ++k)
        sum[k % kSums] =
            __builtin_fmaf(tiles.a[r][k], tiles.b[k][n], sum[k % kSums]);
      tiles.c[r][n] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
#endif
}

/// The rows of an operand vector.
struct Operands {
  Warp &warp;
  const uint16_t *list;
  const uint32_t *row(unsigned i) const { return warp.row(list[i]); }
};

template <typename H, int kK>
void readHalves(const Operands &ops, unsigned a, unsigned b, Tiles &tiles) {
  for (unsigned r = 0; r < kK / 4; ++r)
    for (unsigned g = 0; g < 8; ++g)
      widenRow<H>(ops.row(a + r) + 4 * g,
                  &tiles.a[g + 8 * (r & 1)][8 * (r >> 1)]);
  for (unsigned r = 0; r < kK / 8; ++r) {
    alignas(32) float block[8][8];
    for (unsigned g = 0; g < 8; ++g)
      widenRow<H>(ops.row(b + r) + 4 * g, block[g]);
    transposeInto(block, tiles.b[8 * r]);
  }
}

template <int kK>
void readTf32(const Operands &ops, unsigned a, unsigned b, Tiles &tiles) {
  for (unsigned r = 0; r < kK / 2; ++r)
    for (unsigned lane = 0; lane < 32; ++lane)
      tiles.a[lane / 4 + 8 * (r & 1)][lane % 4 + 4 * (r >> 1)] =
          tf32(ops.row(a + r)[lane]);
  for (unsigned r = 0; r < kK / 4; ++r)
    for (unsigned lane = 0; lane < 32; ++lane)
      tiles.b[lane % 4 + 4 * r][lane / 4] = tf32(ops.row(b + r)[lane]);
}

void readSingles(const Operands &ops, unsigned c, Tiles &tiles) {
  for (unsigned i = 0; i < 4; i += 2)
    for (unsigned g = 0; g < 8; ++g)
      interleave(ops.row(c + i) + 4 * g, ops.row(c + i + 1) + 4 * g,
                 tiles.c[g + 4 * i]);
}

/// D in all lanes; the caller blends where lanes are missing.
void writeSingles(const Tiles &tiles, uint32_t (&d)[4][32]) {
  for (unsigned i = 0; i < 4; i += 2)
    for (unsigned g = 0; g < 8; ++g)
      separate(tiles.c[g + 4 * i], &d[i][4 * g], &d[i + 1][4 * g]);
}

void writeHalves(const Tiles &tiles, uint32_t (&d)[4][32]) {
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned lane = 0; lane < 32; ++lane) {
      const float *row = tiles.c[lane / 4 + 8 * i];
      uint32_t low = floatToHalf(row[lane % 4 * 2]);
      uint32_t high = floatToHalf(row[lane % 4 * 2 + 1]);
      d[i][lane] = high << 16 | low;
    }
}

/// One report for each undefined value, not for each use of it.
void reportOperands(Warp &warp, const Op &op, uint32_t mask, uint32_t poison) {
  demandDefined(warp, op, mask, poison, "mma operand");
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  for (unsigned i = 0; i < op.count; ++i)
    warp.setPoison(list[i], mask, 0);
}

template <Widened kIn, int kK, bool kHalfOut>
Step mma(Warp &warp, const Op &op, uint32_t mask) {
  constexpr unsigned kOut = kHalfOut ? 2 : 4;
  constexpr unsigned kA = kIn == Widened::Tf32 ? kK / 2 : kK / 4;
  constexpr unsigned kB = kIn == Widened::Tf32 ? kK / 4 : kK / 8;
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Operands ops{warp, &warp.cta.launch.kernel.pool[op.list]};
  uint32_t poison = 0;
  for (unsigned i = kOut; i < op.count; ++i)
    poison |= warp.poison[ops.list[i]];
  if (poison)
    reportOperands(warp, op, mask, poison);

  Tiles tiles;
  constexpr unsigned b = kOut + kA, c = b + kB;
  if constexpr (kIn == Widened::Tf32)
    readTf32<kK>(ops, kOut, b, tiles);
  else if constexpr (kIn == Widened::Half)
    readHalves<Half, kK>(ops, kOut, b, tiles);
  else
    readHalves<Bhalf, kK>(ops, kOut, b, tiles);
  if constexpr (kHalfOut) {
    for (unsigned i = 0; i < 2; ++i)
      for (unsigned g = 0; g < 8; ++g)
        widenRow<Half>(ops.row(c + i) + 4 * g, tiles.c[g + 8 * i]);
  } else {
    readSingles(ops, c, tiles);
  }
  if (warp.cta.launch.arithmetic == Arithmetic::Exact)
    multiplyExact({tiles.a[0], 16, 1, tiles.b[0], 8, tiles.c[0], 8, 16, 8, kK},
                  coreOfMma(warp.cta.launch.program.target, kIn,
                            kHalfOut ? Widened::Half : Widened::Single, kK));
  else
    multiplyFast<kK>(tiles);
  uint32_t out[4][32];
  if constexpr (kHalfOut)
    writeHalves(tiles, out);
  else
    writeSingles(tiles, out);
  for (unsigned r = 0; r < kOut; ++r) {
    uint32_t *d = warp.row(ops.list[r]);
    if (mask == ~0u)
      std::memcpy(d, out[r], 128);
    else
      LANE_LOOP d[i] = mask >> i & 1 ? out[r][i] : d[i];
    warp.setPoison(ops.list[r], mask, 0);
  }
  return Step::Next;
}

} // namespace

bool bindLdMatrix(const Match &match, Op &op);
bool bindMmaInteger(const Match &match, Op &op);

bool bindMatrix(const Match &match, Op &op) {
  if (match.sem() != Sem::Mma)
    return bindLdMatrix(match, op);
  if (match.type() == Type::S32 || match.type() == Type::F64)
    return bindMmaInteger(match, op);
  bool k16 = match.has("m16n8k16");
  if (match.type(0) == Type::F16)
    return setHandler(op, k16 ? mma<Widened::Half, 16, true>
                              : mma<Widened::Half, 8, true>);
  switch (match.type(1)) {
  case Type::F16:
    return setHandler(op, k16 ? mma<Widened::Half, 16, false>
                              : mma<Widened::Half, 8, false>);
  case Type::BF16:
    return setHandler(op, k16 ? mma<Widened::Bhalf, 16, false>
                              : mma<Widened::Bhalf, 8, false>);
  default:
    return setHandler(op, match.has("m16n8k8") ? mma<Widened::Tf32, 8, false>
                                               : mma<Widened::Tf32, 4, false>);
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
