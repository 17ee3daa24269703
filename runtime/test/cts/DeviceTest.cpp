//===- DeviceTest.cpp - What every device does ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One suite for all devices. A device that does not open is a skip that says
// why.
//
//===----------------------------------------------------------------------===//

#include "DeviceFixture.h"
#include "Kernels.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <numeric>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Cts, DeviceTest,
                         testing::Values("sim", "cuda", "host"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

TEST_P(DeviceTest, SaysWhatItIs) {
  const DeviceInfo &info = device->info();
  EXPECT_EQ(info.kind, GetParam());
  EXPECT_FALSE(info.name.empty());
  EXPECT_EQ(info.driver.empty(), info.kind != "cuda");
  EXPECT_EQ(info.computeMajor == 0, isHost());
  EXPECT_GT(info.memoryBytes, uint64_t(1) << 28);
  EXPECT_GE(info.sharedBytesPerBlock, isHost() ? 0u : 48u * 1024);
  EXPECT_GE(info.multiprocessors, 1u);
}

TEST_P(DeviceTest, AllocationsAreAlignedAndApart) {
  DeviceAddress a = take(device->allocate(1000));
  DeviceAddress b = take(device->allocate(1));
  EXPECT_NE(a, 0u);
  EXPECT_NE(b, 0u);
  EXPECT_EQ(a % 256, 0u);
  EXPECT_EQ(b % 256, 0u);
  EXPECT_TRUE(b >= a + 1000 || b < a);
  expectOk(device->free(a));
  expectOk(device->free(b));
}

TEST_P(DeviceTest, NothingCanBeAllocated) {
  DeviceAddress address = take(device->allocate(0));
  EXPECT_NE(address, 0u);
  expectOk(device->copyToDevice(address, nullptr, 0));
  expectOk(device->copyToHost(nullptr, address, 0));
  expectOk(device->fill(address, 1, 0));
  expectOk(device->free(address));
}

TEST_P(DeviceTest, CopiesBothWays) {
  std::vector<int> values(10007);
  std::iota(values.begin(), values.end(), 0);
  DeviceAddress address = upload(values);
  EXPECT_EQ(download<int>(address, values.size()), values);
  // A part of it, too.
  EXPECT_EQ(download<int>(address + 400, 3), (std::vector<int>{100, 101, 102}));
  expectOk(device->free(address));
}

TEST_P(DeviceTest, Fills) {
  DeviceAddress address = upload(std::vector<uint8_t>(64, 7));
  expectOk(device->fill(address + 16, 0xff, 16));
  std::vector<uint8_t> expected(64, 7);
  std::fill_n(expected.begin() + 16, 16, 0xff);
  EXPECT_EQ(download<uint8_t>(address, 64), expected);
  expectOk(device->free(address));
}

TEST_P(DeviceTest, OutOfMemorySaysHowMuch) {
  Expected<DeviceAddress> address = device->allocate(size_t(1) << 46);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.status().code(), Code::Device);
  EXPECT_THAT(address.status().message(), HasSubstr("asked for 64.0 TiB"));
  EXPECT_THAT(address.status().message(), HasSubstr("there is"));
}

TEST_P(DeviceTest, FreeingTwiceFails) {
  DeviceAddress address = take(device->allocate(16));
  expectOk(device->free(address));
  EXPECT_FALSE(device->free(address).isOk());
}

TEST_P(DeviceTest, MemoryOfAStream) {
  uint32_t n = 128;
  std::vector<float> a(n, 1.5f);
  DeviceAddress pa = upload(a);
  DeviceAddress scratch =
      take(device->allocateOnStream(n * sizeof(float), nullptr));
  EXPECT_EQ(scratch % 256, 0u);
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  launch(add, shapeOf({1}, 128), {&pa, &pa, &scratch, &n});
  EXPECT_EQ(download<float>(scratch, n), std::vector<float>(n, 3.0f));
  expectOk(device->freeOnStream(scratch, nullptr));
  expectOk(device->synchronize());

  DeviceAddress nothing = take(device->allocateOnStream(0, nullptr));
  EXPECT_NE(nothing, 0u);
  expectOk(device->freeOnStream(nothing, nullptr));
  Expected<DeviceAddress> tooMuch =
      device->allocateOnStream(size_t(1) << 46, nullptr);
  ASSERT_FALSE(tooMuch);
  EXPECT_THAT(tooMuch.status().message(), HasSubstr("asked for 64.0 TiB"));
}

TEST_P(DeviceTest, CodeOfTheOtherKindIsBadInput) {
  ModuleImage image;
  image.name = "other";
  image.hostCode = kHostCode;
  image.hostCodes = std::size(kHostCode);
  if (isHost())
    image = {"other", kVectorAdd, {}};
  Expected<Module *> module = device->load(image);
  ASSERT_FALSE(module);
  EXPECT_EQ(module.status().code(), Code::BadInput);
  EXPECT_THAT(module.status().message(), HasSubstr("other"));
}

TEST_P(DeviceTest, BadPtxIsBadInput) {
  if (isHost())
    GTEST_SKIP() << "the processor runs no PTX";
  ModuleImage image;
  image.name = "nonsense";
  image.ptx = ".version 7.0\n.target sm_80\n.address_size 64\nnonsense\n";
  Expected<Module *> module = device->load(image);
  ASSERT_FALSE(module);
  EXPECT_EQ(module.status().code(), Code::BadInput);
  EXPECT_THAT(module.status().message(), HasSubstr("nonsense"));
  EXPECT_THAT(module.status().message(), HasSubstr("line"));
  EXPECT_EQ(module.status().message().find('\n'), std::string::npos);
}

TEST_P(DeviceTest, EmptyPtxIsBadInput) {
  ModuleImage image;
  image.name = "empty";
  Expected<Module *> module = device->load(image);
  // A module without kernels would do as well.
  EXPECT_TRUE(!module || !device->find(*module, "vector_add"));
}

TEST_P(DeviceTest, MissingKernelIsBadInput) {
  Module *module = load(kVectorAdd);
  ASSERT_NE(module, nullptr);
  Expected<Kernel *> kernel = device->find(module, "vector_sub");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.status().code(), Code::BadInput);
  EXPECT_THAT(kernel.status().message(), HasSubstr("vector_sub"));
}

TEST_P(DeviceTest, AddsVectorsWithATail) {
  uint32_t n = 1000;
  std::vector<float> a(n), b(n), sum(n);
  for (uint32_t i = 0; i < n; ++i) {
    a[i] = static_cast<float>(i);
    b[i] = 0.5f * static_cast<float>(i);
    sum[i] = a[i] + b[i];
  }
  DeviceAddress pa = upload(a), pb = upload(b);
  DeviceAddress pc = take(device->allocate(n * sizeof(float)));
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  launch(add, shapeOf({8}, 128), {&pa, &pb, &pc, &n}); // 1024 threads
  EXPECT_EQ(download<float>(pc, n), sum);
}

TEST_P(DeviceTest, LaunchesSeeEarlierOnes) {
  uint32_t n = 64;
  DeviceAddress a = upload(std::vector<float>(n, 1));
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  std::vector<void *> params = {&a, &a, &a, &n};
  for (int i = 0; i < 5; ++i)
    expectOk(device->launch(add, shapeOf({2}, 32), params.data(), nullptr));
  EXPECT_EQ(download<float>(a, n), std::vector<float>(n, 32));
}

TEST_P(DeviceTest, GridsHaveThreeDimensions) {
  DeviceAddress out = upload(std::vector<uint32_t>(24, 0));
  Kernel *where = kernel(kMore, "where");
  ASSERT_NE(where, nullptr);
  launch(where, {{2, 3, 4}, {1}, 0}, {&out});
  std::vector<uint32_t> expected;
  for (uint32_t z = 0; z < 4; ++z)
    for (uint32_t y = 0; y < 3; ++y)
      for (uint32_t x = 0; x < 2; ++x)
        expected.push_back(x + 100 * y + 10000 * z);
  EXPECT_EQ(download<uint32_t>(out, 24), expected);
}

TEST_P(DeviceTest, ParametersOfEverySize) {
  DeviceAddress out = take(device->allocate(56));
  uint8_t p8 = 200;
  uint16_t p16 = 60000;
  uint32_t p32 = 4000000000;
  uint64_t p64 = 0x123456789abcdef0;
  float pf = 1;
  uint64_t packed[3] = {11, 22, 33};
  Kernel *parameters = kernel(kMore, "parameters");
  ASSERT_NE(parameters, nullptr);
  launch(parameters, {}, {&out, &p8, &p16, &p32, &p64, &pf, packed});
  EXPECT_EQ(download<uint64_t>(out, 7),
            (std::vector<uint64_t>{p8, p16, p32, p64, 0x3f800000, 11, 33}));
}

TEST_P(DeviceTest, DynamicSharedMemory) {
  if (isHost())
    GTEST_SKIP() << "the processor has no shared memory";
  std::vector<uint32_t> values(96);
  std::iota(values.begin(), values.end(), 0);
  DeviceAddress data = upload(values);
  Kernel *reverse = kernel(kMore, "reverse");
  ASSERT_NE(reverse, nullptr);
  launch(reverse, {{1}, {96}, 96 * 4}, {&data});
  std::reverse(values.begin(), values.end());
  EXPECT_EQ(download<uint32_t>(data, 96), values);
}

TEST_P(DeviceTest, AllTheSharedMemoryOfABlock) {
  if (isHost())
    GTEST_SKIP() << "the processor has no shared memory";
  DeviceAddress out = take(device->allocate(4));
  // The simulator holds PTX to its target, and sm_80 has 163 KiB.
  uint32_t bytes =
      std::min<uint32_t>(device->info().sharedBytesPerBlock, 163 * 1024);
  uint32_t last = bytes - 4;
  Kernel *kernelAtEnd = kernel(kMore, "last_shared");
  ASSERT_NE(kernelAtEnd, nullptr);
  launch(kernelAtEnd, {{1}, {1}, bytes}, {&out, &last});
  EXPECT_EQ(download<uint32_t>(out, 1)[0], 123456u);
}

TEST_P(DeviceTest, TooMuchSharedMemoryIsRefused) {
  DeviceAddress out = take(device->allocate(4));
  uint32_t offset = 0;
  std::vector<void *> params = {&out, &offset};
  const char *name = isHost() ? "where" : "last_shared";
  Kernel *refused = kernel(kMore, name);
  ASSERT_NE(refused, nullptr);
  uint32_t bytes = device->info().sharedBytesPerBlock + 16;
  Status status =
      device->launch(refused, {{1}, {1}, bytes}, params.data(), nullptr);
  EXPECT_FALSE(status.isOk());
  EXPECT_THAT(status.message(), HasSubstr(name));
}

TEST_P(DeviceTest, TooManyThreadsAreRefused) {
  DeviceAddress out = take(device->allocate(4));
  std::vector<void *> params = {&out};
  Kernel *where = kernel(kMore, "where");
  ASSERT_NE(where, nullptr);
  EXPECT_FALSE(
      device->launch(where, {{1}, {2048}, 0}, params.data(), nullptr).isOk());
}

TEST_P(DeviceTest, TwoModulesBesideEachOther) {
  Kernel *add = kernel(kVectorAdd, "vector_add");
  Kernel *where = kernel(kMore, "where");
  Kernel *addAgain = kernel(kVectorAdd, "vector_add");
  ASSERT_TRUE(add && where && addAgain);
  uint32_t n = 2;
  DeviceAddress values = upload(std::vector<float>{1, 2});
  DeviceAddress block = upload(std::vector<uint32_t>{9});
  launch(add, shapeOf({1}, 32), {&values, &values, &values, &n});
  launch(where, {{1}, {1}, 0}, {&block});
  launch(addAgain, shapeOf({1}, 32), {&values, &values, &values, &n});
  EXPECT_EQ(download<float>(values, 2), (std::vector<float>{4, 8}));
  EXPECT_EQ(download<uint32_t>(block, 1)[0], 0u);
}

TEST_P(DeviceTest, TimesOrSaysThatItCannot) {
  int calls = 0;
  Expected<double> time = device->timeMilliseconds([&] {
    ++calls;
    return Status::ok();
  });
  EXPECT_EQ(bool(time), !isSim());
  EXPECT_EQ(calls, isSim() ? 0 : 1);
  EXPECT_GE(time ? *time : 0, 0);
}

TEST_P(DeviceTest, ReportsWhatRan) {
  if (!isSim()) {
    EXPECT_EQ(device->takeExecutionReport(), nullptr);
    return;
  }
  uint32_t n = 64;
  DeviceAddress a = upload(std::vector<float>(n, 1));
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  launch(add, shapeOf({2}, 32), {&a, &a, &a, &n});
  std::unique_ptr<ExecutionReport> report = device->takeExecutionReport();
  ASSERT_NE(report, nullptr);
  // Two warps, each instruction of the kernel once.
  EXPECT_GE(report->warpInstructions, 2 * 19u);
  EXPECT_LE(report->warpInstructions, 2 * 25u);
  EXPECT_TRUE(report->hazards.empty());
  EXPECT_GE(report->threads, 1u);
  EXPECT_EQ(device->takeExecutionReport()->warpInstructions, 0u);
}

TEST_P(DeviceTest, HazardsAreWrong) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  uint32_t n = 65; // one more than there is
  DeviceAddress a = upload(std::vector<float>(64, 1));
  std::vector<void *> params = {&a, &a, &a, &n};
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  Status status = device->launch(add, shapeOf({3}, 32), params.data(), nullptr);
  EXPECT_EQ(status.code(), Code::Wrong);
  EXPECT_THAT(status.message(), HasSubstr("vector_add"));
  std::unique_ptr<ExecutionReport> report = device->takeExecutionReport();
  ASSERT_FALSE(report->hazards.empty());
  EXPECT_EQ(report->hazards[0].cta.x, 2u);
  EXPECT_GT(report->hazards[0].ptxLine, 0);
  // The device goes on.
  n = 64;
  launch(add, shapeOf({2}, 32), {&a, &a, &a, &n});
}

TEST_P(DeviceTest, ReadingWhatWasNeverWrittenIsAHazard) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  uint32_t n = 64;
  DeviceAddress a = take(device->allocate(n * sizeof(float)));
  std::vector<void *> params = {&a, &a, &a, &n};
  Kernel *add = kernel(kVectorAdd, "vector_add");
  ASSERT_NE(add, nullptr);
  Status status = device->launch(add, shapeOf({2}, 32), params.data(), nullptr);
  EXPECT_EQ(status.code(), Code::Wrong);
}

TEST(OpenDevice, UnknownNames) {
  Expected<std::unique_ptr<Device>> device = openDevice("tpu");
  ASSERT_FALSE(device);
  EXPECT_EQ(device.status().code(), Code::BadInput);
  EXPECT_EQ(device.status().message(),
            "unknown device 'tpu': expected auto, cuda, cuda:N, sim or host");
}

TEST(OpenDevice, AutoAlwaysOpens) {
  Expected<std::unique_ptr<Device>> device = openDevice("auto");
  ASSERT_TRUE(device) << device.status().message();
  EXPECT_EQ(bool(openDevice("cuda")), (*device)->info().kind == "cuda");
}

TEST(OpenDevice, NoDriverIsSaid) {
  Expected<std::unique_ptr<Device>> device = openDevice("cuda");
  if (device)
    GTEST_SKIP() << "there is a CUDA driver";
  EXPECT_EQ(device.status().code(), Code::Device);
  EXPECT_THAT(device.status().message(), HasSubstr("CUDA"));
}
