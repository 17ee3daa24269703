//===- Elementwise.ptx.h - PTX of the fixture package -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_FIXTURES_ELEMENTWISE_PTX_H
#define ATTNRT_TEST_FIXTURES_ELEMENTWISE_PTX_H

/// (u64 in, u64 out, u32 count, f32 factor): one element per thread.
#define SCALE_KERNEL(name, bytes, load, compute, store)                        \
  ".visible .entry " name "(\n"                                                \
  "  .param .u64 in, .param .u64 out, .param .u32 count, .param .f32 factor)\n" \
  "{\n"                                                                        \
  "  .reg .pred %p<2>;\n"                                                      \
  "  .reg .b16 %h<4>;\n"                                                       \
  "  .reg .b32 %r<8>;\n"                                                       \
  "  .reg .f32 %f<4>;\n"                                                       \
  "  .reg .b64 %rd<8>;\n"                                                      \
  "  mov.u32 %r1, %ctaid.x;\n"                                                 \
  "  mov.u32 %r2, %ntid.x;\n"                                                  \
  "  mov.u32 %r3, %tid.x;\n"                                                   \
  "  mad.lo.s32 %r4, %r1, %r2, %r3;\n"                                         \
  "  ld.param.u32 %r5, [count];\n"                                             \
  "  setp.ge.u32 %p1, %r4, %r5;\n"                                             \
  "  @%p1 bra DONE;\n"                                                         \
  "  ld.param.u64 %rd1, [in];\n"                                               \
  "  ld.param.u64 %rd2, [out];\n"                                              \
  "  ld.param.f32 %f1, [factor];\n"                                            \
  "  cvta.to.global.u64 %rd1, %rd1;\n"                                         \
  "  cvta.to.global.u64 %rd2, %rd2;\n"                                         \
  "  mul.wide.u32 %rd3, %r4, " bytes ";\n"                                     \
  "  add.s64 %rd4, %rd1, %rd3;\n"                                              \
  "  add.s64 %rd5, %rd2, %rd3;\n" load "  mul.rn.f32 %f2, %f2, %f1;\n" compute \
      store "DONE:\n"                                                          \
            "  ret;\n"                                                         \
            "}\n"

#define LOAD_F32 "  ld.global.f32 %f2, [%rd4];\n"
#define STORE_F32 "  st.global.f32 [%rd5], %f2;\n"
#define LOAD_F16                                                               \
  "  ld.global.b16 %h1, [%rd4];\n"                                             \
  "  cvt.f32.f16 %f2, %h1;\n"
#define LOAD_BF16                                                              \
  "  ld.global.b16 %h1, [%rd4];\n"                                             \
  "  mov.b16 %h2, 0;\n"                                                        \
  "  mov.b32 %f2, {%h2, %h1};\n"
#define STORE_16 "  st.global.b16 [%rd5], %h3;\n"

static constexpr char kPtx[] =
    ".version 7.0\n"
    ".target sm_80\n"
    ".address_size 64\n"
    // clang-format off
    SCALE_KERNEL("scale_f32", "4", LOAD_F32, "", STORE_F32)
    SCALE_KERNEL("scale_f16", "2", LOAD_F16, "  cvt.rn.f16.f32 %h3, %f2;\n",
                 STORE_16)
    SCALE_KERNEL("scale_bf16", "2", LOAD_BF16, "  cvt.rn.bf16.f32 %h3, %f2;\n",
                 STORE_16)
    SCALE_KERNEL("past_the_end_f32", "4", LOAD_F32, "",
                 STORE_F32 "  st.global.f32 [%rd5+4], %f2;\n")
    // clang-format on
    // (u64 out, u32 count): 1 in even places, -inf in odd ones.
    ".visible .entry mark_odd(.param .u64 out, .param .u32 count)\n"
    "{\n"
    "  .reg .pred %p<3>;\n"
    "  .reg .b32 %r<8>;\n"
    "  .reg .f32 %f<2>;\n"
    "  .reg .b64 %rd<4>;\n"
    "  mov.u32 %r1, %ctaid.x;\n"
    "  mov.u32 %r2, %ntid.x;\n"
    "  mov.u32 %r3, %tid.x;\n"
    "  mad.lo.s32 %r4, %r1, %r2, %r3;\n"
    "  ld.param.u32 %r5, [count];\n"
    "  setp.ge.u32 %p1, %r4, %r5;\n"
    "  @%p1 bra DONE;\n"
    "  and.b32 %r6, %r4, 1;\n"
    "  setp.eq.u32 %p2, %r6, 0;\n"
    "  selp.f32 %f1, 0f3F800000, 0fFF800000, %p2;\n"
    "  ld.param.u64 %rd1, [out];\n"
    "  cvta.to.global.u64 %rd1, %rd1;\n"
    "  mul.wide.u32 %rd2, %r4, 4;\n"
    "  add.s64 %rd3, %rd1, %rd2;\n"
    "  st.global.f32 [%rd3], %f1;\n"
    "DONE:\n"
    "  ret;\n"
    "}\n";

#endif // ATTNRT_TEST_FIXTURES_ELEMENTWISE_PTX_H
