//===- flash.cu - A small attention kernel --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small causal flash-attention forward in the sm_80 style: cp.async double
// buffering, ldmatrix, mma.sync, online softmax. One warp per 16 query rows.
//
//===----------------------------------------------------------------------===//

#include <cuda_bf16.h>
#include <stdint.h>

constexpr int kD = 64, kBlockQ = 64, kBlockKV = 64, kThreads = 128;
constexpr int kTileBytes = kBlockKV * kD * 2;

__device__ __forceinline__ uint32_t swizzle(int row, int chunk) {
  return row * (kD * 2) + ((chunk ^ (row & 7)) << 4);
}
__device__ __forceinline__ void copy16(uint32_t to, const void *from,
                                       int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to),
               "l"(from), "r"(bytes));
}
__device__ __forceinline__ void ldmatrix(uint32_t (&r)[4], uint32_t at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at));
}
__device__ __forceinline__ void ldmatrixTrans(uint32_t (&r)[4], uint32_t at) {
  asm volatile(
      "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
      : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
      : "r"(at));
}
__device__ __forceinline__ void mma(float (&c)[4], const uint32_t (&a)[4],
                                    uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ __forceinline__ float exp2Approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ uint32_t pack(float low, float high) {
  uint32_t out;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low));
  return out;
}

extern __shared__ __align__(128) char smem[];

static __device__ void loadTile(uint32_t to, const __nv_bfloat16 *from, int first,
                         int rows) {
  for (int i = threadIdx.x; i < 64 * 8; i += kThreads) {
    int row = i / 8, chunk = i % 8;
    bool inside = first + row < rows;
    const __nv_bfloat16 *source =
        from + (inside ? (first + row) * (int64_t)kD + chunk * 8 : 0);
    copy16(to + swizzle(row, chunk), source, inside ? 16 : 0);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, 1)
    flash(const __nv_bfloat16 *q, const __nv_bfloat16 *k,
          const __nv_bfloat16 *v, float *o, float *lse, int sq, int sk,
          float scaleLog2, int causal) {
  int head = blockIdx.y, q0 = blockIdx.x * kBlockQ;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int g = lane / 4, t = lane % 4;
  q += (int64_t)head * sq * kD;
  k += (int64_t)head * sk * kD;
  v += (int64_t)head * sk * kD;
  o += (int64_t)head * sq * kD;
  lse += (int64_t)head * sq;
  uint32_t base = (uint32_t)__cvta_generic_to_shared(smem);
  uint32_t sQ = base, sK = base + kTileBytes, sV = sK + 2 * kTileBytes;

  int last = causal ? min(sk, q0 + kBlockQ + sk - sq) : sk;
  int tiles = last <= 0 ? 0 : (last + kBlockKV - 1) / kBlockKV;
  loadTile(sQ, q, q0, sq);
  if (tiles) {
    loadTile(sK, k, 0, sk);
    loadTile(sV, v, 0, sk);
  }
  asm volatile("cp.async.commit_group;");

  float acc[8][4] = {}, m[2] = {-INFINITY, -INFINITY}, l[2] = {0, 0};
  uint32_t fq[4][4];
  for (int j = 0; j < tiles; ++j) {
    int stage = j & 1;
    if (j + 1 < tiles) {
      int next = stage ^ 1;
      loadTile(sK + next * kTileBytes, k, (j + 1) * kBlockKV, sk);
      loadTile(sV + next * kTileBytes, v, (j + 1) * kBlockKV, sk);
    }
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;" ::: "memory");
    __syncthreads();
    if (j == 0)
#pragma unroll
      for (int kk = 0; kk < 4; ++kk)
        ldmatrix(fq[kk], sQ + swizzle(warp * 16 + lane % 16,
                                      kk * 2 + lane / 16));
    float s[8][4] = {};
#pragma unroll
    for (int kk = 0; kk < 4; ++kk)
#pragma unroll
      for (int n = 0; n < 8; n += 2) {
        uint32_t b[4];
        ldmatrix(b, sK + stage * kTileBytes +
                        swizzle(n * 8 + (lane / 16) * 8 + lane % 8,
                                kk * 2 + (lane / 8) % 2));
        mma(s[n], fq[kk], b[0], b[1]);
        mma(s[n + 1], fq[kk], b[2], b[3]);
      }
    int row0 = q0 + warp * 16 + g;
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        int col = j * kBlockKV + n * 8 + 2 * t + (i & 1);
        int row = row0 + 8 * (i >> 1);
        bool keep = col < sk && (!causal || col <= row + sk - sq);
        s[n][i] = keep ? s[n][i] * scaleLog2 : -INFINITY;
      }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      float top = m[h];
#pragma unroll
      for (int n = 0; n < 8; ++n)
        top = fmaxf(top, fmaxf(s[n][2 * h], s[n][2 * h + 1]));
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
      float use = top == -INFINITY ? 0.0f : top;
      float rescale = exp2Approx(m[h] - use);
      m[h] = top;
      l[h] *= rescale;
#pragma unroll
      for (int n = 0; n < 8; ++n) {
        s[n][2 * h] = exp2Approx(s[n][2 * h] - use);
        s[n][2 * h + 1] = exp2Approx(s[n][2 * h + 1] - use);
        l[h] += s[n][2 * h] + s[n][2 * h + 1];
        acc[n][2 * h] *= rescale;
        acc[n][2 * h + 1] *= rescale;
      }
    }
#pragma unroll
    for (int kk = 0; kk < 4; ++kk) {
      uint32_t p[4] = {pack(s[2 * kk][0], s[2 * kk][1]),
                       pack(s[2 * kk][2], s[2 * kk][3]),
                       pack(s[2 * kk + 1][0], s[2 * kk + 1][1]),
                       pack(s[2 * kk + 1][2], s[2 * kk + 1][3])};
#pragma unroll
      for (int n = 0; n < 8; n += 2) {
        uint32_t b[4];
        ldmatrixTrans(b, sV + stage * kTileBytes +
                             swizzle(kk * 16 + lane % 16, n + lane / 16));
        mma(acc[n], p, b[0], b[1]);
        mma(acc[n + 1], p, b[2], b[3]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    l[h] += __shfl_xor_sync(~0u, l[h], 1);
    l[h] += __shfl_xor_sync(~0u, l[h], 2);
    int row = q0 + warp * 16 + g + 8 * h;
    if (row >= sq)
      continue;
    float inverse = l[h] > 0 ? 1.0f / l[h] : 0.0f;
#pragma unroll
    for (int n = 0; n < 8; ++n)
      *reinterpret_cast<float2 *>(&o[row * (int64_t)kD + n * 8 + 2 * t]) =
          make_float2(acc[n][2 * h] * inverse, acc[n][2 * h + 1] * inverse);
    if (t == 0)
      lse[row] = l[h] > 0 ? (m[h] + log2f(l[h])) * 0.6931471805599453f
                          : -INFINITY;
  }
}
