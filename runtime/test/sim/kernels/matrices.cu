//===- matrices.cu - ldmatrix and movmatrix -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ldmatrix in all its forms, and movmatrix.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

__device__ __forceinline__ uint32_t sharedAddress(const void *at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}

/// Four 8x8 matrices of 16 bits lie one after the other; the rows of every
/// matrix are handed over in the order 7 - r. Four words a lane.
template <int kCount, bool kTrans>
__device__ __forceinline__ void load(const uint32_t *in, uint32_t *out) {
  __shared__ __align__(16) uint32_t tile[128];
  for (int w = threadIdx.x; w < 128; w += 32)
    tile[w] = in[w];
  __syncwarp();
  uint32_t r[4] = {};
  uint32_t at = sharedAddress(&tile[4 * (threadIdx.x ^ 7)]);
  if (kCount == 1 && kTrans)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                 : "=r"(r[0])
                 : "r"(at));
  else if (kCount == 1)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(r[0])
                 : "r"(at));
  else if (kCount == 2 && kTrans)
    asm volatile(
        "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
        : "=r"(r[0]), "=r"(r[1])
        : "r"(at));
  else if (kCount == 2)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(at));
  else if (kTrans)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
                 "{%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at));
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                 "{%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at));
  for (int j = 0; j < 4; ++j)
    out[4 * threadIdx.x + j] = r[j];
}

extern "C" __global__ void load1(const uint32_t *in, uint32_t *out) {
  load<1, false>(in, out);
}
extern "C" __global__ void load2(const uint32_t *in, uint32_t *out) {
  load<2, false>(in, out);
}
extern "C" __global__ void load4(const uint32_t *in, uint32_t *out) {
  load<4, false>(in, out);
}
extern "C" __global__ void load1Trans(const uint32_t *in, uint32_t *out) {
  load<1, true>(in, out);
}
extern "C" __global__ void load2Trans(const uint32_t *in, uint32_t *out) {
  load<2, true>(in, out);
}
extern "C" __global__ void load4Trans(const uint32_t *in, uint32_t *out) {
  load<4, true>(in, out);
}

/// One word a lane in and out.
extern "C" __global__ void move(const uint32_t *in, uint32_t *out) {
  uint32_t d;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;"
               : "=r"(d)
               : "r"(in[threadIdx.x]));
  out[threadIdx.x] = d;
}
