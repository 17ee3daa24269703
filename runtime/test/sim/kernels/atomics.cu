//===- atomics.cu - Atomics and locks -------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Atomics of every width, in global and shared memory, and locks made of them.
//
//===----------------------------------------------------------------------===//

#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" __global__ void histogram(const unsigned char *in, int n,
                                     unsigned *bins) {
  __shared__ unsigned mine[16];
  if (threadIdx.x < 16)
    mine[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    atomicAdd(&mine[in[i] % 16], 1);
  __syncthreads();
  if (threadIdx.x < 16)
    atomicAdd(&bins[threadIdx.x], mine[threadIdx.x]);
}

/// Every operation of 32 and 64 bits once a thread; words as in the test.
extern "C" __global__ void everyInteger(unsigned *words,
                                        unsigned long long *wide) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(&words[0], i);
  atomicSub(&words[1], 2);
  atomicMin(&words[2], i * 2654435761u);
  atomicMax(&words[3], i * 2654435761u);
  atomicMin((int *)&words[4], int(i * 2654435761u));
  atomicMax((int *)&words[5], int(i * 2654435761u));
  atomicAnd(&words[6], ~(1u << i % 31));
  atomicOr(&words[7], 1u << i % 29);
  atomicXor(&words[8], i);
  atomicInc(&words[9], 100);
  atomicDec(&words[10], 100);
  words[16 + i] = atomicExch(&words[11], i + 1);
  atomicAdd(&wide[0], 0x100000001ull * i);
  atomicMin(&wide[1], 0x9e3779b97f4a7c15ull * (i + 1));
  atomicMax(&wide[2], 0x9e3779b97f4a7c15ull * (i + 1));
  atomicMax((long long *)&wide[3],
            (long long)(0x9e3779b97f4a7c15ull * (i + 1)));
  atomicXor(&wide[4], 0x9e3779b97f4a7c15ull * (i + 1));
  atomicCAS(&wide[5], (unsigned long long)(i), (unsigned long long)(i) + 1);
}

/// Sums of halves, in which every intermediate sum is exact.
extern "C" __global__ void floats(float *f, double *d, __half2 *h,
                                  __nv_bfloat162 *b) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(f, 0.5f * i);
  atomicAdd(d, 0.25 * i);
  atomicAdd(h, __floats2half2_rn(1.0f, i % 2 ? -3.0f : 4.0f));
  atomicAdd(b, __floats2bfloat162_rn(0.5f, i % 2 ? 2.0f : -1.0f));
}

/// The maximum of floats by compare and swap.
extern "C" __global__ void maximum(const float *in, int *most) {
  float value = in[blockIdx.x * blockDim.x + threadIdx.x];
  int seen = *(volatile int *)most;
  while (__int_as_float(seen) < value) {
    int before = atomicCAS(most, seen, __float_as_int(value));
    if (before == seen)
      break;
    seen = before;
  }
}

/// Lanes take turns at a lock and add to what it guards.
extern "C" __global__ void lock(int *mutex, int *guarded) {
  bool isDone = false;
  while (!isDone) {
    if (atomicCAS(mutex, 0, 1) == 0) {
      __threadfence();
      *(volatile int *)guarded = *(volatile int *)guarded + threadIdx.x;
      __threadfence();
      atomicExch(mutex, 0);
      isDone = true;
    }
  }
}
