//===- hopper.cu - TMA, mbarriers, wgmma and clusters ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matrix products C = A B of bf16 with f32 sums, for sm_90a:
//
//   gemm_…      one warpgroup, two stages, operands in each layout;
//   pipeline    a producer warp and two consumer warpgroups, a ring of stages,
//               and a result that leaves by stmatrix and a bulk store;
//   multicast   a cluster of two CTAs, each of which loads half of B for both;
//   split       CTAs that add their parts of the sum with a bulk reduction.
//
// Tiles have 64 columns.
//
//===----------------------------------------------------------------------===//

#include <cuda.h>
#include <cuda_bf16.h>
#include <stdint.h>

#define MAP const __grid_constant__ CUtensorMap

extern __shared__ __align__(1024) uint8_t memory[];

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

__device__ __forceinline__ uint32_t sharedAddress(const void *at) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}

__device__ __forceinline__ void init(uint64_t *barrier, uint32_t count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(
                   sharedAddress(barrier)),
               "r"(count)
               : "memory");
}

__device__ __forceinline__ void publishBarriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void expect(uint64_t *barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   sharedAddress(barrier)),
               "r"(bytes)
               : "memory");
}

__device__ __forceinline__ void arrive(uint64_t *barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(
                   sharedAddress(barrier))
               : "memory");
}

__device__ __forceinline__ void arriveAt(uint64_t *barrier, uint32_t rank) {
  asm volatile("{\n"
               ".reg .b32 there;\n"
               "mapa.shared::cluster.u32 there, %0, %1;\n"
               "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there];\n"
               "}" ::"r"(sharedAddress(barrier)),
               "r"(rank)
               : "memory");
}

__device__ __forceinline__ void wait(uint64_t *barrier, uint32_t parity) {
  asm volatile("{\n"
               ".reg .pred done;\n"
               "AGAIN:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra AGAIN;\n"
               "}" ::"r"(sharedAddress(barrier)),
               "r"(parity)
               : "memory");
}

__device__ __forceinline__ void waitInCluster(uint64_t *barrier,
                                              uint32_t parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "AGAIN:\n"
      "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra AGAIN;\n"
      "}" ::"r"(sharedAddress(barrier)),
      "r"(parity)
      : "memory");
}

__device__ __forceinline__ void load(void *to, const CUtensorMap *map, int x,
                                     int y, uint64_t *barrier) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(
                   sharedAddress(to)),
               "l"(map), "r"(x), "r"(y), "r"(sharedAddress(barrier))
               : "memory");
}

__device__ __forceinline__ void loadForAll(void *to, const CUtensorMap *map,
                                           int x, int y, uint64_t *barrier,
                                           uint16_t ctas) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
      "bytes.multicast::cluster [%0], [%1, {%2, %3}], [%4], %5;" ::"r"(
          sharedAddress(to)),
      "l"(map), "r"(x), "r"(y), "r"(sharedAddress(barrier)), "h"(ctas)
      : "memory");
}

__device__ __forceinline__ void store(const CUtensorMap *map, int x, int y,
                                      const void *from) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%1, "
               "%2}], [%3];" ::"l"(map),
               "r"(x), "r"(y), "r"(sharedAddress(from))
               : "memory");
}

__device__ __forceinline__ void storeSum(const CUtensorMap *map, int x, int y,
                                         const void *from) {
  asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_"
               "group [%0, {%1, %2}], [%3];" ::"l"(map),
               "r"(x), "r"(y), "r"(sharedAddress(from))
               : "memory");
}

__device__ __forceinline__ void finishStores() {
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
  asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
}

__device__ __forceinline__ void fenceProxy() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ __forceinline__ bool electOne() {
  uint32_t elected;
  asm volatile("{\n"
               ".reg .pred p;\n"
               "elect.sync _|p, 0xffffffff;\n"
               "selp.u32 %0, 1, 0, p;\n"
               "}"
               : "=r"(elected));
  return elected;
}

/// Starts 16 bytes apart count as one; the swizzle is 1 for 128 bytes, 2 for 64,
/// 3 for 32.
template <int kSpan>
__device__ __forceinline__ uint64_t descriptor(const void *at,
                                               uint32_t leading) {
  constexpr uint64_t kSwizzle = kSpan == 128 ? 1 : kSpan == 64 ? 2 : 3;
  uint64_t bits = (sharedAddress(at) & 0x3ffff) >> 4;
  bits |= uint64_t(leading >> 4) << 16;
  bits |= uint64_t(8 * kSpan >> 4) << 32;
  return bits | kSwizzle << 62;
}

__device__ __forceinline__ void fenceRegisters() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ __forceinline__ void commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int kLeft>
__device__ __forceinline__ void waitForProducts() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kLeft) : "memory");
}

#define ACCUMULATORS                                                           \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "    \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, "\
  "%31}"
#define C4(i) "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3])
#define C16(i) C4(i), C4(i + 4), C4(i + 8), C4(i + 12)

/// c += A B, with c = A B where `adds` is 0.
template <bool kBMnMajor>
__device__ __forceinline__ void multiply(float (&c)[32], uint64_t a, uint64_t b,
                                         int adds) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %34, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " ACCUMULATORS
               ", %32, %33, p, 1, 1, 0, %35;\n"
               "}"
               : C16(0), C16(16)
               : "l"(a), "l"(b), "r"(adds), "n"(kBMnMajor));
}

template <bool kBMnMajor>
__device__ __forceinline__ void multiply(float (&c)[32],
                                         const uint32_t (&a)[4], uint64_t b,
                                         int adds) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %37, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " ACCUMULATORS
               ", {%32, %33, %34, %35}, %36, p, 1, 1, %38;\n"
               "}"
               : C16(0), C16(16)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(adds),
                 "n"(kBMnMajor));
}

/// c[4j + 2h + e] is row 16 w + g + 8h, column 8j + 2t + e.
__device__ __forceinline__ void storeDirectly(const float (&c)[32], float *out) {
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
#pragma unroll
  for (int j = 0; j < 8; ++j)
#pragma unroll
    for (int h = 0; h < 2; ++h)
#pragma unroll
      for (int e = 0; e < 2; ++e)
        out[(16 * warp + lane / 4 + 8 * h) * 64 + 8 * j + lane % 4 * 2 + e] =
            c[4 * j + 2 * h + e];
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// Boxes are kSpan bytes wide: A [64 rows][kSpan], B the same (K-major: rows are
/// columns of B) or panels of [depth][kSpan] (MN-major).
template <int kSpan, bool kAInRegisters, bool kBMnMajor>
__device__ __forceinline__ void gemm(const CUtensorMap &a, const CUtensorMap &b,
                                     const __nv_bfloat16 *aRows, int depth,
                                     float *out) {
  constexpr int kDepth = kSpan / 2, kTile = 64 * kSpan;
  constexpr int kPanels = kBMnMajor ? 128 / kSpan : 1;
  constexpr int kPanel = kDepth * kSpan; // of MN-major B
  __shared__ __align__(8) uint64_t full[2];
  uint8_t *aTiles = memory, *bTiles = memory + 2 * kTile;
  if (threadIdx.x == 0) {
    init(&full[0], 1);
    init(&full[1], 1);
    publishBarriers();
  }
  __syncthreads();
  auto fill = [&](int step) {
    int stage = step % 2;
    uint64_t *barrier = &full[stage];
    constexpr int kB = kBMnMajor ? kPanels * kPanel : kTile;
    expect(barrier, (kAInRegisters ? 0 : kTile) + kB);
    if (!kAInRegisters)
      load(aTiles + stage * kTile, &a, step * kDepth, 0, barrier);
    for (int p = 0; p < kPanels; ++p)
      if (kBMnMajor)
        load(bTiles + stage * kTile + p * kPanel, &b, p * kDepth, step * kDepth,
             barrier);
      else
        load(bTiles + stage * kTile, &b, step * kDepth, 0, barrier);
  };
  int steps = depth / kDepth;
  if (threadIdx.x == 0)
#pragma unroll 1
    for (int step = 0; step < 2 && step < steps; ++step)
      fill(step);
  float c[32];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    int stage = step % 2;
    wait(&full[stage], step / 2 % 2);
    uint32_t fragments[kDepth / 16][4];
    if (kAInRegisters)
#pragma unroll
      for (int k = 0; k < kDepth / 16; ++k)
#pragma unroll
        for (int r = 0; r < 4; ++r) {
          int row = 16 * warp + lane / 4 + 8 * (r & 1);
          int column = step * kDepth + 16 * k + lane % 4 * 2 + 8 * (r >> 1);
          fragments[k][r] = *reinterpret_cast<const uint32_t *>(
              &aRows[row * depth + column]);
        }
    fenceRegisters();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
      const uint8_t *bAt =
          bTiles + stage * kTile + k * (kBMnMajor ? 16 * kSpan : 32);
      uint64_t bBits = descriptor<kSpan>(bAt, kBMnMajor ? kPanel : 16);
      int adds = step > 0 || k > 0;
      if (kAInRegisters)
        multiply<kBMnMajor>(c, fragments[k], bBits, adds);
      else
        multiply<kBMnMajor>(
            c, descriptor<kSpan>(aTiles + stage * kTile + k * 32, 16), bBits,
            adds);
    }
    commit();
    waitForProducts<0>();
    __syncthreads();
    if (threadIdx.x == 0 && step + 2 < steps)
      fill(step + 2);
  }
  storeDirectly(c, out);
}

#define GEMM(name, span, registers, mnMajor)                                   \
  extern "C" __global__ void __launch_bounds__(128, 1)                         \
      name(MAP a, MAP b, const __nv_bfloat16 *aRows, int depth, float *out) {  \
    gemm<span, registers, mnMajor>(a, b, aRows, depth, out);                   \
  }
GEMM(gemm_128, 128, false, false)
GEMM(gemm_64, 64, false, false)
GEMM(gemm_32, 32, false, false)
GEMM(gemm_128_mn, 128, false, true)
GEMM(gemm_64_mn, 64, false, true)
GEMM(gemm_32_mn, 32, false, true)
GEMM(gemm_128_rs, 128, true, false)
GEMM(gemm_64_rs_mn, 64, true, true)

//===----------------------------------------------------------------------===//
// A pipeline
//===----------------------------------------------------------------------===//

/// Warp 0 loads; warpgroups 1 and 2 have 64 of 128 rows each. The result is
/// bf16.
extern "C" __global__ void __launch_bounds__(384, 1)
    pipeline(MAP a, MAP b, MAP out, int depth) {
  constexpr int kStages = 3, kTile = 64 * 128;
  __shared__ __align__(8) uint64_t full[kStages], empty[kStages];
  uint8_t *aTiles = memory, *bTiles = memory + 2 * kStages * kTile;
  int group = threadIdx.x / 128, steps = depth / 64;
  if (threadIdx.x == 0) {
    for (int s = 0; s < kStages; ++s) {
      init(&full[s], 1);
      init(&empty[s], 2);
    }
    publishBarriers();
  }
  __syncthreads();
  if (group == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x < 32 && electOne()) {
#pragma unroll 1
      for (int step = 0; step < steps; ++step) {
        int stage = step % kStages, round = step / kStages;
        wait(&empty[stage], (round & 1) ^ 1);
        expect(&full[stage], 3 * kTile);
        load(aTiles + 2 * stage * kTile, &a, 64 * step, 128 * blockIdx.x,
             &full[stage]);
        load(aTiles + (2 * stage + 1) * kTile, &a, 64 * step,
             128 * blockIdx.x + 64, &full[stage]);
        load(bTiles + stage * kTile, &b, 64 * step, 0, &full[stage]);
      }
    }
    return;
  }
  asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
  float c[32];
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    int stage = step % kStages, round = step / kStages;
    wait(&full[stage], round & 1);
    fenceRegisters();
#pragma unroll
    for (int k = 0; k < 4; ++k)
      multiply<false>(
          c,
          descriptor<128>(aTiles + (2 * stage + group - 1) * kTile + 32 * k, 16),
          descriptor<128>(bTiles + stage * kTile + 32 * k, 16), step + k > 0);
    commit();
    // The stage before is free when its products are done.
    waitForProducts<1>();
    if (step > 0 && threadIdx.x % 128 == 0)
      arrive(&empty[(step - 1) % kStages]);
  }
  waitForProducts<0>();
  // Each group puts its result where the other one's rows of A were: by then all
  // loads have arrived, and all products of both groups must be done.
  asm volatile("bar.sync 1, 256;" ::: "memory");
  uint8_t *tile = aTiles + (2 - group) * kTile;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
#pragma unroll
  for (int j = 0; j < 8; j += 2) {
    uint32_t words[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const float *from = &c[4 * (j + (r >> 1)) + 2 * (r & 1)];
      asm("cvt.rn.bf16x2.f32 %0, %1, %2;"
          : "=r"(words[r])
          : "f"(from[1]), "f"(from[0]));
    }
    // Matrix r has rows 8 (r & 1) of the warp's and columns 8 (j + (r >> 1)).
    int row = 16 * warp + lane % 8 + 8 * (lane / 8 & 1);
    int chunk = (j + lane / 16) ^ (row % 8);
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, "
                 "%4};" ::"r"(sharedAddress(tile + row * 128 + chunk * 16)),
                 "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3])
                 : "memory");
  }
  fenceProxy();
  asm volatile("bar.sync %0, 128;" ::"r"(group + 1) : "memory");
  if (threadIdx.x % 128 == 0) {
    store(&out, 0, 128 * blockIdx.x + 64 * (group - 1), tile);
    finishStores();
  }
}

//===----------------------------------------------------------------------===//
// A cluster
//===----------------------------------------------------------------------===//

/// Each CTA has 64 rows of A, and loads 32 of the 64 columns of B for both.
extern "C" __global__ void __cluster_dims__(2, 1, 1) __launch_bounds__(128, 1)
    multicast(MAP a, MAP b, int depth, float *out) {
  constexpr int kTile = 64 * 128;
  __shared__ __align__(1024) uint8_t aTile[kTile], bTile[kTile];
  __shared__ __align__(8) uint64_t full, free;
  uint32_t rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  if (threadIdx.x == 0) {
    init(&full, 1);
    init(&free, 2);
    publishBarriers();
  }
  asm volatile("barrier.cluster.arrive.release.aligned;\n"
               "barrier.cluster.wait.acquire.aligned;" ::
                   : "memory");
  float c[32];
#pragma unroll 1
  for (int step = 0; step < depth / 64; ++step) {
    if (threadIdx.x == 0) {
      if (step > 0)
        waitInCluster(&free, (step - 1) & 1);
      expect(&full, 2 * kTile);
      load(aTile, &a, 64 * step, 64 * blockIdx.x, &full);
      loadForAll(bTile + rank * (kTile / 2), &b, 64 * step, 32 * rank, &full, 3);
    }
    wait(&full, step & 1);
    fenceRegisters();
#pragma unroll
    for (int k = 0; k < 4; ++k)
      multiply<false>(c, descriptor<128>(aTile + 32 * k, 16),
                      descriptor<128>(bTile + 32 * k, 16), step + k > 0);
    commit();
    waitForProducts<0>();
    __syncthreads();
    // Both CTAs write to both.
    if (threadIdx.x < 2)
      arriveAt(&free, threadIdx.x);
  }
  storeDirectly(c, out + 64 * 64 * blockIdx.x);
  // Nobody leaves while the other may still arrive here.
  asm volatile("barrier.cluster.arrive.release.aligned;\n"
               "barrier.cluster.wait.acquire.aligned;" ::
                   : "memory");
}

//===----------------------------------------------------------------------===//
// A reduction
//===----------------------------------------------------------------------===//

/// CTA i has 64 of the depth; all add to one result of f32, in two panels of 32
/// columns without a swizzle.
extern "C" __global__ void __launch_bounds__(128, 1)
    split(MAP a, MAP b, MAP out) {
  constexpr int kTile = 64 * 128;
  __shared__ __align__(1024) uint8_t aTile[kTile], bTile[kTile];
  __shared__ __align__(128) float sums[2][64][32];
  __shared__ __align__(8) uint64_t full;
  if (threadIdx.x == 0) {
    init(&full, 1);
    publishBarriers();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    expect(&full, 2 * kTile);
    load(aTile, &a, 64 * blockIdx.x, 0, &full);
    load(bTile, &b, 64 * blockIdx.x, 0, &full);
  }
  wait(&full, 0);
  float c[32];
  fenceRegisters();
#pragma unroll
  for (int k = 0; k < 4; ++k)
    multiply<false>(c, descriptor<128>(aTile + 32 * k, 16),
                    descriptor<128>(bTile + 32 * k, 16), k > 0);
  commit();
  waitForProducts<0>();
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    int row = 16 * warp + lane / 4 + 8 * (i >> 1 & 1);
    int column = 8 * (i >> 2) + lane % 4 * 2 + (i & 1);
    sums[column / 32][row][column % 32] = c[i];
  }
  fenceProxy();
  __syncthreads();
  if (threadIdx.x == 0) {
    storeSum(&out, 0, 0, sums[0]);
    storeSum(&out, 32, 0, sums[1]);
    finishStores();
  }
}
