//===- toolkit.cu - Kernels on the toolkit's own libraries ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As in foreign.cu: two blocks of 256 threads, 512 numbers from 0 to 999 in and
// 512 out, and the first word of a name says what comes out. What CUB, libcu++
// and cooperative groups are made of is compiled where the toolkit is; its code
// is not kept here.
//
//===----------------------------------------------------------------------===//

#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cub/block/block_exchange.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/pipeline>
#include <cuda/semaphore>

namespace cg = cooperative_groups;

constexpr int kThreads = 256;

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(kThreads)                       \
      name(int *out, const int *in)
#define ME int t = threadIdx.x, i = blockIdx.x * kThreads + t

//===----------------------------------------------------------------------===//
// CUB
//===----------------------------------------------------------------------===//

template <cub::BlockReduceAlgorithm kHow>
__device__ void sumOfBlock(int *out, const int *in) {
  ME;
  using Reduce = cub::BlockReduce<int, kThreads, kHow>;
  __shared__ typename Reduce::TempStorage storage;
  __shared__ int all;
  int sum = Reduce(storage).Sum(in[i]);
  if (t == 0)
    all = sum;
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_cubWarps) { sumOfBlock<cub::BLOCK_REDUCE_WARP_REDUCTIONS>(out, in); }
KERNEL(sum_cubRaking) { sumOfBlock<cub::BLOCK_REDUCE_RAKING>(out, in); }
KERNEL(sum_cubCommutative) {
  sumOfBlock<cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY>(out, in);
}

template <cub::BlockScanAlgorithm kHow>
__device__ void scanOfBlock(int *out, const int *in) {
  ME;
  using Scan = cub::BlockScan<int, kThreads, kHow>;
  __shared__ typename Scan::TempStorage storage;
  int sum;
  Scan(storage).InclusiveSum(in[i], sum);
  out[i] = sum;
}
KERNEL(scan_cubRaking) { scanOfBlock<cub::BLOCK_SCAN_RAKING>(out, in); }
KERNEL(scan_cubMemoized) {
  scanOfBlock<cub::BLOCK_SCAN_RAKING_MEMOIZE>(out, in);
}
KERNEL(scan_cubWarps) { scanOfBlock<cub::BLOCK_SCAN_WARP_SCANS>(out, in); }

KERNEL(sort_cubRadix) {
  ME;
  using Sort = cub::BlockRadixSort<int, kThreads, 1>;
  __shared__ typename Sort::TempStorage storage;
  int keys[1] = {in[i]};
  Sort(storage).Sort(keys);
  out[i] = keys[0];
}
/// A quarter of the threads has four keys each.
KERNEL(sort_cubRadixOfFour) {
  ME;
  using Sort = cub::BlockRadixSort<int, kThreads / 4, 4>;
  __shared__ typename Sort::TempStorage storage;
  if (t >= kThreads / 4)
    return;
  int keys[4];
  for (int k = 0; k < 4; ++k)
    keys[k] = in[blockIdx.x * kThreads + 4 * t + k];
  Sort(storage).Sort(keys, 0, 10);
  for (int k = 0; k < 4; ++k)
    out[blockIdx.x * kThreads + 4 * t + k] = keys[k];
}
KERNEL(max_cubWarp) {
  ME;
  using Reduce = cub::WarpReduce<int>;
  __shared__ typename Reduce::TempStorage storage[kThreads / 32];
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  int most = Reduce(storage[t / 32]).Reduce(in[i], [](int a, int b) {
    return a > b ? a : b;
  });
  if (t % 32 == 0)
    atomicMax(&all, most);
  __syncthreads();
  out[i] = all;
}

//===----------------------------------------------------------------------===//
// Cooperative groups
//===----------------------------------------------------------------------===//

KERNEL(sum_groupsReduce) {
  ME;
  __shared__ int part[kThreads / 32];
  cg::thread_block block = cg::this_thread_block();
  auto tile = cg::tiled_partition<32>(block);
  int sum = cg::reduce(tile, in[i], cg::plus<int>());
  if (tile.thread_rank() == 0)
    part[tile.meta_group_rank()] = sum;
  block.sync();
  sum = 0;
  for (int w = 0; w < kThreads / 32; ++w)
    sum += part[w];
  out[i] = sum;
}
KERNEL(scan_groupsScan) {
  ME;
  __shared__ int part[kThreads / 16];
  cg::thread_block block = cg::this_thread_block();
  auto tile = cg::tiled_partition<16>(block);
  int sum = cg::inclusive_scan(tile, in[i]);
  if (tile.thread_rank() == 15)
    part[tile.meta_group_rank()] = sum;
  block.sync();
  for (int w = 0; w < t / 16; ++w)
    sum += part[w];
  out[i] = sum;
}
/// Threads with the same digit count each other.
KERNEL(digits_groupsLabeled) {
  ME;
  __shared__ int count[10];
  if (t < 10)
    count[t] = 0;
  __syncthreads();
  int digit = in[i] % 10;
  auto same = cg::labeled_partition(
      cg::tiled_partition<32>(cg::this_thread_block()), digit);
  if (same.thread_rank() == 0)
    atomicAdd(&count[digit], same.num_threads());
  __syncthreads();
  out[i] = count[digit];
}
KERNEL(reverse_groupsCopy) {
  ME;
  __shared__ alignas(16) int tile[kThreads];
  cg::thread_block block = cg::this_thread_block();
  cg::memcpy_async(block, tile, in + blockIdx.x * kThreads, sizeof(tile));
  cg::wait(block);
  out[i] = tile[kThreads - 1 - t];
}
KERNEL(sum_groupsCoalesced) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  if (in[i] % 3) {
    auto active = cg::coalesced_threads();
    int sum = cg::reduce(active, in[i], cg::plus<int>());
    if (active.thread_rank() == 0)
      atomicAdd(&all, sum);
  } else {
    atomicAdd(&all, in[i]);
  }
  __syncthreads();
  out[i] = all;
}

//===----------------------------------------------------------------------===//
// libcu++
//===----------------------------------------------------------------------===//

KERNEL(sum_atomicRef) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  cuda::atomic_ref<int, cuda::thread_scope_block> total(all);
  total.fetch_add(in[i], cuda::std::memory_order_relaxed);
  __syncthreads();
  out[i] = all;
}
KERNEL(max_atomicExchange) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  cuda::atomic_ref<int, cuda::thread_scope_block> most(all);
  int seen = most.load();
  while (seen < in[i] && !most.compare_exchange_weak(seen, in[i]))
    ;
  __syncthreads();
  out[i] = all;
}
KERNEL(reverse_barrier) {
  ME;
  using Barrier = cuda::barrier<cuda::thread_scope_block>;
  __shared__ Barrier barrier;
  __shared__ int tile[kThreads];
  if (t == 0)
    init(&barrier, kThreads);
  __syncthreads();
  tile[t] = in[i];
  barrier.arrive_and_wait();
  out[i] = tile[kThreads - 1 - t];
}
KERNEL(reverse_barrierCopy) {
  ME;
  using Barrier = cuda::barrier<cuda::thread_scope_block>;
  __shared__ Barrier barrier;
  __shared__ alignas(16) int tile[kThreads];
  if (t == 0)
    init(&barrier, kThreads);
  __syncthreads();
  cuda::memcpy_async(&tile[t], &in[i], sizeof(int), barrier);
  barrier.arrive_and_wait();
  out[i] = tile[kThreads - 1 - t];
}
KERNEL(sum_semaphore) {
  ME;
  __shared__ cuda::binary_semaphore<cuda::thread_scope_block> lock;
  __shared__ int all;
  if (t == 0) {
    new (&lock) cuda::binary_semaphore<cuda::thread_scope_block>(1);
    all = 0;
  }
  __syncthreads();
  lock.acquire();
  all += in[i];
  lock.release();
  __syncthreads();
  out[i] = all;
}
/// Each thread copies for itself, two stages ahead.
KERNEL(transpose_pipeline) {
  ME;
  __shared__ int tile[kThreads];
  cuda::pipeline<cuda::thread_scope_thread> pipe = cuda::make_pipeline();
  for (int stage = 0; stage < 2; ++stage) {
    pipe.producer_acquire();
    if (t % 2 == stage)
      cuda::memcpy_async(&tile[t], &in[i], sizeof(int), pipe);
    pipe.producer_commit();
  }
  pipe.consumer_wait();
  pipe.consumer_release();
  pipe.consumer_wait();
  pipe.consumer_release();
  __syncthreads();
  out[i] = tile[t % 16 * 16 + t / 16];
}
/// The block's pipeline, of four stages of 64 numbers.
KERNEL(scan_pipelineOfBlock) {
  ME;
  constexpr int kStages = 2, kPart = kThreads / 4;
  __shared__ alignas(16) int tile[kStages][kPart];
  __shared__ int all[kThreads];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, kStages>
      state;
  auto block = cg::this_thread_block();
  auto pipe = cuda::make_pipeline(block, &state);
  auto fetch = [&](int part) {
    pipe.producer_acquire();
    cuda::memcpy_async(block, tile[part % kStages],
                       in + blockIdx.x * kThreads + part * kPart,
                       sizeof(tile[0]), pipe);
    pipe.producer_commit();
  };
  for (int part = 0; part < kStages; ++part)
    fetch(part);
  for (int part = 0; part < 4; ++part) {
    pipe.consumer_wait();
    if (t < kPart)
      all[part * kPart + t] = tile[part % kStages][t];
    pipe.consumer_release();
    if (part + kStages < 4)
      fetch(part + kStages);
  }
  block.sync();
  int sum = 0;
  for (int n = 0; n <= t; ++n)
    sum += all[n];
  out[i] = sum;
}
