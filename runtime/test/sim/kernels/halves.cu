//===- halves.cu - 16-bit floats ------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions to and from 16 bits, and arithmetic there.
//
//===----------------------------------------------------------------------===//

#include <cuda_bf16.h>
#include <cuda_fp16.h>

/// Eight halves of each float: f16 and bf16 by four roundings.
extern "C" __global__ void narrow(const float *in, int n,
                                  unsigned short *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  float x = in[i];
  unsigned short *to = out + 8 * i;
  to[0] = __half_as_ushort(__float2half_rn(x));
  to[1] = __half_as_ushort(__float2half_rz(x));
  to[2] = __half_as_ushort(__float2half_ru(x));
  to[3] = __half_as_ushort(__float2half_rd(x));
  to[4] = __bfloat16_as_ushort(__float2bfloat16_rn(x));
  to[5] = __bfloat16_as_ushort(__float2bfloat16_rz(x));
  to[6] = __bfloat16_as_ushort(__float2bfloat16_ru(x));
  to[7] = __bfloat16_as_ushort(__float2bfloat16_rd(x));
}

/// Each 16 bits as f16 and as bf16.
extern "C" __global__ void widen(float *out) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  out[2 * i] = __half2float(__ushort_as_half(i));
  out[2 * i + 1] = __bfloat162float(__ushort_as_bfloat16(i));
}

/// Integers of a half, by four roundings, and back.
extern "C" __global__ void integers(int *out, unsigned short *back) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  __half h = __ushort_as_half(i);
  out[4 * i] = __half2int_rn(h);
  out[4 * i + 1] = __half2int_rz(h);
  out[4 * i + 2] = __half2int_ru(h);
  out[4 * i + 3] = __half2int_rd(h);
  back[2 * i] = __half_as_ushort(__int2half_rn(int(i) - 32768));
  back[2 * i + 1] = __half_as_ushort(__int2half_rz(int(i) * 3));
}

/// (a + b) * c, then fma with a, of pairs; the two formats.
extern "C" __global__ void arithmetic(const unsigned *a, const unsigned *b,
                                      const unsigned *c, unsigned *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  __half2 x = *(const __half2 *)&a[i], y = *(const __half2 *)&b[i],
          z = *(const __half2 *)&c[i];
  __half2 sum = __hadd2_rn(x, y), product = __hmul2_rn(sum, z),
          fused = __hfma2(product, z, x), least = __hmin2(x, y),
          most = __hmax2(x, y);
  __nv_bfloat162 u = *(const __nv_bfloat162 *)&a[i],
                 v = *(const __nv_bfloat162 *)&b[i],
                 w = *(const __nv_bfloat162 *)&c[i];
  __nv_bfloat162 fusedB = __hfma2(u, v, w), leastB = __hmin2(u, v),
                 mostB = __hmax2(u, v);
  unsigned *to = out + 8 * i;
  to[0] = *(unsigned *)&sum;
  to[1] = *(unsigned *)&product;
  to[2] = *(unsigned *)&fused;
  to[3] = *(unsigned *)&least;
  to[4] = *(unsigned *)&most;
  to[5] = *(unsigned *)&fusedB;
  to[6] = *(unsigned *)&leastB;
  to[7] = *(unsigned *)&mostB;
}
