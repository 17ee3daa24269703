//===- foreign.cu - Kernels as others write them --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two blocks of 256 threads each; every kernel takes 512 numbers from 0 to 999
// and gives 512. A name says what comes out, behind the underscore how.
//
//===----------------------------------------------------------------------===//

constexpr int kThreads = 256;
constexpr unsigned kAll = ~0u;

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(kThreads)                       \
      name(int *out, const int *in)
#define ME int t = threadIdx.x, i = blockIdx.x * kThreads + t

//===----------------------------------------------------------------------===//
// The sum of the block, in every thread
//===----------------------------------------------------------------------===//

KERNEL(sum_tree) {
  ME;
  __shared__ int part[kThreads];
  part[t] = in[i];
  for (int half = kThreads / 2; half; half /= 2) {
    __syncthreads();
    if (t < half)
      part[t] += part[t + half];
  }
  __syncthreads();
  out[i] = part[0];
}
KERNEL(sum_interleaved) {
  ME;
  __shared__ int part[kThreads];
  part[t] = in[i];
  for (int step = 1; step < kThreads; step *= 2) {
    __syncthreads();
    if (t % (2 * step) == 0)
      part[t] += part[t + step];
  }
  __syncthreads();
  out[i] = part[0];
}
__device__ int warpSum(int value) {
  for (int by = 16; by; by /= 2)
    value += __shfl_xor_sync(kAll, value, by);
  return value;
}
KERNEL(sum_shuffleXor) {
  ME;
  __shared__ int part[kThreads / 32];
  int sum = warpSum(in[i]);
  if (t % 32 == 0)
    part[t / 32] = sum;
  __syncthreads();
  sum = 0;
  for (int w = 0; w < kThreads / 32; ++w)
    sum += part[w];
  out[i] = sum;
}
KERNEL(sum_shuffleDown) {
  ME;
  __shared__ int part[32], all;
  int sum = in[i];
  for (int by = 16; by; by /= 2)
    sum += __shfl_down_sync(kAll, sum, by);
  if (t % 32 == 0)
    part[t / 32] = sum;
  __syncthreads();
  if (t < 32) {
    sum = t < kThreads / 32 ? part[t] : 0;
    for (int by = 16; by; by /= 2)
      sum += __shfl_down_sync(kAll, sum, by);
    if (t == 0)
      all = sum;
  }
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_redux) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  int sum = __reduce_add_sync(kAll, in[i]);
  if (t % 32 == 0)
    atomicAdd(&all, sum);
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_atomic) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  atomicAdd(&all, in[i]);
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_volatileWarp) {
  ME;
  __shared__ volatile int part[kThreads];
  part[t] = in[i];
  __syncthreads();
  for (int half = kThreads / 2; half > 32; half /= 2) {
    if (t < half)
      part[t] += part[t + half];
    __syncthreads();
  }
  if (t < 32) {
    for (int half = 32; half; half /= 2) {
      int more = part[t + half];
      __syncwarp();
      part[t] += more;
      __syncwarp();
    }
  }
  __syncthreads();
  out[i] = part[0];
}
KERNEL(sum_namedBarrier) {
  ME;
  __shared__ int part[8], all;
  int sum = warpSum(in[i]);
  if (t % 32 == 0)
    part[t / 32] = sum;
  if (t >= 32) {
    asm volatile("bar.arrive 1, 256;" ::: "memory");
  } else {
    asm volatile("bar.sync 1, 256;" ::: "memory");
    sum = t < 8 ? part[t] : 0;
    sum = warpSum(sum);
    if (t == 0)
      all = sum;
  }
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_countedBarrier) {
  ME;
  __shared__ int above;
  if (t == 0)
    above = 0;
  __syncthreads();
  int rest = in[i];
  for (int bit = 0; bit < 10; ++bit) {
    int count = __syncthreads_count(rest >> bit & 1);
    if (t == 0)
      above += count << bit;
  }
  __syncthreads();
  out[i] = above;
}
KERNEL(sum_vectorLoads) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  if (t < kThreads / 4) {
    int4 four = reinterpret_cast<const int4 *>(in)[blockIdx.x * kThreads / 4 + t];
    atomicAdd(&all, four.x + four.y + four.z + four.w);
  }
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_gridStride) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  int sum = 0;
  for (int at = t; at < kThreads; at += 64)
    if (t < 64)
      sum += in[blockIdx.x * kThreads + at];
  atomicAdd_block(&all, sum);
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_double) {
  ME;
  __shared__ double all;
  if (t == 0)
    all = 0;
  __syncthreads();
  atomicAdd(&all, double(in[i]));
  __syncthreads();
  out[i] = int(all);
}
KERNEL(sum_compareAndSwap) {
  ME;
  __shared__ float all;
  if (t == 0)
    all = 0;
  __syncthreads();
  int *word = reinterpret_cast<int *>(&all), old = *(volatile int *)word, seen;
  do {
    seen = old;
    old = atomicCAS(word, seen, __float_as_int(__int_as_float(seen) + in[i]));
  } while (old != seen);
  __syncthreads();
  out[i] = int(all);
}
KERNEL(sum_spinLock) {
  ME;
  __shared__ int lock, all;
  if (t == 0)
    lock = all = 0;
  __syncthreads();
  int sum = warpSum(in[i]);
  if (t % 32 == 0) {
    while (atomicCAS(&lock, 0, 1))
      ;
    __threadfence_block();
    *(volatile int *)&all += sum;
    __threadfence_block();
    atomicExch(&lock, 0);
  }
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_ticketLock) {
  ME;
  __shared__ int next, serving, all;
  if (t == 0)
    next = serving = all = 0;
  __syncthreads();
  int mine = atomicAdd(&next, 1);
  bool done = false;
  while (!done) {
    if (atomicAdd(&serving, 0) == mine) {
      all += in[i];
      __threadfence_block();
      atomicAdd(&serving, 1);
      done = true;
    }
  }
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_matchedAtomics) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  unsigned same = __match_any_sync(kAll, in[i]);
  if (__ffs(same) - 1 == t % 32)
    atomicAdd(&all, in[i] * __popc(same));
  __syncthreads();
  out[i] = all;
}
KERNEL(sum_activeMask) {
  ME;
  __shared__ int all;
  if (t == 0)
    all = 0;
  __syncthreads();
  if (in[i] & 1) {
    unsigned active = __activemask();
    int leader = __ffs(active) - 1;
    int before = 0;
    if (t % 32 == leader)
      before = atomicAdd(&all, __popc(active));
    before = __shfl_sync(active, before, leader);
  }
  atomicAdd(&all, in[i] & ~1);
  __syncthreads();
  out[i] = all;
}
/// Odd threads leave; the barrier counts those that live.
KERNEL(sum_earlyExit) {
  ME;
  __shared__ int part[kThreads];
  part[t] = in[i];
  __syncthreads();
  if (t >= 128)
    return;
  part[t] += part[t + 128];
  __syncthreads();
  int sum = 0;
  for (int k = 0; k < 128; ++k)
    sum += part[k];
  out[i] = out[i + 128] = sum;
}
KERNEL(sum_localArray) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  __syncthreads();
  int by[4] = {0, 0, 0, 0};
  for (int k = 0; k < kThreads; ++k)
    by[values[k] & 3] += values[k];
  out[i] = by[0] + by[1] + by[2] + by[3];
}
KERNEL(sum_ring) {
  ME;
  __shared__ int slot[2];
  int *at = slot;
  if (t < 2)
    slot[t] = 0;
  __syncthreads();
  for (int w = 0; w < 8; ++w) {
    int sum = warpSum(in[i]);
    if (t == 32 * w)
      at[1 - w % 2] = at[w % 2] + sum;
    __syncthreads();
  }
  out[i] = slot[0];
}

//===----------------------------------------------------------------------===//
// Sums up to the thread
//===----------------------------------------------------------------------===//

KERNEL(scan_doubleBuffer) {
  ME;
  __shared__ int buffer[2][kThreads];
  int from = 0;
  buffer[0][t] = in[i];
  __syncthreads();
  for (int by = 1; by < kThreads; by *= 2) {
    buffer[1 - from][t] =
        buffer[from][t] + (t >= by ? buffer[from][t - by] : 0);
    from = 1 - from;
    __syncthreads();
  }
  out[i] = buffer[from][t];
}
KERNEL(scan_inPlace) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  for (int by = 1; by < kThreads; by *= 2) {
    __syncthreads();
    int more = t >= by ? values[t - by] : 0;
    __syncthreads();
    values[t] += more;
  }
  out[i] = values[t];
}
KERNEL(scan_blelloch) {
  ME;
  __shared__ int values[kThreads];
  int own = in[i];
  values[t] = own;
  for (int step = 1; step < kThreads; step *= 2) {
    __syncthreads();
    int at = (t + 1) * 2 * step - 1;
    if (at < kThreads)
      values[at] += values[at - step];
  }
  __syncthreads();
  if (t == 0)
    values[kThreads - 1] = 0;
  for (int step = kThreads / 2; step; step /= 2) {
    __syncthreads();
    int at = (t + 1) * 2 * step - 1;
    if (at < kThreads) {
      int left = values[at - step];
      values[at - step] = values[at];
      values[at] += left;
    }
  }
  __syncthreads();
  out[i] = values[t] + own;
}
__device__ int warpScan(int value) {
  for (int by = 1; by < 32; by *= 2) {
    int more = __shfl_up_sync(kAll, value, by);
    if (threadIdx.x % 32 >= by)
      value += more;
  }
  return value;
}
KERNEL(scan_shuffle) {
  ME;
  __shared__ int ends[8];
  int sum = warpScan(in[i]);
  if (t % 32 == 31)
    ends[t / 32] = sum;
  __syncthreads();
  if (t < 8) {
    int end = ends[t];
    for (int by = 1; by < 8; by *= 2) {
      int more = __shfl_up_sync(0xff, end, by);
      if (t >= by)
        end += more;
    }
    ends[t] = end;
  }
  __syncthreads();
  out[i] = sum + (t >= 32 ? ends[t / 32 - 1] : 0);
}
KERNEL(scan_flags) {
  ME;
  __shared__ int ends[8];
  __shared__ volatile int ready[8];
  if (t < 8)
    ready[t] = 0;
  __syncthreads();
  int w = t / 32, sum = warpScan(in[i]), before = 0;
  if (w) {
    while (!ready[w - 1])
      ;
    __threadfence_block();
    before = ends[w - 1];
  }
  if (t % 32 == 31) {
    ends[w] = before + sum;
    __threadfence_block();
    ready[w] = 1;
  }
  out[i] = before + sum;
}
KERNEL(scan_serial) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  __syncthreads();
  if (t == 0)
    for (int k = 1; k < kThreads; ++k)
      values[k] += values[k - 1];
  __syncthreads();
  out[i] = values[t];
}

//===----------------------------------------------------------------------===//
// The block's numbers from the last to the first
//===----------------------------------------------------------------------===//

KERNEL(reverse_shared) {
  ME;
  __shared__ int values[kThreads];
  values[kThreads - 1 - t] = in[i];
  __syncthreads();
  out[i] = values[t];
}
KERNEL(reverse_twoSteps) {
  ME;
  __shared__ int values[kThreads];
  values[t ^ 31] = in[i];
  __syncwarp();
  int mine = values[t];
  __syncthreads();
  values[(7 - t / 32) * 32 + t % 32] = mine;
  __syncthreads();
  out[i] = values[t];
}
KERNEL(reverse_bytes) {
  ME;
  __shared__ unsigned char bytes[4][kThreads];
  for (int b = 0; b < 4; ++b)
    bytes[b][t] = in[i] >> (8 * b);
  __syncthreads();
  int value = 0;
  for (int b = 0; b < 4; ++b)
    value |= bytes[b][kThreads - 1 - t] << (8 * b);
  out[i] = value;
}
struct Pair {
  short small;
  double large;
};
KERNEL(reverse_structs) {
  ME;
  __shared__ Pair pairs[kThreads];
  Pair mine;
  mine.small = in[i] & 0xff;
  mine.large = in[i] >> 8;
  pairs[t] = mine;
  __syncthreads();
  Pair other = pairs[kThreads - 1 - t];
  out[i] = int(other.large) << 8 | other.small;
}
KERNEL(reverse_unionOfStages) {
  ME;
  __shared__ union {
    int words[kThreads];
    short halves[2 * kThreads];
  } stage;
  stage.words[kThreads - 1 - t] = in[i];
  __syncthreads();
  int value = stage.words[t];
  __syncthreads();
  stage.halves[2 * t] = value;
  stage.halves[2 * t + 1] = value >> 16;
  __syncthreads();
  out[i] = (unsigned short)stage.halves[2 * t] | stage.halves[2 * t + 1] << 16;
}
KERNEL(reverse_exchangeByBit) {
  ME;
  int value = in[i];
  for (int by = 16; by; by /= 2)
    value = __shfl_xor_sync(kAll, value, by);
  __shared__ int values[8][32];
  values[7 - t / 32][t % 32] = value;
  __syncthreads();
  out[i] = values[t / 32][t % 32];
}
KERNEL(reverse_permute) {
  ME;
  int value = __shfl_sync(kAll, in[i], 31 - t % 32);
  __shared__ volatile int values[kThreads];
  values[t ^ 224] = value;
  __syncthreads();
  out[i] = values[t];
}
KERNEL(reverse_asyncCopy) {
  ME;
  __shared__ alignas(16) int values[kThreads];
  if (t < kThreads / 4) {
    unsigned to = __cvta_generic_to_shared(&values[4 * t]);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16;\n"
                 "cp.async.commit_group;\ncp.async.wait_group 0;" ::"r"(to),
                 "l"(in + blockIdx.x * kThreads + 4 * t)
                 : "memory");
  }
  __syncthreads();
  out[i] = values[kThreads - 1 - t];
}
KERNEL(reverse_mbarrier) {
  ME;
  __shared__ alignas(8) unsigned long long bar;
  __shared__ int values[kThreads];
  unsigned at = __cvta_generic_to_shared(&bar);
  if (t == 0)
    asm volatile("mbarrier.init.shared.b64 [%0], 256;" ::"r"(at) : "memory");
  __syncthreads();
  values[t] = in[i];
  unsigned long long state;
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1];"
               : "=l"(state)
               : "r"(at)
               : "memory");
  int done = 0;
  while (!done)
    asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; "
                 "selp.s32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(at), "l"(state)
                 : "memory");
  out[i] = values[kThreads - 1 - t];
}
__constant__ int kPermutation[4] = {3, 2, 1, 0};
KERNEL(reverse_constantMemory) {
  ME;
  __shared__ int values[4][64];
  values[t / 64][t % 64] = in[i];
  __syncthreads();
  out[i] = values[kPermutation[t / 64]][63 - t % 64];
}
KERNEL(reverse_inlinePtx) {
  ME;
  __shared__ int values[kThreads];
  unsigned base = __cvta_generic_to_shared(values);
  asm volatile("st.shared.s32 [%0], %1;" ::"r"(base + 4 * t), "r"(in[i])
               : "memory");
  asm volatile("barrier.cta.sync 0;" ::: "memory");
  int value;
  asm volatile("ld.shared.s32 %0, [%1];"
               : "=r"(value)
               : "r"(base + 4 * (kThreads - 1 - t))
               : "memory");
  out[i] = value;
}

//===----------------------------------------------------------------------===//
// The block's numbers in ascending order
//===----------------------------------------------------------------------===//

KERNEL(sort_bitonic) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  for (int size = 2; size <= kThreads; size *= 2)
    for (int by = size / 2; by; by /= 2) {
      __syncthreads();
      int other = t ^ by;
      if (other > t) {
        int a = values[t], b = values[other];
        if ((a > b) == !(t & size)) {
          values[t] = b;
          values[other] = a;
        }
      }
    }
  __syncthreads();
  out[i] = values[t];
}
KERNEL(sort_oddEven) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  for (int round = 0; round < kThreads; ++round) {
    __syncthreads();
    int at = 2 * t + (round & 1);
    if (at + 1 < kThreads && values[at] > values[at + 1]) {
      int a = values[at];
      values[at] = values[at + 1];
      values[at + 1] = a;
    }
  }
  __syncthreads();
  out[i] = values[t];
}
KERNEL(sort_rank) {
  ME;
  __shared__ int values[kThreads], sorted[kThreads];
  int own = in[i], rank = 0;
  values[t] = own;
  __syncthreads();
  for (int k = 0; k < kThreads; ++k)
    rank += values[k] < own || (values[k] == own && k < t);
  sorted[rank] = own;
  __syncthreads();
  out[i] = sorted[t];
}
KERNEL(sort_radixBallot) {
  ME;
  __shared__ int values[kThreads], zeros[8];
  values[t] = in[i];
  for (int bit = 0; bit < 10; ++bit) {
    __syncthreads();
    int own = values[t], w = t / 32;
    bool isZero = !(own >> bit & 1);
    unsigned mask = __ballot_sync(kAll, isZero);
    if (t % 32 == 0)
      zeros[w] = __popc(mask);
    __syncthreads();
    int all = 0, before = __popc(mask & ((1u << t % 32) - 1));
    for (int k = 0; k < 8; ++k) {
      before += k < w ? zeros[k] : 0;
      all += zeros[k];
    }
    values[isZero ? before : all + t - before] = own;
  }
  __syncthreads();
  out[i] = values[t];
}
KERNEL(sort_merge) {
  ME;
  __shared__ int values[2][kThreads];
  int from = 0;
  values[0][t] = in[i];
  __syncthreads();
  for (int run = 1; run < kThreads; run *= 2) {
    int own = values[from][t], start = t & ~(2 * run - 1);
    bool isLeft = !(t & run);
    int low = start + (isLeft ? run : 0), high = low + run, first = low;
    while (low < high) {
      int middle = (low + high) / 2;
      int other = values[from][middle];
      if (isLeft ? other < own : other <= own)
        low = middle + 1;
      else
        high = middle;
    }
    values[1 - from][start + (t & (run - 1)) + low - first] = own;
    from = 1 - from;
    __syncthreads();
  }
  out[i] = values[from][t];
}
KERNEL(sort_counting) {
  ME;
  __shared__ int counts[1024];
  for (int k = t; k < 1024; k += kThreads)
    counts[k] = 0;
  __syncthreads();
  atomicAdd(&counts[in[i]], 1);
  __syncthreads();
  int at = 0, value = 0;
  while (at + counts[value] <= t)
    at += counts[value++];
  out[i] = value;
}

//===----------------------------------------------------------------------===//
// Each number and its neighbours in the block
//===----------------------------------------------------------------------===//

KERNEL(stencil_halo) {
  ME;
  __shared__ int values[kThreads + 2];
  values[t + 1] = in[i];
  if (t == 0)
    values[0] = values[kThreads + 1] = 0;
  __syncthreads();
  out[i] = values[t] + values[t + 1] + values[t + 2];
}
KERNEL(stencil_shuffle) {
  ME;
  __shared__ int first[10], last[10];
  int own = in[i], w = t / 32 + 1;
  if (t < 10)
    first[t] = last[t] = 0;
  __syncthreads();
  if (t % 32 == 0)
    first[w] = own;
  if (t % 32 == 31)
    last[w] = own;
  __syncthreads();
  int left = __shfl_up_sync(kAll, own, 1), right = __shfl_down_sync(kAll, own, 1);
  left = t % 32 ? left : last[w - 1];
  right = t % 32 != 31 ? right : first[w + 1];
  out[i] = left + own + right;
}
KERNEL(stencil_readOnly) {
  ME;
  int sum = __ldg(&in[i]);
  if (t)
    sum += __ldg(&in[i - 1]);
  if (t < kThreads - 1)
    sum += __ldg(&in[i + 1]);
  out[i] = sum;
}
KERNEL(stencil_dynamicShared) {
  ME;
  extern __shared__ int room[];
  int *values = room, *sums = room + kThreads;
  values[t] = in[i];
  sums[t] = 0;
  __syncthreads();
  atomicAdd(&sums[t], values[t]);
  if (t)
    atomicAdd(&sums[t - 1], values[t]);
  if (t < kThreads - 1)
    atomicAdd(&sums[t + 1], values[t]);
  __syncthreads();
  out[i] = sums[t];
}
KERNEL(stencil_ringOfRows) {
  int t = threadIdx.x;
  __shared__ int rows[3][32];
  int lane = t % 32;
  for (int r = t; r < 96; r += kThreads)
    rows[r / 32][r % 32] = 0;
  __syncthreads();
  // Warp 0 walks; the others leave.
  if (t >= 32)
    return;
  const int *mine = in + blockIdx.x * kThreads;
  for (int r = 0; r < 8; ++r) {
    rows[r % 3][lane] = mine[32 * r + lane];
    __syncwarp();
    int at = 32 * r + lane;
    int left = lane ? rows[r % 3][lane - 1] : r ? rows[(r + 2) % 3][31] : 0;
    int right = at + 1 < kThreads ? mine[at + 1] : 0;
    out[blockIdx.x * kThreads + at] = left + rows[r % 3][lane] + right;
    __syncwarp();
  }
}

//===----------------------------------------------------------------------===//
// Odd numbers first, each part in its order
//===----------------------------------------------------------------------===//

KERNEL(partition_ballot) {
  ME;
  __shared__ int odds[8];
  bool isOdd = in[i] & 1;
  unsigned mask = __ballot_sync(kAll, isOdd);
  int w = t / 32, before = __popc(mask & ((1u << t % 32) - 1)), all = 0;
  if (t % 32 == 0)
    odds[w] = __popc(mask);
  __syncthreads();
  for (int k = 0; k < 8; ++k) {
    before += k < w ? odds[k] : 0;
    all += odds[k];
  }
  out[blockIdx.x * kThreads + (isOdd ? before : all + t - before)] = in[i];
}
KERNEL(partition_scan) {
  ME;
  __shared__ int values[kThreads];
  int isOdd = in[i] & 1;
  values[t] = isOdd;
  for (int by = 1; by < kThreads; by *= 2) {
    __syncthreads();
    int more = t >= by ? values[t - by] : 0;
    __syncthreads();
    values[t] += more;
  }
  __syncthreads();
  int before = values[t] - isOdd, all = values[kThreads - 1];
  out[blockIdx.x * kThreads + (isOdd ? before : all + t - before)] = in[i];
}

//===----------------------------------------------------------------------===//
// How often its last digit is in the block
//===----------------------------------------------------------------------===//

KERNEL(digits_sharedHistogram) {
  ME;
  __shared__ int counts[10];
  if (t < 10)
    counts[t] = 0;
  __syncthreads();
  atomicAdd(&counts[in[i] % 10], 1);
  __syncthreads();
  out[i] = counts[in[i] % 10];
}
KERNEL(digits_histogramPerWarp) {
  ME;
  __shared__ int counts[8][10];
  for (int k = t; k < 80; k += kThreads)
    counts[k / 10][k % 10] = 0;
  __syncthreads();
  atomicAdd(&counts[t / 32][in[i] % 10], 1);
  __syncthreads();
  int sum = 0;
  for (int w = 0; w < 8; ++w)
    sum += counts[w][in[i] % 10];
  out[i] = sum;
}
KERNEL(digits_matchAny) {
  ME;
  __shared__ unsigned char counts[8][10];
  for (int k = t; k < 80; k += kThreads)
    counts[k / 10][k % 10] = 0;
  __syncthreads();
  unsigned same = __match_any_sync(kAll, in[i] % 10);
  counts[t / 32][in[i] % 10] = __popc(same); // equal values
  __syncthreads();
  int sum = 0;
  for (int w = 0; w < 8; ++w)
    sum += counts[w][in[i] % 10];
  out[i] = sum;
}
KERNEL(digits_byteCounters) {
  ME;
  __shared__ unsigned words[10][8];
  for (int k = t; k < 80; k += kThreads)
    words[k / 8][k % 8] = 0;
  __syncthreads();
  atomicOr(&words[in[i] % 10][t / 32], 1u << t % 32);
  __syncthreads();
  int sum = 0;
  for (int w = 0; w < 8; ++w)
    sum += __popc(words[in[i] % 10][w]);
  out[i] = sum;
}
KERNEL(digits_countedVotes) {
  ME;
  int sum = 0;
  for (int digit = 0; digit < 10; ++digit) {
    int count = __syncthreads_count(in[i] % 10 == digit);
    sum = in[i] % 10 == digit ? count : sum;
  }
  out[i] = sum;
}
KERNEL(digits_switch) {
  ME;
  __shared__ int values[kThreads];
  values[t] = in[i];
  __syncthreads();
  int count = 0;
  for (int k = 0; k < kThreads; ++k)
    switch (values[k] % 10) {
    case 0: count += in[i] % 10 == 0; break;
    case 1: count += in[i] % 10 == 1; break;
    case 2: count += in[i] % 10 == 2; break;
    case 3: count += in[i] % 10 == 3; break;
    case 4: count += in[i] % 10 == 4; break;
    case 5: count += in[i] % 10 == 5; break;
    case 6: count += in[i] % 10 == 6; break;
    default: count += values[k] % 10 == in[i] % 10; break;
    }
  out[i] = count;
}

//===----------------------------------------------------------------------===//
// 16 by 16 numbers, transposed
//===----------------------------------------------------------------------===//

KERNEL(transpose_padded) {
  ME;
  __shared__ int tile[16][17];
  tile[t / 16][t % 16] = in[i];
  __syncthreads();
  out[i] = tile[t % 16][t / 16];
}
KERNEL(transpose_swizzled) {
  ME;
  __shared__ int tile[16][16];
  tile[t / 16][(t % 16) ^ (t / 16)] = in[i];
  __syncthreads();
  out[i] = tile[t % 16][(t / 16) ^ (t % 16)];
}
KERNEL(transpose_recursive) {
  ME;
  __shared__ int tile[2][256];
  tile[0][t] = in[i];
  __syncthreads();
  int from = 0;
  for (int bit = 8; bit; bit /= 2) { // swaps blocks off the diagonal
    int row = t / 16, column = t % 16;
    bool rowBit = row & bit, columnBit = column & bit;
    int source = rowBit != columnBit ? (row ^ bit) * 16 + (column ^ bit) : t;
    tile[1 - from][t] = tile[from][source];
    from = 1 - from;
    __syncthreads();
  }
  out[i] = tile[from][t];
}

//===----------------------------------------------------------------------===//
// The largest of the block
//===----------------------------------------------------------------------===//

KERNEL(max_atomic) {
  ME;
  __shared__ int most;
  if (t == 0)
    most = 0;
  __syncthreads();
  atomicMax(&most, in[i]);
  __syncthreads();
  out[i] = most;
}
KERNEL(max_sameValueStores) {
  ME;
  __shared__ int values[kThreads], most;
  values[t] = in[i];
  __syncthreads();
  bool isMost = true;
  for (int k = 0; k < kThreads; ++k)
    isMost &= values[k] <= in[i];
  if (isMost)
    most = in[i];
  __syncthreads();
  out[i] = most;
}
KERNEL(max_redux) {
  ME;
  __shared__ unsigned mosts[8];
  unsigned most = __reduce_max_sync(kAll, (unsigned)in[i]);
  if (t % 32 == 0)
    mosts[t / 32] = most;
  __syncthreads();
  out[i] = __reduce_max_sync(kAll, mosts[t % 8]);
}
KERNEL(max_bitByBit) {
  ME;
  int most = 0;
  bool isIn = true;
  for (int bit = 9; bit >= 0; --bit) {
    bool has = isIn && (in[i] >> bit & 1);
    if (__syncthreads_or(has)) {
      most |= 1 << bit;
      isIn = has;
    }
  }
  out[i] = most;
}
KERNEL(max_pointers) {
  ME;
  __shared__ const int *best;
  __shared__ int lock;
  if (t == 0) {
    best = &in[i];
    lock = 0;
  }
  __syncthreads();
  bool done = t % 32 != t / 32; // one lane of each warp
  while (!done)
    if (atomicExch(&lock, 1) == 0) {
      for (int k = 0; k < 32; ++k)
        if (*best < in[i - t % 32 + k])
          best = &in[i - t % 32 + k];
      __threadfence_block();
      atomicExch(&lock, 0);
      done = true;
    }
  __syncthreads();
  out[i] = *best;
}
