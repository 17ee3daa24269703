//===- mma.cu - One product of each mma form ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One product of each mma form. Operands come as whole matrices, row by row; each
// lane finds its parts where the ISA's figures of fragments put them.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

template <typename T>
__device__ __forceinline__ uint32_t pair(T low, T high) {
  return uint32_t(high) << 16 | low;
}

/// A is 16 x K, B is K x 8, C and D are 16 x 8 of f32.
#define MMA_16BIT(name, types)                                                 \
  extern "C" __global__ void name##K16(const uint16_t *a, const uint16_t *b,   \
                                       const float *c, float *d) {             \
    int group = threadIdx.x / 4, inGroup = threadIdx.x % 4;                    \
    uint32_t x[4], y[2];                                                       \
    for (int i = 0; i < 4; ++i) {                                              \
      int row = group + (i % 2 ? 8 : 0), k = inGroup * 2 + (i < 2 ? 0 : 8);    \
      x[i] = pair(a[row * 16 + k], a[row * 16 + k + 1]);                       \
    }                                                                          \
    for (int i = 0; i < 2; ++i) {                                              \
      int k = inGroup * 2 + 8 * i;                                             \
      y[i] = pair(b[k * 8 + group], b[(k + 1) * 8 + group]);                   \
    }                                                                          \
    float s[4];                                                                \
    for (int i = 0; i < 4; ++i)                                                \
      s[i] = c[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2];           \
    asm volatile("mma.sync.aligned.m16n8k16.row.col." types                    \
                 " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"      \
                 : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])              \
                 : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]),      \
                   "r"(y[1]));                                                 \
    for (int i = 0; i < 4; ++i)                                                \
      d[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2] = s[i];           \
  }                                                                            \
  extern "C" __global__ void name##K8(const uint16_t *a, const uint16_t *b,    \
                                      const float *c, float *d) {              \
    int group = threadIdx.x / 4, inGroup = threadIdx.x % 4;                    \
    uint32_t x[2], y;                                                          \
    for (int i = 0; i < 2; ++i) {                                              \
      int row = group + 8 * i, k = inGroup * 2;                                \
      x[i] = pair(a[row * 8 + k], a[row * 8 + k + 1]);                         \
    }                                                                          \
    y = pair(b[inGroup * 16 + group], b[inGroup * 16 + 8 + group]);            \
    float s[4];                                                                \
    for (int i = 0; i < 4; ++i)                                                \
      s[i] = c[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2];           \
    asm volatile("mma.sync.aligned.m16n8k8.row.col." types                     \
                 " {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"               \
                 : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])              \
                 : "r"(x[0]), "r"(x[1]), "r"(y));                              \
    for (int i = 0; i < 4; ++i)                                                \
      d[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2] = s[i];           \
  }

MMA_16BIT(bf16, "f32.bf16.bf16.f32")
MMA_16BIT(f16, "f32.f16.f16.f32")

/// Sums in f16: C and D are pairs.
extern "C" __global__ void halfK16(const uint16_t *a, const uint16_t *b,
                                   const uint16_t *c, uint16_t *d) {
  int group = threadIdx.x / 4, inGroup = threadIdx.x % 4;
  uint32_t x[4], y[2], s[2];
  for (int i = 0; i < 4; ++i) {
    int row = group + (i % 2 ? 8 : 0), k = inGroup * 2 + (i < 2 ? 0 : 8);
    x[i] = pair(a[row * 16 + k], a[row * 16 + k + 1]);
  }
  for (int i = 0; i < 2; ++i) {
    int k = inGroup * 2 + 8 * i, at = (group + 8 * i) * 8 + inGroup * 2;
    y[i] = pair(b[k * 8 + group], b[(k + 1) * 8 + group]);
    s[i] = pair(c[at], c[at + 1]);
  }
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 "
               "{%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%0,%1};"
               : "+r"(s[0]), "+r"(s[1])
               : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]),
                 "r"(y[1]));
  for (int i = 0; i < 2; ++i) {
    int at = (group + 8 * i) * 8 + inGroup * 2;
    d[at] = s[i];
    d[at + 1] = s[i] >> 16;
  }
}

/// Operands are f32, of which the instruction takes 10 bits of fraction.
extern "C" __global__ void tf32K8(const uint32_t *a, const uint32_t *b,
                                  const float *c, float *d) {
  int group = threadIdx.x / 4, inGroup = threadIdx.x % 4;
  uint32_t x[4], y[2];
  for (int i = 0; i < 4; ++i)
    x[i] = a[(group + (i % 2 ? 8 : 0)) * 8 + inGroup + (i < 2 ? 0 : 4)];
  for (int i = 0; i < 2; ++i)
    y[i] = b[(inGroup + 4 * i) * 8 + group];
  float s[4];
  for (int i = 0; i < 4; ++i)
    s[i] = c[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2];
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])
               : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]),
                 "r"(y[1]));
  for (int i = 0; i < 4; ++i)
    d[(group + (i < 2 ? 0 : 8)) * 8 + inGroup * 2 + i % 2] = s[i];
}
