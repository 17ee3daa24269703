//===- DriverApiTest.cpp - Devices as drivers -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/DriverApi.h"
#include "DeviceFixture.h"
#include "Kernels.h"

#include <gmock/gmock.h>

#include <numeric>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

namespace {
class DriverApiTest : public DeviceTest {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (device)
      api = device->driverApi();
  }

  static void *pointer(DeviceAddress address) {
    return reinterpret_cast<void *>(address);
  }
  static DeviceAddress address(void *pointer) {
    return reinterpret_cast<DeviceAddress>(pointer);
  }

  DriverApi *api = nullptr;
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Cts, DriverApiTest, testing::Values("sim", "cuda"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

TEST_P(DriverApiTest, StreamsAndEvents) {
  void *first = take(api->createStream()), *second = take(api->createStream());
  void *event = take(api->createEvent());
  EXPECT_TRUE(first && second && event);
  EXPECT_NE(first, second);
  expectOk(api->recordEvent(event, first));
  expectOk(api->waitEvent(second, event));
  expectOk(api->synchronizeEvent(event));
  expectOk(api->synchronizeStream(second));
  expectOk(api->synchronizeStream(nullptr));
  expectOk(api->destroyEvent(event));
  expectOk(api->destroyStream(first));
  expectOk(api->destroyStream(second));
}

TEST_P(DriverApiTest, CopiesInEveryDirection) {
  std::vector<uint32_t> values(33), back(33, 0);
  std::iota(values.begin(), values.end(), 7);
  size_t bytes = values.size() * sizeof(uint32_t);
  void *stream = take(api->createStream());
  void *a = pointer(take(device->allocate(bytes)));
  void *b = pointer(take(device->allocate(bytes)));
  expectOk(api->copy(a, values.data(), bytes, stream));
  expectOk(api->copy(b, a, bytes, stream));
  expectOk(api->copy(back.data(), b, bytes, stream));
  expectOk(api->synchronizeStream(stream));
  EXPECT_EQ(back, values);
  expectOk(api->copy(back.data(), b, 0, stream));
}

TEST_P(DriverApiTest, Fills) {
  for (size_t count : {1, 2, 7, 1000}) {
    DeviceAddress halves = take(device->allocate(count * 2));
    DeviceAddress words = take(device->allocate(count * 4));
    expectOk(api->fill16(halves, 0x1234, count, nullptr));
    expectOk(api->fill32(words, 0xdeadbeef, count, nullptr));
    expectOk(api->synchronizeStream(nullptr));
    EXPECT_EQ(download<uint16_t>(halves, count),
              std::vector<uint16_t>(count, 0x1234));
    EXPECT_EQ(download<uint32_t>(words, count),
              std::vector<uint32_t>(count, 0xdeadbeef));
  }
}

TEST_P(DriverApiTest, KernelsUseRegisteredHostMemory) {
  std::vector<float> a(64, 1), b(64, 2), c(64, 0);
  for (auto *array : {&a, &b, &c})
    expectOk(api->registerHost(array->data(), 64 * sizeof(float)));
  float *pa = a.data(), *pb = b.data(), *pc = c.data();
  uint32_t n = 64;
  launch(kernel(kVectorAdd, "vector_add"), {{2}, {32}}, {&pa, &pb, &pc, &n});
  EXPECT_EQ(c, std::vector<float>(64, 3));
  for (auto *array : {&a, &b, &c})
    expectOk(api->unregisterHost(array->data()));
  EXPECT_FALSE(api->unregisterHost(a.data()).isOk());
}

TEST_P(DriverApiTest, SharedMemoryNeedsNoCopies) {
  DeviceAddress place = take(api->allocateShared(64 * sizeof(float)));
  auto *values = static_cast<float *>(pointer(place));
  std::fill(values, values + 64, 1.5f);
  uint32_t n = 64;
  launch(kernel(kVectorAdd, "vector_add"), {{2}, {32}},
         {&place, &place, &place, &n});
  EXPECT_EQ(values[0], 3);
  EXPECT_EQ(values[63], 3);
  expectOk(device->free(place));
}

TEST_P(DriverApiTest, KnowsWhatKernelsReach) {
  alignas(4096) static char host[4096];
  EXPECT_FALSE(api->reaches(host, 64));
  expectOk(api->registerHost(host, sizeof host));
  EXPECT_TRUE(api->reaches(host + 64, 64));
  expectOk(api->unregisterHost(host));
  EXPECT_FALSE(api->reaches(host, 64));
  DeviceAddress place = take(device->allocate(64));
  EXPECT_TRUE(api->reaches(pointer(place), 64));
  expectOk(device->free(place));
  EXPECT_FALSE(api->reaches(pointer(place), 64));
}

TEST_P(DriverApiTest, ModulesAreUnloaded) {
  Module *kept = load(kVectorAdd), *module = load(kMore);
  ASSERT_TRUE(kept && module);
  expectOk(device->unload(module));
  EXPECT_EQ(device->unload(module).code(), Code::BadInput);
  EXPECT_TRUE(device->find(kept, "vector_add"));
}

TEST_P(DriverApiTest, WhatTheSimulatorRefuses) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator knows these";
  void *stream = take(api->createStream()), *event = take(api->createEvent());
  expectOk(api->destroyStream(stream));
  EXPECT_FALSE(api->destroyStream(stream).isOk());
  EXPECT_FALSE(api->synchronizeStream(stream).isOk());
  EXPECT_FALSE(api->synchronizeStream(event).isOk());
  EXPECT_FALSE(api->waitEvent(nullptr, stream).isOk());
  EXPECT_FALSE(api->recordEvent(event, stream).isOk());
  EXPECT_FALSE(api->copy(nullptr, nullptr, 4, stream).isOk());

  Kernel *add = kernel(kVectorAdd, "vector_add");
  expectOk(api->checkLaunch(add, 4, nullptr));
  expectOk(api->checkLaunch(add, std::nullopt, nullptr));
  EXPECT_THAT(api->checkLaunch(add, 3, nullptr).message(),
              HasSubstr("expected 4 parameters, got 3"));
  EXPECT_FALSE(api->checkLaunch(add, 4, stream).isOk());

  std::vector<char> host(64);
  DeviceAddress place = take(device->allocate(64));
  for (int offset : {-1, 1, 64})
    EXPECT_THAT(
        api->copy(host.data(), pointer(place + offset), 64, nullptr).message(),
        HasSubstr("the 64-byte allocation"));
  EXPECT_FALSE(api->copy(pointer(place), host.data(), 65, nullptr).isOk());
  EXPECT_FALSE(api->fill32(place, 0, 17, nullptr).isOk());
  EXPECT_FALSE(api->fill16(place, 0, SIZE_MAX, nullptr).isOk());
  expectOk(device->free(place));

  LaunchShape clusters{{2}, {32}};
  clusters.cluster = {2, 1, 1};
  EXPECT_THAT(device->launch(add, clusters, nullptr, nullptr).message(),
              HasSubstr("clusters need target sm_90"));
}

TEST_P(DriverApiTest, CopiesKeepWhatWasNeverWritten) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  uint32_t n = 64;
  DeviceAddress a = upload(std::vector<float>(n, 1));
  DeviceAddress half = take(device->allocate(n * sizeof(float)));
  expectOk(device->copyToDevice(half, std::vector<float>(32, 2).data(), 128));
  // The second half of `a` is now as unwritten as that of `half`.
  expectOk(api->copy(pointer(a), pointer(half), n * sizeof(float), nullptr));
  Kernel *add = kernel(kVectorAdd, "vector_add");
  std::vector<void *> params = {&a, &a, &a, &n};
  n = 32;
  expectOk(device->launch(add, {{1}, {32}}, params.data(), nullptr));
  n = 33;
  EXPECT_EQ(device->launch(add, {{2}, {32}}, params.data(), nullptr).code(),
            Code::Wrong);
}
