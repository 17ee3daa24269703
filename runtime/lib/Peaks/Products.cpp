//===- Products.cpp - Loops of nothing but products -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Peaks/Products.h"

#include "Device/Host/Processor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

using namespace attnrt;

// More sums than latency times throughput of any processor. The factors keep
// them finite for any number of steps, and the compiler is not to know them.
#if defined(__x86_64__)

#define ATTNRT_HIDE(vector) __asm__("" : "+v"(vector))

[[gnu::target("avx512f")]] static float fmaAvx512(int steps) {
  constexpr int kSums = 16;
  __m512 a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(1.0f), sums[kSums];
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm512_set1_ps(static_cast<float>(i));
    ATTNRT_HIDE(sums[i]);
  }
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i)
      sums[i] = _mm512_fmadd_ps(sums[i], a, b);
  __m512 total = sums[0];
#pragma GCC unroll 32
  for (int i = 1; i < kSums; ++i)
    total = _mm512_add_ps(total, sums[i]);
  return _mm512_cvtss_f32(total);
}

[[gnu::target("avx2,fma")]] static float fmaAvx2(int steps) {
  constexpr int kSums = 12;
  __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1.0f), sums[kSums];
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm256_set1_ps(static_cast<float>(i));
    ATTNRT_HIDE(sums[i]);
  }
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i)
      sums[i] = _mm256_fmadd_ps(sums[i], a, b);
  __m256 total = sums[0];
#pragma GCC unroll 32
  for (int i = 1; i < kSums; ++i)
    total = _mm256_add_ps(total, sums[i]);
  return _mm256_cvtss_f32(total);
}

[[gnu::target("avx512f,avx512bf16")]] static float dotAvx512(int steps) {
  constexpr int kSums = 16;
  // Zeros: sums stay what they are.
  __m512bh a = _mm512_cvtne2ps_pbh(_mm512_setzero_ps(), _mm512_setzero_ps());
  __m512 sums[kSums];
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm512_set1_ps(static_cast<float>(i));
    ATTNRT_HIDE(sums[i]);
  }
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i)
      sums[i] = _mm512_dpbf16_ps(sums[i], a, a);
  __m512 total = sums[0];
#pragma GCC unroll 32
  for (int i = 1; i < kSums; ++i)
    total = _mm512_add_ps(total, sums[i]);
  return _mm512_cvtss_f32(total);
}

static constexpr ProductLoop kF32[] = {{"avx512f", 16 * 16 * 2, fmaAvx512},
                                       {"avx2 fma", 12 * 8 * 2, fmaAvx2}};
static constexpr ProductLoop kBf16[] = {
    {"avx512_bf16", 16 * 32 * 2, dotAvx512}};

#elif defined(__aarch64__)

#define ATTNRT_HIDE(vector) __asm__("" : "+w"(vector))

static float fmaNeon(int steps) {
  constexpr int kSums = 16;
  float32x4_t a = vdupq_n_f32(0.5f), sums[kSums];
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) {
    sums[i] = vdupq_n_f32(static_cast<float>(i));
    ATTNRT_HIDE(sums[i]);
  }
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i)
      sums[i] = vfmaq_f32(sums[i], a, a);
  float32x4_t total = sums[0];
#pragma GCC unroll 32
  for (int i = 1; i < kSums; ++i)
    total = vaddq_f32(total, sums[i]);
  return vgetq_lane_f32(total, 0);
}

[[gnu::target("arch=armv8.6-a+bf16")]] static float dotNeon(int steps) {
  constexpr int kSums = 16;
  bfloat16x8_t a = vreinterpretq_bf16_u16(vdupq_n_u16(0));
  float32x4_t sums[kSums];
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) {
    sums[i] = vdupq_n_f32(static_cast<float>(i));
    ATTNRT_HIDE(sums[i]);
  }
  for (int step = 0; step < steps; ++step)
#pragma GCC unroll 32
    for (int i = 0; i < kSums; ++i)
      sums[i] = vbfmmlaq_f32(sums[i], a, a);
  float32x4_t total = sums[0];
#pragma GCC unroll 32
  for (int i = 1; i < kSums; ++i)
    total = vaddq_f32(total, sums[i]);
  return vgetq_lane_f32(total, 0);
}

static constexpr ProductLoop kF32[] = {{"asimd", 16 * 4 * 2, fmaNeon}};
static constexpr ProductLoop kBf16[] = {{"bf16", 16 * 16 * 2, dotNeon}};

#endif

template <size_t n>
static const ProductLoop *firstOf(const ProductLoop (&loops)[n]) {
  for (const ProductLoop &loop : loops)
    if (missingFeature(loop.instructions).empty())
      return &loop;
  return nullptr;
}

const ProductLoop *attnrt::f32Products() { return firstOf(kF32); }
const ProductLoop *attnrt::bf16Products() { return firstOf(kBf16); }
