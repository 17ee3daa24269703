//===- integers.cu - Integer intrinsics -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integer intrinsics and what the compiler makes of 64 bits.
//
//===----------------------------------------------------------------------===//

extern "C" __global__ void bits(const unsigned *a, const unsigned *b,
                                unsigned *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned x = a[i], y = b[i], *to = out + 16 * i;
  to[0] = __brev(x);
  to[1] = __popc(x);
  to[2] = __clz(x);
  to[3] = __ffs(x);
  to[4] = __byte_perm(x, y, 0x4726);
  to[5] = __byte_perm(x, y, y);
  to[6] = __funnelshift_l(x, y, i);
  to[7] = __funnelshift_r(x, y, i);
  to[8] = __funnelshift_lc(x, y, i);
  to[9] = __funnelshift_rc(x, y, i);
  to[10] = __mulhi(int(x), int(y));
  to[11] = __umulhi(x, y);
  to[12] = __sad(int(x), int(y), i);
  to[13] = __usad(x, y, i);
  to[14] = __hadd(int(x), int(y));
  to[15] = __urhadd(x, y);
}

extern "C" __global__ void wide(const unsigned long long *a,
                                const unsigned long long *b,
                                unsigned long long *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned long long x = a[i], y = b[i], *to = out + 12 * i;
  long long sx = x, sy = y;
  to[0] = x * y;
  to[1] = __umul64hi(x, y);
  to[2] = __mul64hi(sx, sy);
  to[3] = x / (y | 1);
  to[4] = x % (y | 1);
  to[5] = sx / (sy | 1);
  to[6] = sx % (sy | 1);
  to[7] = __brevll(x) ^ __popcll(y);
  to[8] = __clzll(x) + 64 * __ffsll(y);
  to[9] = sx >> (y & 63);
  to[10] = x >> (y & 63) | x << (63 - (y & 63));
  to[11] = sx < sy ? x : y;
}

extern "C" __global__ void divisions(const int *a, const int *b, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int x = a[i], y = b[i];
  out[6 * i] = x / y;
  out[6 * i + 1] = x % y;
  out[6 * i + 2] = unsigned(x) / unsigned(y);
  out[6 * i + 3] = unsigned(x) % unsigned(y);
  out[6 * i + 4] = x / 7;
  out[6 * i + 5] = short(x) / short(y | 1);
}
