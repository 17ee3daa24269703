//===- sum.cu - The sum of each block's elements --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tree in shared memory. FIXED puts back the barrier that is missing.
//
//===----------------------------------------------------------------------===//

#ifndef __NVCC__ // clang without the toolkit's headers
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define threadIdx_x __nvvm_read_ptx_sreg_tid_x()
#define blockIdx_x __nvvm_read_ptx_sreg_ctaid_x()
#else
#define threadIdx_x threadIdx.x
#define blockIdx_x blockIdx.x
#endif

constexpr unsigned kThreads = 128;

extern "C" __global__ void sum(float *out, const float *in) {
  __shared__ float part[kThreads];
  unsigned thread = threadIdx_x;
  part[thread] = in[blockIdx_x * kThreads + thread];
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
#ifdef FIXED
    __syncthreads();
#else
    if (half == kThreads / 2)
      __syncthreads();
#endif
    if (thread < half)
      part[thread] += part[thread + half];
  }
  if (thread == 0)
    out[blockIdx_x] = part[0];
}
