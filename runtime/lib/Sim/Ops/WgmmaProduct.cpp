//===- WgmmaProduct.cpp - The product of wgmma ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Wgmma.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace wgmma {

namespace {

#if defined(__AVX2__) && defined(__FMA__)
/// Products of four rows of a with eight columns of b from n on, and with eight
/// more where there are.
inline void sumProducts(const Matrices &m, unsigned row, unsigned n, bool whole,
                        unsigned depth, __m256 (&sum)[4][2]) {
  for (auto &of : sum)
    of[0] = of[1] = _mm256_setzero_ps();
  for (unsigned k = 0; k < depth; ++k) {
    __m256 low = _mm256_load_ps(&m.b[k][n]);
    __m256 high = _mm256_load_ps(&m.b[k][n + 8 * whole]);
    for (unsigned i = 0; i < 4; ++i) {
      __m256 a = _mm256_broadcast_ss(&m.a[k][row + i]);
      sum[i][0] = _mm256_fmadd_ps(a, low, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(a, high, sum[i][1]);
    }
  }
}
#endif

/// c += a·b for the warp's rows. As in the tensor cores, the products of one
/// operation are summed before c is added.
void multiplyFast(Matrices &m, unsigned firstRow, unsigned columns,
                  unsigned depth) {
#if defined(__AVX2__) && defined(__FMA__)
  for (unsigned r = 0; r < kWarpRows; r += 4)
    for (unsigned n = 0; n < columns; n += 16) {
      bool whole = n + 8 < columns;
      __m256 sum[4][2];
      sumProducts(m, firstRow + r, n, whole, depth, sum);
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned part = 0; part < 1u + whole; ++part) {
          float *to = &m.c[r + i][n + 8 * part];
          _mm256_store_ps(to, _mm256_add_ps(_mm256_load_ps(to), sum[i][part]));
        }
    }
#else
  for (unsigned r = 0; r < kWarpRows; ++r)
    for (unsigned n = 0; n < columns; ++n) {
      float sum = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum = __builtin_fmaf(m.a[k][firstRow + r], m.b[k][n], sum);
      m.c[r][n] += sum;
    }
#endif
}

#if defined(__AVX2__) && defined(__FMA__)
/// The same, of f32 and with c in registers. Copying it would take as long as
/// the product.
void multiplyInRegisters(Warp &warp, const uint16_t *rows, const Shape &shape,
                         bool accumulates, Matrices &m, unsigned firstRow) {
  unsigned depth = shape.depth(), columnsBy8 = shape.columnsBy8;
  for (unsigned j = 0; j < columnsBy8; j += 2)
    for (unsigned r = 0; r < kWarpRows; r += 4) {
      bool whole = j + 1 < columnsBy8;
      __m256 sum[4][2];
      sumProducts(m, firstRow + r, 8 * j, whole, depth, sum);
      for (unsigned part = 0; part < 1u + whole; ++part) {
        const uint16_t *pair = rows + 4 * (j + part) + 2 * (r / 8);
        uint32_t *even = valuesOf(warp, pair[0]) + r % 8 * 4;
        uint32_t *odd = valuesOf(warp, pair[1]) + r % 8 * 4;
        for (unsigned i = 0; i < 4; ++i) {
          __m256 c = accumulates ? loadPair(even + 4 * i, odd + 4 * i)
                                 : _mm256_setzero_ps();
          storePair(_mm256_add_ps(c, sum[i][part]), even + 4 * i, odd + 4 * i);
        }
      }
    }
}
#else
void multiplyInRegisters(Warp &, const uint16_t *, const Shape &, bool,
                         Matrices &, unsigned) {}
#endif

void multiplyInMatrices(Warp &warp, const uint16_t *rows, const Shape &shape,
                        bool accumulates, Matrices &m, unsigned firstRow) {
  if (accumulates)
    readAccumulators(warp, rows, shape, m);
  else
    for (auto &row : m.c)
      std::memset(row, 0, shape.columns() * sizeof(float));
  unsigned columns = shape.columns(), depth = shape.depth();
  if (warp.cta.launch.arithmetic == Arithmetic::Exact)
    multiplyExact({m.a[0] + firstRow, 1, kRows, m.b[0], kMaxColumns, m.c[0],
                   kMaxColumns, kWarpRows, columns, depth},
                  coreOfWgmma(shape.a, shape.b,
                              shape.toHalf ? Element::Half : Element::Single));
  else
    multiplyFast(m, firstRow, columns, depth);
  writeAccumulators(warp, rows, shape, m);
}

} // namespace

void execute(Cta &cta, const WarpGroup &group, WgmmaOp &wgmma) {
  static thread_local Matrices m;
  const Op &op = *wgmma.op;
  Shape shape = shapeOf(op);
  const uint16_t *rows = &cta.launch.kernel.pool[op.list];
  bool inRegisters = kMultipliesInRegisters && !shape.toHalf &&
                     cta.launch.arithmetic == Arithmetic::Fast;
  readShared(
      cta, wgmma,
      {wgmma.b, shape.bIsMnMajor, shape.bytes(), shape.columns(), inRegisters},
      shape.b, m.b[0], kMaxColumns);
  if (!shape.fromRegisters)
    readShared(cta, wgmma, {wgmma.a, shape.aIsMnMajor, shape.bytes(), kRows},
               shape.a, m.a[0], kRows);
  for (unsigned w = 0; w < 4; ++w) {
    Warp &warp = *cta.warps[group.firstWarp + w];
    unsigned firstRow = kWarpRows * w;
    if (shape.fromRegisters)
      readFragment(warp, rows + shape.accumulators(), shape.a, firstRow, m);
    if (shape.negates)
      for (unsigned k = 0; k < shape.depth(); ++k)
        for (unsigned r = 0; r < kWarpRows; ++r)
          m.a[k][firstRow + r] = -m.a[k][firstRow + r];
    auto multiply = inRegisters ? multiplyInRegisters : multiplyInMatrices;
    multiply(warp, rows, shape, wgmma.accumulates, m, firstRow);
    for (unsigned i = 0; i < shape.accumulators(); ++i)
      --warp.wgmma.undone[rows[i]];
  }
  wgmma.done = true;
}

} // namespace wgmma

} // namespace attnrt::sim::ATTNRT_SIM_ISA
