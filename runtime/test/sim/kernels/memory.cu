//===- memory.cu - Spaces, widths and jumps -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Spaces, widths and jumps: constant, local, shared and generic addresses.
//
//===----------------------------------------------------------------------===//

__constant__ int primes[8] = {2, 3, 5, 7, 11, 13, 17, 19};
__device__ int counter = 40;

struct Parameters {
  int scale;
  short offset;
  double factor;
  const int *in;
};

/// A structure by value, and an array that the thread indexes at run time.
extern "C" __global__ void local(Parameters p, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int stack[16];
  for (int n = 0; n < 16; ++n)
    stack[n ^ (i & 15)] = p.in[(i + n) % 64] * p.scale + p.offset;
  int sum = 0;
  for (int n = 0; n < 16; ++n)
    sum = sum * 31 + stack[(n * i) & 15];
  out[i] = sum + int(p.factor * i) + primes[i % 8];
}

/// One pointer into three spaces.
extern "C" __global__ void generic(int *global, int *out) {
  __shared__ int shared[32];
  int local[2] = {int(threadIdx.x) * 3, 7};
  shared[threadIdx.x] = threadIdx.x * 5;
  global[threadIdx.x] = threadIdx.x * 7;
  __syncthreads();
  int *from = threadIdx.x % 3 == 0   ? &shared[(threadIdx.x + 1) % 32]
              : threadIdx.x % 3 == 1 ? &global[threadIdx.x]
                                     : &local[threadIdx.x & 1 ? 0 : 1];
  *(volatile int *)from += 1;
  out[threadIdx.x] = *(volatile int *)from;
}

/// A jump table.
extern "C" __global__ void jumps(const int *in, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, x = in[i];
  switch (x & 7) {
  case 0:
    x = x * 3 + 1;
    break;
  case 1:
    x ^= 0x55;
    break;
  case 2:
    x = __popc(x);
    break;
  case 3:
    x = x / 5;
  case 4:
    x -= 1000;
    break;
  case 5:
    for (int n = 0; n < (i & 3); ++n)
      x = x * x + n;
    break;
  case 6:
    x = -x;
    break;
  default:
    x = i;
  }
  out[i] = x;
}

/// Vectors of 16, 8 and 4 bytes, and narrow ones.
extern "C" __global__ void vectors(const float4 *a, const short4 *b,
                                   const uchar4 *c, float4 *x, short2 *y,
                                   signed char *z) {
  int i = threadIdx.x;
  float4 f = a[i];
  x[i] = make_float4(f.w, f.z, f.y, f.x);
  short4 s = b[i];
  y[i] = make_short2(s.x + s.w, s.y - s.z);
  uchar4 u = c[i];
  z[i] = (signed char)(u.x ^ u.y ^ u.z ^ u.w);
}

/// A module's variable, and one of the block.
extern "C" __global__ void variables(int *out) {
  __shared__ int ticket;
  if (threadIdx.x == 0)
    ticket = atomicAdd(&counter, 2);
  __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = ticket * 100 + threadIdx.x;
}
