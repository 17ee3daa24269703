//===- MgpuTest.cpp - What MLIR's gpu dialect calls -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions as the translation declares them; whole programs are in
// test/Tools/mgpu.
//
//===----------------------------------------------------------------------===//

#include "../cts/Kernels.h"
#include "FakeDevice.h"

#include <gtest/gtest.h>

using namespace attnrt;
using namespace attnrt::test;
using testing::ExitedWithCode;

extern "C" {
void *mgpuModuleLoad(void *, size_t);
void *mgpuModuleLoadJIT(void *, int);
void mgpuModuleUnload(void *);
void *mgpuModuleGetFunction(void *, const char *);
void mgpuLaunchKernel(void *, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t,
                      intptr_t, int32_t, void *, void **, void **, size_t);
void mgpuLaunchClusterKernel(void *, intptr_t, intptr_t, intptr_t, intptr_t,
                             intptr_t, intptr_t, intptr_t, intptr_t, intptr_t,
                             int32_t, void *, void **, void **);
void *mgpuStreamCreate();
void mgpuStreamDestroy(void *);
void *mgpuMemAlloc(uint64_t, void *, bool);
void mgpuMemFree(void *, void *);
void mgpuMemcpy(void *, void *, size_t, void *);
void mgpuMemset32(void *, unsigned, size_t, void *);
void mgpuMemHostRegisterMemRef(int64_t, void *, int64_t);
void mgpuMemHostUnregisterMemRef(int64_t, void *, int64_t);
void mgpuSetDefaultDevice(int32_t);
void mgpuTensorMapEncodeTiled(void *, int, uint32_t, void *, const uint64_t *,
                              const uint64_t *, const uint32_t *,
                              const uint32_t *, int, int, int, int);
void *mgpuTensorMapEncodeTiledMemref(int64_t, void *, int, int, int, int, int,
                                     int64_t *);
}

namespace {
class Mgpu : public testing::Test {
protected:
  void SetUp() override {
    setCurrentDevice(nullptr);
    setenv("ATTNRT_DEVICE", "sim", 1);
  }
  void TearDown() override {
    setCurrentDevice(nullptr);
    unsetenv("ATTNRT_DEVICE");
  }

  static void *vectorAdd() {
    void *module = mgpuModuleLoadJIT(const_cast<char *>(kVectorAdd), 2);
    return mgpuModuleGetFunction(module, "vector_add");
  }

  static void launch(void *kernel, std::vector<void *> params,
                     size_t threads = 32) {
    mgpuLaunchKernel(kernel, 1, 1, 1, threads, 1, 1, 0, nullptr, params.data(),
                     nullptr, params.size());
  }
};

template <size_t Rank>
struct MemRef {
  void *allocated, *aligned;
  int64_t offset, sizes[Rank ? Rank : 1], strides[Rank ? Rank : 1];
};
} // namespace

TEST_F(Mgpu, MemRefsOfEveryForm) {
  std::vector<float> host(64, 1);
  uint32_t n = 8;
  float *begin = host.data() + 16;
  // Two rows of four, eight elements apart, behind an offset: twelve elements.
  MemRef<2> rows{host.data(), host.data(), 16, {2, 4}, {8, 1}};
  mgpuMemHostRegisterMemRef(2, &rows, sizeof(float));
  void *kernel = vectorAdd();
  launch(kernel, {&begin, &begin, &begin, &n});
  EXPECT_EQ(host[16], 2);
  EXPECT_EQ(host[15], 1);
  n = 13;
  EXPECT_EXIT(launch(kernel, {&begin, &begin, &begin, &n}), ExitedWithCode(1),
              "^error: kernel vector_add: .*oob at PTX line [0-9]+: .*48-byte");
  mgpuMemHostUnregisterMemRef(2, &rows, sizeof(float));
  EXPECT_EXIT(mgpuMemHostUnregisterMemRef(2, &rows, 4), ExitedWithCode(2),
              "^error: no allocation at 0x");

  MemRef<1> nothing{nullptr, nullptr, 0, {0}, {1}};
  mgpuMemHostRegisterMemRef(1, &nothing, 4);
  mgpuMemHostUnregisterMemRef(1, &nothing, 4);
  MemRef<0> scalar{host.data(), host.data(), 0, {}, {}};
  mgpuMemHostRegisterMemRef(0, &scalar, 4);
  mgpuMemHostUnregisterMemRef(0, &scalar, 4);
}

TEST_F(Mgpu, NothingIsNoAllocation) {
  EXPECT_EQ(mgpuMemAlloc(0, nullptr, false), nullptr);
  mgpuMemFree(nullptr, nullptr);
  mgpuMemcpy(nullptr, nullptr, 0, nullptr);
  mgpuMemset32(nullptr, 1, 0, nullptr);
  mgpuSetDefaultDevice(0);
}

TEST_F(Mgpu, Launches) {
  void *kernel = vectorAdd();
  void *param = nullptr;
  EXPECT_EXIT(launch(kernel, {&param}), ExitedWithCode(2),
              "^error: kernel vector_add: expected 4 parameters, got 1\n$");
  EXPECT_EXIT(launch(kernel, {}, 0), ExitedWithCode(2), "blocks of 0x1x1");
  EXPECT_EXIT(launch(kernel, {}, size_t(1) << 33), ExitedWithCode(2),
              "blocks of 8589934592x1x1");
  void *extra = nullptr;
  EXPECT_EXIT(mgpuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr,
                               &extra, 0),
              ExitedWithCode(2), "extra options");
  EXPECT_EXIT(mgpuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, -4, nullptr, nullptr,
                               nullptr, 4),
              ExitedWithCode(2), "-4 bytes of shared memory");
  EXPECT_EXIT(mgpuLaunchClusterKernel(kernel, 2, 1, 1, 2, 1, 1, 1, 1, 1, 0,
                                      nullptr, nullptr, nullptr),
              ExitedWithCode(2), "clusters need target sm_90");
}

TEST_F(Mgpu, Modules) {
  char ptx[] = "not PTX";
  EXPECT_EXIT(mgpuModuleLoadJIT(ptx, 2), ExitedWithCode(2),
              "^error: module gpu.binary: ");
  char cubin[] = "\x7f"
                 "ELF...";
  EXPECT_EXIT(mgpuModuleLoad(cubin, sizeof cubin), ExitedWithCode(2),
              "the simulator runs PTX");
  void *module =
      mgpuModuleLoad(const_cast<char *>(kVectorAdd), sizeof kVectorAdd);
  EXPECT_EXIT(mgpuModuleGetFunction(module, "absent"), ExitedWithCode(2),
              "no kernel 'absent' in the module");
  mgpuModuleUnload(module);
  EXPECT_EXIT(mgpuModuleUnload(module), ExitedWithCode(2), "not loaded");
}

TEST_F(Mgpu, Resources) {
  EXPECT_EXIT(mgpuMemAlloc(uint64_t(1) << 60, nullptr, false),
              ExitedWithCode(3), "out of .*memory");
  EXPECT_EXIT(mgpuMemAlloc(uint64_t(1) << 60, nullptr, true), ExitedWithCode(3),
              "out of .*memory");
  EXPECT_EXIT(mgpuSetDefaultDevice(1), ExitedWithCode(3), "device 1");
  void *stream = mgpuStreamCreate();
  mgpuStreamDestroy(stream);
  EXPECT_EXIT(mgpuStreamDestroy(stream), ExitedWithCode(2), "no such stream");
}

TEST_F(Mgpu, TensorMaps) {
  MemRef<2> memref{nullptr, nullptr, 0, {2, 4}, {8, 1}};
  int64_t box[5] = {1, 1, 1, 1, 1};
  EXPECT_EXIT(mgpuTensorMapEncodeTiledMemref(2, &memref, 6, 0, 0, 0, 0, box),
              ExitedWithCode(2), "tensor map: expected an inner box");
  int64_t fine[5] = {2, 8, 1, 1, 1};
  EXPECT_NE(mgpuTensorMapEncodeTiledMemref(2, &memref, 6, 0, 0, 0, 0, fine),
            nullptr);
  EXPECT_EXIT(mgpuTensorMapEncodeTiledMemref(6, &memref, 6, 0, 0, 0, 0, box),
              ExitedWithCode(2), "rank 6");
  EXPECT_EXIT(mgpuTensorMapEncodeTiledMemref(2, &memref, 99, 0, 0, 0, 0, box),
              ExitedWithCode(2), "element type 99");
  EXPECT_EXIT(mgpuTensorMapEncodeTiled(nullptr, 6, 0, nullptr, nullptr, nullptr,
                                       nullptr, nullptr, 0, 0, 0, 0),
              ExitedWithCode(2), "rank 0");
}

TEST_F(Mgpu, NoDevice) {
  setenv("ATTNRT_DEVICE", "tpu", 1);
  EXPECT_EXIT(mgpuStreamCreate(), ExitedWithCode(2),
              "^error: unknown device 'tpu'");
  FakeDevice packagesOnly;
  setCurrentDevice(&packagesOnly);
  EXPECT_EXIT(mgpuStreamCreate(), ExitedWithCode(3), "runs packages only");
}
