//===- stmatrix.cu - stmatrix ---------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// stmatrix in all its forms, which sm_90 has.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

__device__ __forceinline__ uint32_t sharedAddress(const void *at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}

/// The registers of a lane, four words, go to four 8x8 matrices of 16 bits, row r
/// of which lies where row 7 - r would. What no matrix fills stays -1.
template <int kCount, bool kTrans>
__device__ __forceinline__ void store(const uint32_t *in, uint32_t *out) {
  __shared__ __align__(16) uint32_t tile[128];
  for (int w = threadIdx.x; w < 128; w += 32)
    tile[w] = 0xffffffff;
  __syncwarp();
  const uint32_t *r = in + 4 * threadIdx.x;
  uint32_t at = sharedAddress(&tile[4 * (threadIdx.x ^ 7)]);
  if (kCount == 1 && kTrans)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::
                     "r"(at),
                 "r"(r[0])
                 : "memory");
  else if (kCount == 1)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};" ::"r"(
                     at),
                 "r"(r[0])
                 : "memory");
  else if (kCount == 2 && kTrans)
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};" ::"r"(
            at),
        "r"(r[0]), "r"(r[1])
        : "memory");
  else if (kCount == 2)
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::
                     "r"(at),
                 "r"(r[0]), "r"(r[1])
                 : "memory");
  else if (kTrans)
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
                 "[%0], {%1, %2, %3, %4};" ::"r"(at),
                 "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
                 : "memory");
  else
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 "
                 "[%0], {%1, %2, %3, %4};" ::"r"(at),
                 "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
                 : "memory");
  __syncwarp();
  for (int w = threadIdx.x; w < 128; w += 32)
    out[w] = tile[w];
}

extern "C" __global__ void store1(const uint32_t *in, uint32_t *out) {
  store<1, false>(in, out);
}
extern "C" __global__ void store2(const uint32_t *in, uint32_t *out) {
  store<2, false>(in, out);
}
extern "C" __global__ void store4(const uint32_t *in, uint32_t *out) {
  store<4, false>(in, out);
}
extern "C" __global__ void store1Trans(const uint32_t *in, uint32_t *out) {
  store<1, true>(in, out);
}
extern "C" __global__ void store2Trans(const uint32_t *in, uint32_t *out) {
  store<2, true>(in, out);
}
extern "C" __global__ void store4Trans(const uint32_t *in, uint32_t *out) {
  store<4, true>(in, out);
}
