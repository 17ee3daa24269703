//===- HostCallsTest.cpp - Calls of code for processors -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Processor.h"
#include "Device/Host/Threads.h"
#include "Kernels.h"
#include "attnrt/Device.h"
#include "attnrt/HostTensor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

using namespace attnrt;
using namespace attnrt::test;

static void write(const AttnrtCta *, void *const *params) {
  ++*parameter<int *>(params, 0);
}

namespace {
/// What a package has: a module, a kernel, and an entry that launches one CTA.
struct PackageOfOne {
  AttnrtHostCode code{"k", "any", "", write, 64};
  AttnrtModule module{"by hand", nullptr, 0, nullptr, 0, &code, 1, nullptr};
  AttnrtKernel kernel{&module, "k", nullptr};

  int call(int &calls, DLTensor &tensor) {
    DLTensor *tensors[] = {&tensor};
    AttnrtDevice *device = nullptr;
    if (int code = attnrtHostDeviceOf(tensors, 1, tensors, 1, &device))
      return code;
    int *address = &calls;
    void *params[] = {&address};
    return attnrtLaunch(device, nullptr, &kernel, 1, 1, 1, 1, 1, 1, 0, params);
  }
};

/// Packages outlive the process's device.
PackageOfOne &packageOfOne() {
  static auto *the = new PackageOfOne;
  return *the;
}
} // namespace

static std::atomic<size_t> allocations{0};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static constexpr bool kCountsAllocations = false; // the sanitizer's own
#else
static constexpr bool kCountsAllocations = true;

void *operator new(size_t bytes) {
  ++allocations;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  std::abort();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
#endif

TEST(HostCalls, AllocateNothingAfterTheFirst) {
  if (!kCountsAllocations)
    GTEST_SKIP() << "the sanitizer allocates";
  int calls = 0;
  TensorView view(ElementType::F32, {1}, &calls, {kDLCPU, 0});
  ASSERT_EQ(packageOfOne().call(calls, *view.dl()), ATTNRT_OK)
      << attnrtLastError();
  size_t before = allocations;
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(packageOfOne().call(calls, *view.dl()), ATTNRT_OK);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(calls, 51);
}

TEST(HostCalls, ArraysOfAGpuAreRefused) {
  int calls = 0;
  TensorView view(ElementType::F32, {1}, &calls, {kDLCUDA, 1});
  EXPECT_EQ(packageOfOne().call(calls, *view.dl()), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(),
               "argument 0: expected memory of the host, since the code is for "
               "processors, got memory of cuda:1");
}

TEST(HostCalls, WithoutTensorsTheyRunHere) {
  AttnrtDevice *device = nullptr;
  ASSERT_EQ(attnrtHostDeviceOf(nullptr, 0, nullptr, 0, &device), ATTNRT_OK);
  int64_t processors = 0;
  ASSERT_EQ(attnrtMultiprocessors(device, &processors), ATTNRT_OK);
  EXPECT_EQ(processors, usableProcessors());
}

TEST(HostCalls, RunOnTheCurrentDeviceOfTheHost) {
  Expected<std::unique_ptr<Device>> device = openDevice("host");
  ASSERT_TRUE(device) << device.status().message();
  setCurrentDevice(device->get());
  int calls = 0;
  TensorView view(ElementType::F32, {1}, &calls, {kDLCPU, 0});
  EXPECT_EQ(packageOfOne().call(calls, *view.dl()), ATTNRT_OK);
  setCurrentDevice(nullptr);
  EXPECT_EQ((*device)->takePeakScratchBytes(), 64u);
}

//===----------------------------------------------------------------------===//
// Processors
//===----------------------------------------------------------------------===//

TEST(Targets, TheBestThatRunsIsChosenOnce) {
  AttnrtTarget list[] = {{"v9", "avx1024"}, {"v2", ""}, {"v1", ""}};
  AttnrtTargets targets{list, 3, 0};
  EXPECT_EQ(attnrtChooseTarget(&targets), 1);
  list[0].features = "";
  EXPECT_EQ(attnrtChooseTarget(&targets), 1) << "it is known already";
}

TEST(Targets, WhatTheLastOneLacksIsSaid) {
  AttnrtTarget list[] = {{"v9", "avx1024 avx2048"}, {"v8", "avx2048"}};
  AttnrtTargets targets{list, 2, 0};
  EXPECT_EQ(attnrtChooseTarget(&targets), -1);
  EXPECT_STREQ(attnrtLastError(),
               "code is for v8; this machine has no avx2048");
  list[1].features = "";
  EXPECT_EQ(attnrtChooseTarget(&targets), 1) << "a failure is not kept";
}

TEST(Processor, FeaturesByName) {
  EXPECT_FALSE(processorName().empty());
  EXPECT_FALSE(processorHas("avx1024"));
  EXPECT_FALSE(processorHas(""));
  EXPECT_EQ(missingFeature(""), "");
#if defined(__x86_64__)
  EXPECT_TRUE(processorHas("pni"));
  EXPECT_EQ(processorHas("fma"), bool(__builtin_cpu_supports("fma")));
  EXPECT_EQ(processorHas("avx2"), bool(__builtin_cpu_supports("avx2")));
  EXPECT_EQ(processorHas("bmi1"), bool(__builtin_cpu_supports("bmi")));
  EXPECT_EQ(processorHas("avx512f"), bool(__builtin_cpu_supports("avx512f")));
  EXPECT_EQ(processorHas("avx512_vnni"),
            bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ(processorHas("avx512_bf16"),
            bool(__builtin_cpu_supports("avx512bf16")));
  EXPECT_EQ(processorHas("avx512_bf16"), processorHas("avx512bf16"));
#endif
}
