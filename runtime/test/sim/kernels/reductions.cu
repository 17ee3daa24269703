//===- reductions.cu - Reductions and scans -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reductions and scans: shuffles, shared memory trees, a block that is last.
//
//===----------------------------------------------------------------------===//

/// Each block adds its part; a tree in shared memory.
extern "C" __global__ void treeSum(const int *in, int n, int *out) {
  __shared__ int partial[256];
  int sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    sum += in[i];
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half)
      partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0)
    out[blockIdx.x] = partial[0];
}

/// The maximum of a row per block: shuffles, then one warp for all.
extern "C" __global__ void rowMax(const float *in, int columns, float *out) {
  __shared__ float ofWarp[32];
  float most = __int_as_float(0xff800000);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    most = fmaxf(most, in[blockIdx.x * columns + i]);
  for (int lanes = 16; lanes > 0; lanes /= 2)
    most = fmaxf(most, __shfl_xor_sync(0xffffffff, most, lanes));
  if (threadIdx.x % 32 == 0)
    ofWarp[threadIdx.x / 32] = most;
  __syncthreads();
  if (threadIdx.x >= 32)
    return;
  int warps = blockDim.x / 32;
  most = threadIdx.x < warps ? ofWarp[threadIdx.x] : __int_as_float(0xff800000);
  for (int lanes = 16; lanes > 0; lanes /= 2)
    most = fmaxf(most, __shfl_down_sync(0xffffffff, most, lanes));
  if (threadIdx.x == 0)
    out[blockIdx.x] = most;
}

/// Inclusive sums of one block: a warp scan by shfl.up, then one of the warps.
extern "C" __global__ void scan(const unsigned *in, unsigned *out) {
  __shared__ unsigned ofWarp[32];
  unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  unsigned sum = in[threadIdx.x];
  for (int up = 1; up < 32; up *= 2) {
    unsigned below = __shfl_up_sync(0xffffffff, sum, up);
    sum += lane >= up ? below : 0;
  }
  if (lane == 31)
    ofWarp[warp] = sum;
  __syncthreads();
  for (int w = 0; w < warp; ++w)
    sum += ofWarp[w];
  out[threadIdx.x] = sum;
}

/// The block that comes last adds what all have left in global memory.
extern "C" __global__ void lastBlockSum(const double *in, int n,
                                        double *partial, unsigned *arrived,
                                        double *out) {
  __shared__ bool isLast;
  double sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    sum += in[i];
  for (int lanes = 16; lanes > 0; lanes /= 2)
    sum += __shfl_xor_sync(0xffffffff, sum, lanes);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicInc(arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!isLast || threadIdx.x != 0)
    return;
  double all = 0;
  for (int b = 0; b < gridDim.x; ++b)
    all += __ldcg(&partial[b]);
  *out = all;
}

/// Sums of tiles of a warp, each with the mask of its own lanes.
extern "C" __global__ void tileSums(const int *in, int width, int *out) {
  unsigned lane = threadIdx.x % 32;
  unsigned first = lane / width * width;
  unsigned mask = (width == 32 ? 0xffffffffu : (1u << width) - 1) << first;
  int sum = in[threadIdx.x];
  for (int lanes = width / 2; lanes > 0; lanes /= 2)
    sum += __shfl_xor_sync(mask, sum, lanes, width);
  __syncwarp(mask);
  out[threadIdx.x] = sum;
}
