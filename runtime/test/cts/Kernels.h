//===- Kernels.h - PTX of the conformance suite -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_CTS_KERNELS_H
#define ATTNRT_TEST_CTS_KERNELS_H

#include "attnrt/Abi.h"

#include <algorithm>
#include <cstring>

namespace attnrt::test {

/// (u64 a, u64 b, u64 c, u32 n): c[i] = a[i] + b[i] for i < n.
inline constexpr char kVectorAdd[] = R"(
.version 7.0
.target sm_80
.address_size 64

.visible .entry vector_add(
  .param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<8>;

  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.s32 %r4, %r1, %r2, %r3;
  ld.param.u32 %r5, [n];
  setp.ge.u32 %p1, %r4, %r5;
  @%p1 bra DONE;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [c];
  cvta.to.global.u64 %rd1, %rd1;
  cvta.to.global.u64 %rd2, %rd2;
  cvta.to.global.u64 %rd3, %rd3;
  mul.wide.u32 %rd4, %r4, 4;
  add.s64 %rd5, %rd1, %rd4;
  add.s64 %rd6, %rd2, %rd4;
  add.s64 %rd7, %rd3, %rd4;
  ld.global.f32 %f1, [%rd5];
  ld.global.f32 %f2, [%rd6];
  add.rn.f32 %f3, %f1, %f2;
  st.global.f32 [%rd7], %f3;
DONE:
  ret;
}
)";

/// parameters: stores every parameter, widened to 64 bits, at `out`.
/// reverse (u64 data): reverses its block's 32-bit words through dynamic shared
/// memory.
/// last_shared (u64 out, u32 offset): writes and reads shared memory at offset.
/// where (u64 out): out[linear block index] = x + 100 y + 10000 z.
inline constexpr char kMore[] = R"(
.version 7.0
.target sm_80
.address_size 64

.extern .shared .align 16 .b8 dynamic[];

.visible .entry parameters(
  .param .u64 out, .param .u8 p8, .param .u16 p16, .param .u32 p32,
  .param .u64 p64, .param .f32 pf, .param .align 8 .b8 packed[24])
{
  .reg .b16 %h<3>;
  .reg .b32 %r<4>;
  .reg .b64 %rd<10>;

  ld.param.u64 %rd1, [out];
  cvta.to.global.u64 %rd1, %rd1;
  ld.param.u8 %h1, [p8];
  cvt.u64.u16 %rd2, %h1;
  st.global.u64 [%rd1], %rd2;
  ld.param.u16 %h2, [p16];
  cvt.u64.u16 %rd3, %h2;
  st.global.u64 [%rd1+8], %rd3;
  ld.param.u32 %r1, [p32];
  cvt.u64.u32 %rd4, %r1;
  st.global.u64 [%rd1+16], %rd4;
  ld.param.u64 %rd5, [p64];
  st.global.u64 [%rd1+24], %rd5;
  ld.param.u32 %r2, [pf];
  cvt.u64.u32 %rd6, %r2;
  st.global.u64 [%rd1+32], %rd6;
  ld.param.u64 %rd7, [packed];
  st.global.u64 [%rd1+40], %rd7;
  ld.param.u64 %rd8, [packed+16];
  st.global.u64 [%rd1+48], %rd8;
  ret;
}

.visible .entry reverse(.param .u64 data)
{
  .reg .b32 %r<10>;
  .reg .b64 %rd<4>;

  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ntid.x;
  ld.param.u64 %rd1, [data];
  cvta.to.global.u64 %rd1, %rd1;
  mul.wide.u32 %rd2, %r1, 4;
  add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r3, [%rd3];
  mov.u32 %r4, dynamic;
  shl.b32 %r5, %r1, 2;
  add.s32 %r6, %r4, %r5;
  st.shared.u32 [%r6], %r3;
  bar.sync 0;
  sub.s32 %r7, %r2, %r1;
  shl.b32 %r7, %r7, 2;
  add.s32 %r8, %r4, %r7;
  ld.shared.u32 %r9, [%r8+-4];
  st.global.u32 [%rd3], %r9;
  ret;
}

.visible .entry last_shared(.param .u64 out, .param .u32 offset)
{
  .reg .b32 %r<6>;
  .reg .b64 %rd<2>;

  ld.param.u64 %rd1, [out];
  cvta.to.global.u64 %rd1, %rd1;
  ld.param.u32 %r1, [offset];
  mov.u32 %r2, dynamic;
  add.s32 %r3, %r2, %r1;
  mov.u32 %r4, 123456;
  st.shared.u32 [%r3], %r4;
  ld.shared.u32 %r5, [%r3];
  st.global.u32 [%rd1], %r5;
  ret;
}

.visible .entry where(.param .u64 out)
{
  .reg .b32 %r<12>;
  .reg .b64 %rd<4>;

  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ctaid.y;
  mov.u32 %r3, %ctaid.z;
  mov.u32 %r4, %nctaid.x;
  mov.u32 %r5, %nctaid.y;
  mad.lo.s32 %r6, %r3, %r5, %r2;
  mad.lo.s32 %r7, %r6, %r4, %r1;
  mad.lo.s32 %r8, %r2, 100, %r1;
  mad.lo.s32 %r9, %r3, 10000, %r8;
  ld.param.u64 %rd1, [out];
  cvta.to.global.u64 %rd1, %rd1;
  mul.wide.u32 %rd2, %r7, 4;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r9;
  ret;
}
)";

/// The value of a parameter of code for processors.
template <typename T>
T parameter(void *const *params, int index) {
  T value;
  std::memcpy(&value, params[index], sizeof value);
  return value;
}

/// As the kernels above, for processors: `vector_add` divides its elements
/// among the blocks, which have one thread each.
inline void hostVectorAdd(const AttnrtCta *cta, void *const *params) {
  auto *a = parameter<const float *>(params, 0);
  auto *b = parameter<const float *>(params, 1);
  auto *c = parameter<float *>(params, 2);
  auto n = parameter<uint32_t>(params, 3);
  uint32_t share = (n + cta->grid[0] - 1) / cta->grid[0];
  uint32_t begin = std::min(n, cta->index[0] * share);
  for (uint32_t i = begin; i < std::min(n, begin + share); ++i)
    c[i] = a[i] + b[i];
}

inline void hostWhere(const AttnrtCta *cta, void *const *params) {
  const uint32_t *at = cta->index, *grid = cta->grid;
  parameter<uint32_t *>(params,
                        0)[(at[2] * grid[1] + at[1]) * grid[0] + at[0]] =
      at[0] + 100 * at[1] + 10000 * at[2];
}

inline void hostParameters(const AttnrtCta *, void *const *params) {
  auto *out = parameter<uint64_t *>(params, 0);
  out[0] = parameter<uint8_t>(params, 1);
  out[1] = parameter<uint16_t>(params, 2);
  out[2] = parameter<uint32_t>(params, 3);
  out[3] = parameter<uint64_t>(params, 4);
  out[4] = parameter<uint32_t>(params, 5);
  const auto *packed = static_cast<const uint64_t *>(params[6]);
  out[5] = packed[0];
  out[6] = packed[2];
}

inline constexpr AttnrtHostCode kHostCode[] = {
    {"vector_add", "any", "", hostVectorAdd, 0},
    {"where", "any", "", hostWhere, 0},
    {"parameters", "any", "", hostParameters, 0},
};

} // namespace attnrt::test

#endif // ATTNRT_TEST_CTS_KERNELS_H
