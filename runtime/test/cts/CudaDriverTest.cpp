//===- CudaDriverTest.cpp - What CudaDevice does around the driver --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs with the fake driver of FakeCuda.cpp on the library path, so it says
// nothing about real GPUs; DeviceTest.cpp does where there is one.
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/MiniCuda.h"
#include "Device/Current.h"
#include "Kernels.h"
#include "attnrt/DriverApi.h"
#include "attnrt/HostTensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

extern "C" int fakeCudaLaunches(int device);
extern "C" int fakeCudaCopies(int device);
extern "C" CUresult cuCtxSetCurrent(CUcontext context);
extern "C" CUresult cuCtxGetCurrent(CUcontext *context);
extern "C" void *mgpuTensorMapEncodeTiledMemref(int64_t, void *, int, int, int,
                                                int, int, int64_t *);

namespace {
class CudaDriver : public testing::Test {
protected:
  void TearDown() override { unsetenv("FAKE_CUDA"); }

  void misbehave(const char *how) { setenv("FAKE_CUDA", how, 1); }

  std::unique_ptr<Device> open() {
    Expected<std::unique_ptr<Device>> device = openDevice("cuda");
    EXPECT_TRUE(device) << device.status().message();
    return device ? std::move(*device) : nullptr;
  }

  static void expectFailure(const Status &status, Code code,
                            const std::string &text) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_THAT(status.message(), HasSubstr(text));
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }
};
} // namespace

TEST_F(CudaDriver, Opens) {
  std::unique_ptr<Device> device = open();
  EXPECT_EQ(device->info().name, "fake GPU");
  EXPECT_EQ(device->info().driver, "CUDA 12.8");
  EXPECT_EQ(device->info().computeMajor, 8);
  EXPECT_EQ(device->info().sharedBytesPerBlock, 160u * 1024);
}

TEST_F(CudaDriver, NoDeviceIsSaid) {
  misbehave("no-device");
  expectFailure(openDevice("cuda").status(), Code::Device,
                "cuInit failed: no CUDA-capable device is detected "
                "(CUDA_ERROR_NO_DEVICE)");
  misbehave("count-0");
  expectFailure(openDevice("cuda").status(), Code::Device, "no CUDA device");
  // And auto goes on to the simulator.
  Expected<std::unique_ptr<Device>> device = openDevice("auto");
  ASSERT_TRUE(device) << device.status().message();
  EXPECT_EQ((*device)->info().kind, "sim");
}

TEST_F(CudaDriver, DevicesAreNumbered) {
  std::unique_ptr<Device> first = open();
  EXPECT_EQ(first->info().ordinal, 0);
  Expected<std::unique_ptr<Device>> second = openDevice("cuda:1");
  ASSERT_TRUE(second) << second.status().message();
  EXPECT_EQ((*second)->info().ordinal, 1);
  EXPECT_EQ((*second)->info().name, "second fake GPU");
  expectFailure(openDevice("cuda:2").status(), Code::Device,
                "no CUDA device 2: the driver sees 2");
  for (const char *name : {"cuda:", "cuda:x", "cuda:-1", "cuda1", "cuda:00000"})
    expectFailure(openDevice(name).status(), Code::BadInput, "unknown device");
}

TEST_F(CudaDriver, OutOfMemory) {
  std::unique_ptr<Device> device = open();
  Expected<DeviceAddress> half = device->allocate(size_t(1) << 29);
  ASSERT_TRUE(half);
  expectFailure(device->allocate(size_t(3) << 30).status(), Code::Device,
                "asked for 3.0 GiB, there is 512.0 MiB of 1.0 GiB");
  EXPECT_TRUE(device->free(*half).isOk());
  Expected<DeviceAddress> nothing = device->allocate(0);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(device->free(*nothing).isOk());
}

TEST_F(CudaDriver, BadPtxHasTheLog) {
  std::unique_ptr<Device> device = open();
  ModuleImage image{"m", "nonsense", {}};
  expectFailure(device->load(image).status(), Code::BadInput,
                "line 4; fatal : Parsing error near 'nonsense'; ptxas fatal");
}

TEST_F(CudaDriver, CubinFirstThenPtx) {
  std::unique_ptr<Device> device = open();
  Expected<Module *> fits = device->load({"m", kVectorAdd, "cubin that fits"});
  ASSERT_TRUE(fits);
  EXPECT_TRUE(device->find(*fits, "only_in_the_cubin"));
  Expected<Module *> other =
      device->load({"m", kVectorAdd, "cubin for another chip"});
  ASSERT_TRUE(other);
  EXPECT_TRUE(device->find(*other, "vector_add"));
  expectFailure(device->find(*other, "only_in_the_cubin").status(),
                Code::BadInput, "only_in_the_cubin");
}

TEST_F(CudaDriver, LaunchFailuresNameKernelAndCall) {
  std::unique_ptr<Device> device = open();
  Expected<Module *> module = device->load({"m", kVectorAdd, {}});
  ASSERT_TRUE(module);
  Expected<Kernel *> kernel = device->find(*module, "vector_add");
  ASSERT_TRUE(kernel);
  EXPECT_TRUE(device->launch(*kernel, {{1}, {32}, 100 * 1024}, nullptr, nullptr)
                  .isOk());
  expectFailure(device->launch(*kernel, {{1}, {2048}, 0}, nullptr, nullptr),
                Code::Device, "kernel vector_add: cuLaunchKernel failed");
  expectFailure(
      device->launch(*kernel, {{1}, {32}, 200 * 1024}, nullptr, nullptr),
      Code::Device, "asked for 200.0 KiB of dynamic shared memory");
}

TEST_F(CudaDriver, AsynchronousErrorsSurface) {
  std::unique_ptr<Device> device = open();
  misbehave("broken-kernel");
  expectFailure(device->synchronize(), Code::Device, "cuCtxSynchronize failed");
}

TEST_F(CudaDriver, Times) {
  Expected<double> time = open()->timeMilliseconds([] { return Status::ok(); });
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 1.5);
}

TEST_F(CudaDriver, CodeForAnotherChipNamesBoth) {
  std::unique_ptr<Device> device = open(); // sm_81
  for (const char *runs : {"sm_70", "sm_80", "sm_81", "sm_81a", "sm_81f"})
    EXPECT_TRUE(device->load({"m", ".target " + std::string(runs) + "\n" +
                                       std::string(kVectorAdd),
                              {}}))
        << runs;
  for (const char *other : {"sm_80a", "sm_82", "sm_90", "sm_90a", "sm_100f"})
    expectFailure(
        device->load({"kernels",
                      "//\n\t.target\t" + std::string(other) + ", debug\n",
                      "cubin that fits"})
            .status(),
        Code::Device,
        "module kernels holds code for " + std::string(other) +
            "; fake GPU is sm_81");
}

TEST_F(CudaDriver, ABinaryWithoutPtx) {
  std::unique_ptr<Device> device = open();
  EXPECT_TRUE(device->load({"m", {}, "cubin that fits"}));
  expectFailure(device->load({"m", {}, "cubin for another chip"}).status(),
                Code::BadInput, "module m: cuModuleLoadDataEx failed");
}

TEST_F(CudaDriver, Clusters) {
  std::unique_ptr<Device> device = open();
  Expected<Module *> module = device->load({"m", kVectorAdd, {}});
  ASSERT_TRUE(module);
  Expected<Kernel *> kernel = device->find(*module, "vector_add");
  ASSERT_TRUE(kernel);
  LaunchShape shape{{4}, {32}};
  shape.cluster = {2, 1, 1};
  EXPECT_TRUE(device->launch(*kernel, shape, nullptr, nullptr).isOk());
  shape.cluster = {3, 1, 1};
  expectFailure(device->launch(*kernel, shape, nullptr, nullptr), Code::Device,
                "kernel vector_add: cuLaunchKernelEx failed");
}

TEST_F(CudaDriver, StreamsAndRegistrations) {
  std::unique_ptr<Device> device = open();
  DriverApi &api = *device->driverApi();
  Expected<void *> stream = api.createStream();
  ASSERT_TRUE(stream);
  EXPECT_TRUE(api.destroyStream(*stream).isOk());
  expectFailure(api.destroyStream(nullptr), Code::Device,
                "cuStreamDestroy failed");
  int host = 0;
  EXPECT_TRUE(api.registerHost(&host, sizeof host).isOk());
  expectFailure(api.registerHost(&host, sizeof host), Code::Device,
                "cuMemHostRegister failed");
  misbehave("broken-kernel");
  expectFailure(api.synchronizeStream(*stream), Code::Device,
                "cuStreamSynchronize failed");
}

/// MLIR's descriptor of a memref<6x8xf16> with rows of 16 elements.
TEST_F(CudaDriver, TensorMapsOfMemrefs) {
  std::unique_ptr<Device> device = open();
  setCurrentDevice(device.get());
  alignas(16) char data[512];
  struct {
    void *allocated, *aligned;
    int64_t offset, sizes[2], strides[2];
  } memref = {data, data, 0, {6, 8}, {16, 1}};
  int64_t box[2] = {3, 4};
  constexpr int kF16 = 6, kSwizzle = 3;
  void *map = mgpuTensorMapEncodeTiledMemref(2, &memref, kF16, 0, kSwizzle, 0,
                                             0, box);
  unsigned long long words[16];
  EXPECT_TRUE(device
                  ->copyToHost(words, reinterpret_cast<DeviceAddress>(map),
                               sizeof words)
                  .isOk());
  EXPECT_THAT(words, testing::ElementsAre(kF16, 2, 8, 6, 32, 4, 3, kSwizzle, 0,
                                          0, 0, 0, 0, 0, 0, 0));
  setCurrentDevice(nullptr);
}

//===----------------------------------------------------------------------===//
// Several devices at a time
//===----------------------------------------------------------------------===//

namespace {
class SeveralDevices : public CudaDriver {
protected:
  void SetUp() override { setCurrentDevice(nullptr); }

  /// A tensor that says that it lies on a CUDA device.
  TensorView on(int device) {
    return {ElementType::F32, {1}, data, {kDLCUDA, device}};
  }

  AttnrtDevice *deviceOf(TensorView &view) {
    DLTensor *args[] = {view.dl()};
    AttnrtDevice *device = nullptr;
    EXPECT_EQ(attnrtDeviceOf(args, 1, nullptr, 0, &device), ATTNRT_OK)
        << attnrtLastError();
    return device;
  }

  int launch(AttnrtDevice *device) {
    return attnrtLaunch(device, nullptr, &kernel, 1, 1, 1, 32, 1, 1, 0,
                        nullptr);
  }

  float data[1] = {};
  AttnrtModule module{"m",     kVectorAdd, sizeof kVectorAdd - 1,
                      nullptr, 0,          nullptr,
                      0,       nullptr};
  AttnrtKernel kernel{&module, "vector_add", nullptr};
};
} // namespace

TEST_F(SeveralDevices, TensorsChooseAndEachRunsItsOwnModule) {
  TensorView first = on(0), second = on(1);
  AttnrtDevice *zero = deviceOf(first), *one = deviceOf(second);
  ASSERT_NE(zero, one);
  int before[] = {fakeCudaLaunches(0), fakeCudaLaunches(1)};
  for (AttnrtDevice *device : {zero, one, one, zero, one})
    EXPECT_EQ(launch(device), ATTNRT_OK) << attnrtLastError();
  EXPECT_EQ(fakeCudaLaunches(0) - before[0], 2);
  EXPECT_EQ(fakeCudaLaunches(1) - before[1], 3);
  // They stay open.
  EXPECT_EQ(deviceOf(first), zero);
  EXPECT_EQ(deviceOf(second), one);
}

TEST_F(SeveralDevices, TheCallersContextStays) {
  TensorView second = on(1);
  auto *mine = reinterpret_cast<CUcontext>(uintptr_t(1));
  cuCtxSetCurrent(mine);
  AttnrtDevice *device = deviceOf(second);
  EXPECT_EQ(launch(device), ATTNRT_OK);
  void *address = nullptr;
  EXPECT_EQ(attnrtAllocate(device, nullptr, 64, &address), ATTNRT_OK);
  EXPECT_EQ(attnrtRelease(device, nullptr, address), ATTNRT_OK);
  CUcontext now = nullptr;
  cuCtxGetCurrent(&now);
  EXPECT_EQ(now, mine);
}

TEST_F(SeveralDevices, ADeviceThatIsNotThereIsNamed) {
  TensorView third = on(2);
  DLTensor *args[] = {third.dl()};
  AttnrtDevice *device = nullptr;
  EXPECT_EQ(attnrtDeviceOf(args, 1, nullptr, 0, &device), ATTNRT_DEVICE);
  EXPECT_STREQ(attnrtLastError(), "no CUDA device 2: the driver sees 2");
}

TEST_F(SeveralDevices, MixedDevicesAreRefused) {
  TensorView first = on(0), second = on(1);
  DLTensor *args[] = {first.dl()}, *results[] = {second.dl()};
  AttnrtDevice *device = nullptr;
  EXPECT_EQ(attnrtDeviceOf(args, 1, results, 1, &device), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(),
               "result 0: expected memory of cuda:0 as argument 0 has, got "
               "memory of cuda:1");
}

TEST_F(SeveralDevices, HostArraysStayOnTheSimulator) {
  TensorView host(ElementType::F32, {1}, data, {kDLCPU, 0});
  setenv("ATTNRT_DEVICE", "cuda", 1);
  EXPECT_EQ(deviceOf(host)->device->info().kind, "sim");
  Expected<Device *> current = currentDevice();
  ASSERT_TRUE(current);
  EXPECT_EQ((*current)->info().kind, "cuda");
  unsetenv("ATTNRT_DEVICE");
  setCurrentDevice(nullptr);
}

TEST_F(SeveralDevices, EnvironmentNamesOneOfThem) {
  setenv("ATTNRT_DEVICE", "cuda:1", 1);
  Expected<Device *> current = currentDevice();
  ASSERT_TRUE(current) << current.status().message();
  EXPECT_EQ((*current)->info().ordinal, 1);
  TensorView second = on(1);
  EXPECT_EQ(deviceOf(second)->device, *current);
  unsetenv("ATTNRT_DEVICE");
  setCurrentDevice(nullptr);
}

TEST_F(SeveralDevices, TheJudgeReadsFromEach) {
  const AttnrtFunction *function = nullptr;
  ASSERT_EQ(
      attnrtOpenFunction(ATTNRT_FIXTURES "/several.so", "scale_f32", &function),
      ATTNRT_OK)
      << attnrtLastError();
  // The result has every second row of memory that holds twice as many, and
  // its heads stand in the opposite order.
  constexpr int64_t kHeads = 4, kRows = 3, kWidth = 8;
  constexpr int64_t kRow = 2 * kWidth, kHead = kRows * kRow;
  alignas(16) float in[kHeads * kRows * kWidth], out[kHeads * kHead] = {};
  float *first = out + (kHeads - 1) * kHead;
  for (int64_t i = 0; i < kHeads * kRows * kWidth; ++i) {
    in[i] = float(i);
    int64_t head = i / (kRows * kWidth), row = i / kWidth % kRows;
    first[row * kRow + i % kWidth - head * kHead] =
        float(double(in[i]) * double(1.7f));
  }
  TensorView arg(ElementType::F32, {1, kHeads, kRows, kWidth}, in,
                 {kDLCUDA, 0});
  TensorView result(ElementType::F32, {1, kHeads, kRows, kWidth}, first,
                    {kDLCUDA, 1});
  result.dl()->strides[1] = -kHead;
  result.dl()->strides[2] = kRow;
  DLTensor *args[] = {arg.dl()}, *results[] = {result.dl()};
  int before[] = {fakeCudaCopies(0), fakeCudaCopies(1)};
  AttnrtVerdict verdict;
  ASSERT_EQ(attnrtJudge(function, args, results, 1, &verdict), ATTNRT_OK)
      << attnrtLastError();
  EXPECT_TRUE(verdict.passed) << verdict.reason;
  EXPECT_EQ(fakeCudaCopies(0) - before[0], 1);
  EXPECT_EQ(fakeCudaCopies(1) - before[1], 1);
  out[kWidth] = -1; // between the rows
  first[1 * kRow + 2 - 2 * kHead] += 1;
  ASSERT_EQ(attnrtJudge(function, args, results, 1, &verdict), ATTNRT_OK);
  EXPECT_FALSE(verdict.passed);
  EXPECT_THAT(std::vector(verdict.worstIndex, verdict.worstIndex + 4),
              testing::ElementsAre(0, 2, 1, 2));
}

TEST_F(SeveralDevices, AnErrorOfTheDeviceIsNoVerdict) {
  const AttnrtFunction *function = nullptr;
  ASSERT_EQ(
      attnrtOpenFunction(ATTNRT_FIXTURES "/several.so", "scale_f32", &function),
      ATTNRT_OK);
  alignas(16) float values[32] = {};
  TensorView tensor(ElementType::F32, {1, 4, 1, 8}, values, {kDLCUDA, 0});
  DLTensor *row[] = {tensor.dl()};
  misbehave("broken-kernel");
  AttnrtVerdict verdict;
  EXPECT_EQ(attnrtJudge(function, row, row, 1, &verdict), ATTNRT_DEVICE);
  EXPECT_THAT(attnrtLastError(),
              HasSubstr("argument 0: cuCtxSynchronize failed"));
}
