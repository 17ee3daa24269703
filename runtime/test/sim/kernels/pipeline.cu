//===- pipeline.cu - cp.async in rings ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cp.async in rings of shared memory: groups, sizes, zeros beyond the end.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

constexpr int kThreads = 64, kStages = 3;

__device__ __forceinline__ uint32_t sharedAddress(const void *at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}

__device__ __forceinline__ void copy16(void *to, const void *from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                   sharedAddress(to)),
               "l"(from), "r"(bytes));
}

/// The column sums of `rows` rows of 4 * kThreads floats; the last row ends
/// after `columns`. Three rows are on their way at a time.
extern "C" __global__ void ring(const float *in, int rows, int columns,
                                float *out) {
  __shared__ __align__(16) float tile[kStages][4 * kThreads];
  int column = 4 * threadIdx.x;
  auto fetch = [&](int row) {
    int left = row < rows ? columns - column : 0;
    int bytes = left <= 0 ? 0 : left >= 4 ? 16 : 4 * left;
    copy16(&tile[row % kStages][column],
           in + (bytes ? row * columns + column : 0), bytes);
    asm volatile("cp.async.commit_group;");
  };
  for (int row = 0; row < kStages - 1; ++row)
    fetch(row);
  float sum[4] = {};
  for (int row = 0; row < rows; ++row) {
    asm volatile("cp.async.wait_group %0;" ::"n"(kStages - 2));
    __syncthreads();
    fetch(row + kStages - 1);
    // Of the thread across, so that barriers matter.
    const float *mine = &tile[row % kStages][4 * (kThreads - 1) - column];
    for (int i = 0; i < 4; ++i)
      sum[i] += mine[i];
  }
  for (int i = 0; i < 4; ++i)
    out[4 * (kThreads - 1) - column + i] = sum[i];
}

/// Copies of 4, 8 and 16 bytes side by side, waited for all together; the
/// neighbour in the warp reads them.
extern "C" __global__ void sizes(const int *in, int *out) {
  __shared__ __align__(16) int tile[32][8];
  uint32_t to = sharedAddress(tile[threadIdx.x]);
  const int *from = in + 8 * threadIdx.x;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;\n"
               "cp.async.ca.shared.global [%0+16], [%1+16], 8;\n"
               "cp.async.ca.shared.global [%0+24], [%1+24], 4;\n"
               "cp.async.ca.shared.global [%0+28], [%1+28], 4, 0;\n"
               "cp.async.wait_all;" ::"r"(to),
               "l"(from)
               : "memory");
  __syncwarp();
  for (int i = 0; i < 8; ++i)
    out[8 * threadIdx.x + i] = tile[threadIdx.x ^ 1][i];
}
