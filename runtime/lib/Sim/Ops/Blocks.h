//===- Blocks.h - Blocks of eight by eight elements -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_BLOCKS_H
#define ATTNRT_SIM_OPS_BLOCKS_H

#include "Ops/Numbers.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Widens the eight elements of one row of a block.
template <typename H>
void widenRow(const uint32_t *words, float *out) {
  uint16_t halves[8];
  std::memcpy(halves, words, sizeof(halves));
  for (int i = 0; i < 8; ++i)
    out[i] = H::widen(halves[i]);
}

#if defined(__AVX2__) && defined(__FMA__)
template <>
inline void widenRow<Bhalf>(const uint32_t *words, float *out) {
  __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i *>(words));
  __m256i wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16);
  _mm256_storeu_ps(out, _mm256_castsi256_ps(wide));
}
#endif
#if defined(__F16C__)
template <>
inline void widenRow<Half>(const uint32_t *words, float *out) {
  __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i *>(words));
  _mm256_storeu_ps(out, _mm256_cvtph_ps(halves));
}
#endif

/// `stride` floats between the rows of `out`.
inline void transposeInto(const float (&rows)[8][8], float *out,
                          unsigned stride = 8) {
#if defined(__AVX2__) && defined(__FMA__)
  __m256 r[8], s[8];
  for (int i = 0; i < 8; ++i)
    r[i] = _mm256_load_ps(rows[i]);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(out + i * stride,
                     _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(out + (i + 4) * stride,
                     _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
#else
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j)
      out[j * stride + i] = rows[i][j];
#endif
}

#if defined(__AVX2__) && defined(__FMA__)
/// Four columns that an accumulator's first register has, and those between
/// them, which the next one has.
inline __m256 loadPair(const uint32_t *even, const uint32_t *odd) {
  return _mm256_set_m128(_mm_loadu_ps(reinterpret_cast<const float *>(odd)),
                         _mm_loadu_ps(reinterpret_cast<const float *>(even)));
}
inline void storePair(__m256 columns, uint32_t *even, uint32_t *odd) {
  _mm_storeu_ps(reinterpret_cast<float *>(even),
                _mm256_castps256_ps128(columns));
  _mm_storeu_ps(reinterpret_cast<float *>(odd),
                _mm256_extractf128_ps(columns, 1));
}
/// Brings eight columns into the order of a pair.
inline void splitPairs(float *columns) {
  const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
  _mm256_storeu_ps(columns,
                   _mm256_permutevar8x32_ps(_mm256_loadu_ps(columns), order));
}
#else
inline void splitPairs(float *columns) {
  float in[8];
  std::memcpy(in, columns, sizeof(in));
  for (int i = 0; i < 8; ++i)
    columns[i % 2 * 4 + i / 2] = in[i];
}
#endif

/// Eight columns, of which one register has the even ones and another one the
/// odd ones.
inline void interleave(const uint32_t *even, const uint32_t *odd, float *out) {
#if defined(__AVX2__) && defined(__FMA__)
  __m128 e = _mm_loadu_ps(reinterpret_cast<const float *>(even));
  __m128 o = _mm_loadu_ps(reinterpret_cast<const float *>(odd));
  _mm_storeu_ps(out, _mm_unpacklo_ps(e, o));
  _mm_storeu_ps(out + 4, _mm_unpackhi_ps(e, o));
#else
  for (int t = 0; t < 4; ++t) {
    out[2 * t] = bitCast<float>(even[t]);
    out[2 * t + 1] = bitCast<float>(odd[t]);
  }
#endif
}
inline void separate(const float *in, uint32_t *even, uint32_t *odd) {
#if defined(__AVX2__) && defined(__FMA__)
  __m128 low = _mm_loadu_ps(in), high = _mm_loadu_ps(in + 4);
  _mm_storeu_ps(reinterpret_cast<float *>(even),
                _mm_shuffle_ps(low, high, 0x88));
  _mm_storeu_ps(reinterpret_cast<float *>(odd),
                _mm_shuffle_ps(low, high, 0xdd));
#else
  for (int t = 0; t < 4; ++t) {
    even[t] = bitCast<uint32_t>(in[2 * t]);
    odd[t] = bitCast<uint32_t>(in[2 * t + 1]);
  }
#endif
}

/// tf32: one element per register; the low 13 bits do not count.
inline float tf32(uint32_t bits) { return bitCast<float>(bits & ~0x1fffu); }

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_BLOCKS_H
