//===- AbiTest.cpp - What packages call -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Abi.h"
#include "Device/Current.h"
#include "FakeDevice.h"
#include "Sim/Machine/TensorMap.h"
#include "attnrt/HostTensor.h"
#include "attnrt/Launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

using namespace attnrt;
using namespace attnrt::test;
using testing::ElementsAre;

namespace {
class CheckTensor : public testing::Test {
protected:
  /// Null text: accepted.
  void expect(const char *text) {
    int code = attnrtCheckTensor(view.dl(), &spec);
    EXPECT_EQ(code, text ? ATTNRT_BAD_INPUT : ATTNRT_OK);
    if (text && code) {
      EXPECT_STREQ(attnrtLastError(), text);
    }
  }

  AttnrtTensorSpec spec{"argument 1", kDLBfloat, 16, 4, 16, {-1, 4, -1, 128}};
  alignas(64) char data[64] = {};
  TensorView view{ElementType::BF16, {2, 4, 7, 128}, data, {kDLCPU, 0}};
};
} // namespace

TEST_F(CheckTensor, AcceptsWhatFits) {
  expect(nullptr);
  view.dl()->strides = nullptr;
  expect(nullptr);
}

TEST_F(CheckTensor, Null) {
  EXPECT_EQ(attnrtCheckTensor(nullptr, &spec), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(), "argument 1: expected a tensor, got null");
}

TEST_F(CheckTensor, Dimension) {
  view.dl()->shape[3] = 64;
  expect("argument 1: expected dimension 3 to be 128, got 64");
  view.dl()->shape[3] = 128;
  view.dl()->shape[2] = -3;
  expect("argument 1: expected dimension 2 to be at least 0, got -3");
}

TEST_F(CheckTensor, Rank) {
  view.dl()->ndim = 3;
  expect("argument 1: expected rank 4, got 3");
}

TEST_F(CheckTensor, Type) {
  view.dl()->dtype = {kDLFloat, 16, 1};
  expect("argument 1: expected element type bf16, got f16");
  view.dl()->dtype = {kDLInt, 64, 1};
  expect("argument 1: expected element type bf16, got i64");
  view.dl()->dtype = {kDLBfloat, 16, 2};
  expect("argument 1: expected element type bf16, got DLPack type (4, 16, 2)");
}

TEST_F(CheckTensor, TruthsAndBytes) {
  AttnrtTensorSpec truths{"argument 1", ATTNRT_DL_BOOL, 8, 1, 1, {-1}};
  TensorView mask(ElementType::I1, {5}, data, {kDLCPU, 0});
  EXPECT_EQ(attnrtCheckTensor(mask.dl(), &truths), ATTNRT_OK);
  TensorView bytes(ElementType::I8, {5}, data, {kDLCPU, 0});
  EXPECT_EQ(attnrtCheckTensor(bytes.dl(), &truths), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(),
               "argument 1: expected element type i1, got i8");
  truths.typeCode = kDLInt;
  EXPECT_EQ(attnrtCheckTensor(bytes.dl(), &truths), ATTNRT_OK);
  EXPECT_EQ(attnrtCheckTensor(mask.dl(), &truths), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(),
               "argument 1: expected element type i8, got i1");
}

TEST_F(CheckTensor, Scalars) {
  AttnrtTensorSpec scalar{"argument 1", kDLFloat, 32, 0, 4, {}};
  TensorView one(ElementType::F32, {}, data, {kDLCPU, 0});
  EXPECT_EQ(attnrtCheckTensor(one.dl(), &scalar), ATTNRT_OK);
  one.dl()->shape = one.dl()->strides = nullptr;
  EXPECT_EQ(attnrtCheckTensor(one.dl(), &scalar), ATTNRT_OK);
  one.dl()->data = data + 2;
  EXPECT_EQ(attnrtCheckTensor(one.dl(), &scalar), ATTNRT_BAD_INPUT);
}

TEST_F(CheckTensor, Strides) {
  view.dl()->strides[3] = 2;
  expect("argument 1: expected the innermost stride to be 1, got 2");
  view.dl()->strides[3] = 1;
  view.dl()->strides[1] = 129;
  expect("argument 1: expected the stride of dimension 1 to be a multiple of "
         "16 bytes, got 129 elements");
  view.dl()->strides[1] = -128; // a reversed view
  expect(nullptr);
  view.dl()->strides[1] = 0; // a broadcast one
  expect(nullptr);
}

TEST_F(CheckTensor, StridesOfSingleElementsDoNotMatter) {
  view.dl()->shape[0] = 1;
  view.dl()->strides[0] = 3;
  expect(nullptr);
}

TEST_F(CheckTensor, CompactStridesAreChecked) {
  AttnrtTensorSpec odd{"argument 1", kDLBfloat, 16, 2, 16, {-1, -1}};
  TensorView rows(ElementType::BF16, {3, 9}, data, {kDLCPU, 0});
  rows.dl()->strides = nullptr;
  EXPECT_EQ(attnrtCheckTensor(rows.dl(), &odd), ATTNRT_BAD_INPUT);
}

TEST_F(CheckTensor, WhereOnlyTheShapeCounts) {
  spec.alignment = 0;
  view.dl()->data = nullptr;
  view.dl()->strides[3] = 2;
  expect(nullptr);
  view.dl()->shape[3] = 64;
  expect("argument 1: expected dimension 3 to be 128, got 64");
}

TEST_F(CheckTensor, Address) {
  view.dl()->byte_offset = 16;
  expect(nullptr);
  view.dl()->byte_offset = 8;
  EXPECT_EQ(attnrtCheckTensor(view.dl(), &spec), ATTNRT_BAD_INPUT);
  view.dl()->byte_offset = 0;
  view.dl()->data = nullptr;
  expect("argument 1: expected data, got a null pointer");
  view.dl()->shape[0] = 0; // nothing to point at
  expect(nullptr);
}

TEST(LastError, FormatsAndKeepsToItsThread) {
  EXPECT_EQ(attnrtFail(ATTNRT_DEVICE, "%s %d", "answer", 42), ATTNRT_DEVICE);
  EXPECT_STREQ(attnrtLastError(), "answer 42");
  std::thread([] { EXPECT_STREQ(attnrtLastError(), ""); }).join();
  std::string longText(5000, 'x');
  attnrtFail(ATTNRT_WRONG, "%s", longText.c_str());
  EXPECT_LT(std::string(attnrtLastError()).size(), longText.size());
}

// The compiler's own conversions; 16-bit values travel in vector registers, as
// floats whose low half they are.
extern "C" {
float __truncsfbf2(float);
float __truncdfbf2(double);
float __truncsfhf2(float);
float __truncdfhf2(double);
float __extendhfsf2(float);
}

static uint16_t lowHalf(float value) {
  uint16_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

TEST(Conversions, RoundOnce) {
  EXPECT_EQ(lowHalf(__truncsfbf2(1.0f)), 0x3f80);
  EXPECT_EQ(lowHalf(__truncdfbf2(1 + 0x1p-8 + 0x1p-40)), 0x3f81);
  EXPECT_EQ(lowHalf(__truncsfhf2(65504.0f)), 0x7bff);
  EXPECT_EQ(lowHalf(__truncdfhf2(1 + 0x1p-11 + 0x1p-40)), 0x3c01);
  float half = 0;
  uint16_t bits = 0xc000;
  std::memcpy(&half, &bits, sizeof bits);
  EXPECT_EQ(__extendhfsf2(half), -2.0f);
}

/// The device of an entry without tensors.
static AttnrtDevice *currentOf() {
  AttnrtDevice *device = nullptr;
  EXPECT_EQ(attnrtDeviceOf(nullptr, 0, nullptr, 0, &device), ATTNRT_OK)
      << attnrtLastError();
  return device;
}

namespace {
class LaunchTest : public testing::Test {
protected:
  ~LaunchTest() override {
    setCurrentDevice(nullptr);
    replacePtx(std::nullopt);
  }

  int launch(AttnrtKernel &kernel, uint32_t grid = 1) {
    return attnrtLaunch(currentOf(), nullptr, &kernel, grid, 1, 1, 32, 1, 1, 0,
                        nullptr);
  }

  AttnrtModule module{"m", "text", 4, "cubin", 5, nullptr, 0, nullptr};
  AttnrtKernel first{&module, "first", nullptr};
  AttnrtKernel second{&module, "second", nullptr};
  FakeDevice device;
};
} // namespace

TEST_F(LaunchTest, LoadsAndFindsOnce) {
  setCurrentDevice(&device);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(launch(first), ATTNRT_OK);
    EXPECT_EQ(launch(second), ATTNRT_OK);
  }
  EXPECT_EQ(device.loads, 1);
  EXPECT_EQ(device.finds, 2);
  EXPECT_EQ(device.launches, 6);
  EXPECT_EQ(device.lastPtx, "text");
  EXPECT_EQ(device.lastCubin, "cubin");
}

TEST_F(LaunchTest, WorkspacesAreCounted) {
  setCurrentDevice(&device);
  takePeakWorkspaceBytes();
  void *a = nullptr, *b = nullptr;
  EXPECT_EQ(attnrtAllocate(currentOf(), nullptr, 100, &a), ATTNRT_OK);
  EXPECT_EQ(attnrtAllocate(currentOf(), nullptr, 30, &b), ATTNRT_OK);
  EXPECT_NE(a, b);
  EXPECT_EQ(attnrtRelease(currentOf(), nullptr, a), ATTNRT_OK);
  EXPECT_EQ(attnrtAllocate(currentOf(), nullptr, 10, &a), ATTNRT_OK);
  EXPECT_EQ(takePeakWorkspaceBytes(), 130u);
  EXPECT_EQ(takePeakWorkspaceBytes(), 40u);
  EXPECT_EQ(attnrtRelease(currentOf(), nullptr, a), ATTNRT_OK);
  EXPECT_EQ(attnrtRelease(currentOf(), nullptr, b), ATTNRT_OK);
  EXPECT_EQ(device.streamReleases, 3);
  EXPECT_EQ(attnrtAllocate(currentOf(), nullptr, uint64_t(1) << 50, &a),
            ATTNRT_DEVICE);
  EXPECT_STREQ(attnrtLastError(), "workspace: out of device memory");
}

TEST_F(LaunchTest, ReportsAreTakenOnce) {
  struct : FakeDevice {
    std::unique_ptr<ExecutionReport> takeExecutionReport() override {
      return std::move(report);
    }
    std::unique_ptr<ExecutionReport> report;
  } reporting;
  reporting.report = std::make_unique<ExecutionReport>();
  reporting.report->warpInstructions = 1234;
  setCurrentDevice(&reporting);
  const char *text = attnrtTakeReport();
  ASSERT_NE(text, nullptr);
  EXPECT_THAT(text, testing::HasSubstr("\"warp_instructions\": 1234"));
  EXPECT_EQ(attnrtTakeReport(), nullptr);
  setCurrentDevice(&device);
  EXPECT_EQ(attnrtTakeReport(), nullptr);
}

TEST_F(LaunchTest, EmptyGridsLaunchNothing) {
  setCurrentDevice(&device);
  EXPECT_EQ(launch(first, 0), ATTNRT_OK);
  EXPECT_EQ(device.loads, 0);
  EXPECT_EQ(device.launches, 0);
}

TEST_F(LaunchTest, StateBelongsToADevice) {
  setCurrentDevice(&device);
  EXPECT_EQ(launch(first), ATTNRT_OK);
  FakeDevice other;
  setCurrentDevice(&other);
  EXPECT_EQ(launch(first), ATTNRT_OK);
  EXPECT_EQ(other.loads, 1);
  EXPECT_EQ(other.launches, 1);
  EXPECT_EQ(device.launches, 1);
}

TEST_F(LaunchTest, ADeviceAtAnOldAddressIsAnotherDevice) {
  alignas(FakeDevice) char place[sizeof(FakeDevice)];
  for (int i = 0; i < 2; ++i) {
    auto *here = new (place) FakeDevice;
    setCurrentDevice(here);
    EXPECT_EQ(launch(first), ATTNRT_OK);
    EXPECT_EQ(here->loads, 1);
    setCurrentDevice(nullptr);
    here->~FakeDevice();
  }
}

TEST_F(LaunchTest, FailuresKeepCodeAndText) {
  setCurrentDevice(&device);
  device.loadStatus = Status::badInput("line 3: unknown opcode");
  EXPECT_EQ(launch(first), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(), "line 3: unknown opcode");
  device.loadStatus = Status::ok();
  device.launchStatus = Status::wrong("2 hazards");
  EXPECT_EQ(launch(first), ATTNRT_WRONG);
  EXPECT_STREQ(attnrtLastError(), "2 hazards");
}

TEST_F(LaunchTest, ReplacedPtxComesWithoutCubin) {
  setCurrentDevice(&device);
  EXPECT_EQ(launch(first), ATTNRT_OK);
  replacePtx("other");
  EXPECT_EQ(launch(first), ATTNRT_OK);
  EXPECT_EQ(device.loads, 2);
  EXPECT_EQ(device.lastPtx, "other");
  EXPECT_EQ(device.lastCubin, "");
}

TEST_F(LaunchTest, ThreadsLoadOnce) {
  setCurrentDevice(&device);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { EXPECT_EQ(launch(first), ATTNRT_OK); });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(device.loads, 1);
  EXPECT_EQ(device.finds, 1);
  EXPECT_EQ(device.launches, 8);
}

TEST_F(LaunchTest, RecordsShapes) {
  setCurrentDevice(&device);
  recordLaunches(true);
  launch(first, 3);
  launch(second, 5);
  launch(first, 7);
  recordLaunches(false);
  launch(second, 9);
  std::vector<LaunchRecord> records = takeLaunches();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].kernel, "first");
  EXPECT_EQ(records[0].shape.grid.x, 7u);
  EXPECT_EQ(records[1].shape.grid.x, 5u);
  EXPECT_TRUE(takeLaunches().empty());
}

TEST(CurrentDevice, EnvironmentChooses) {
  setCurrentDevice(nullptr);
  setenv("ATTNRT_DEVICE", "abacus", 1);
  Expected<Device *> none = currentDevice();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.status().code(), Code::BadInput);
  setenv("ATTNRT_DEVICE", "sim", 1);
  Expected<Device *> sim = currentDevice();
  ASSERT_TRUE(sim) << sim.status().message();
  EXPECT_EQ((*sim)->info().kind, "sim");
  unsetenv("ATTNRT_DEVICE");
  setCurrentDevice(nullptr);
}

namespace {
/// Maps of a BHSD tensor of bf16 with boxes of 64 rows and 64 columns.
class EncodeTensorMap : public testing::Test {
protected:
  void SetUp() override {
    setenv("ATTNRT_DEVICE", "sim", 1);
    setCurrentDevice(nullptr);
  }
  void TearDown() override {
    unsetenv("ATTNRT_DEVICE");
    setCurrentDevice(nullptr);
  }
  int encode(const void *address) {
    return attnrtEncodeTensorMap(currentOf(), &box, address, dims, strides,
                                 encoded);
  }
  int encode() { return encode(data); }
  void expectRefused(const void *address, const std::string &text) {
    EXPECT_EQ(encode(address), ATTNRT_BAD_INPUT);
    EXPECT_EQ(attnrtLastError(), text);
  }
  /// What the simulator's copies will read.
  sim::TensorBox decoded() {
    sim::TensorBox out;
    EXPECT_EQ(sim::decodeTensorMap(encoded, out), "");
    return out;
  }

  AttnrtBox box{"argument 1", kDLBfloat, 16, 4, 128, {1, 1, 64, 64}};
  int64_t dims[4] = {2, 4, 70, 128};
  int64_t strides[3] = {4 * 80 * 136, 80 * 136, 136};
  alignas(64) char data[64] = {};
  alignas(ATTNRT_TENSOR_MAP_ALIGNMENT) char encoded[ATTNRT_TENSOR_MAP_BYTES] =
      {};
};
} // namespace

TEST_F(EncodeTensorMap, DescribesTheTensorInnermostFirst) {
  ASSERT_EQ(encode(), ATTNRT_OK) << attnrtLastError();
  sim::TensorBox map = decoded();
  EXPECT_EQ(map.rank, 4u);
  EXPECT_EQ(map.elementBytes, 2u);
  EXPECT_EQ(map.address, reinterpret_cast<uint64_t>(data));
  EXPECT_THAT(std::vector(map.sizes, map.sizes + 4),
              ElementsAre(128, 70, 4, 2));
  EXPECT_THAT(std::vector(map.strides, map.strides + 4),
              ElementsAre(2, 2 * 136, 2 * 80 * 136, 2 * 4 * 80 * 136));
  EXPECT_THAT(std::vector(map.box, map.box + 4), ElementsAre(64, 64, 1, 1));
  EXPECT_EQ(map.swizzleBytes, 128u);
  EXPECT_FALSE(map.fillsNaN); // rows outside are zero
}

TEST_F(EncodeTensorMap, NarrowerPanels) {
  for (uint32_t swizzle : {32u, 64u}) {
    box.swizzle = swizzle;
    box.shape[3] = swizzle / 2;
    ASSERT_EQ(encode(), ATTNRT_OK) << attnrtLastError();
    EXPECT_EQ(decoded().swizzleBytes, swizzle);
  }
}

TEST_F(EncodeTensorMap, Address) {
  char text[128];
  snprintf(text, sizeof text,
           "expected argument 1 to start at a multiple of 16 bytes, got "
           "address %p",
           static_cast<void *>(data + 8));
  expectRefused(data + 8, text);
}

TEST_F(EncodeTensorMap, Strides) {
  strides[2] = 132;
  expectRefused(data, "expected stride 2 of argument 1 to be a multiple of 16 "
                      "bytes below 2^40, got 264 bytes");
  strides[2] = -136; // a reversed view
  expectRefused(data, "expected stride 2 of argument 1 to be a multiple of 16 "
                      "bytes below 2^40, got -272 bytes");
  strides[2] = 136;
  strides[0] = int64_t(1) << 39;
  expectRefused(data, "expected stride 0 of argument 1 to be a multiple of 16 "
                      "bytes below 2^40, got 1099511627776 bytes");
}

TEST_F(EncodeTensorMap, StridesOfSingleElementsDoNotMatter) {
  dims[0] = dims[2] = 1;
  strides[0] = 3;
  strides[2] = -5;
  ASSERT_EQ(encode(), ATTNRT_OK) << attnrtLastError();
  EXPECT_EQ(decoded().sizes[1], 1u);
}

TEST_F(EncodeTensorMap, EmptyTensorsAreNowhere) {
  dims[2] = 0;
  strides[1] = 3; // as attnrtCheckTensor takes them
  for (const void *address : {static_cast<char *>(nullptr), data + 1}) {
    ASSERT_EQ(encode(address), ATTNRT_OK) << attnrtLastError();
    EXPECT_NE(decoded().address, 0u);
  }
}

TEST_F(EncodeTensorMap, TypeAndRank) {
  const char *text = "expected argument 1 to be f16, bf16 or f32 of rank 1 to 5";
  box.typeCode = kDLInt;
  expectRefused(data, text);
  box.typeCode = kDLBfloat;
  box.rank = 6;
  expectRefused(data, text);
}

TEST_F(EncodeTensorMap, DevicesWithoutADriver) {
  FakeDevice device;
  device.description.kind = "abacus";
  setCurrentDevice(&device);
  EXPECT_EQ(encode(), ATTNRT_DEVICE);
  EXPECT_STREQ(attnrtLastError(), "device abacus makes no tensor maps");
}

TEST(Multiprocessors, AreThoseOfTheDevice) {
  FakeDevice device;
  device.description.multiprocessors = 7;
  setCurrentDevice(&device);
  int64_t count = 0;
  EXPECT_EQ(attnrtMultiprocessors(currentOf(), &count), ATTNRT_OK);
  EXPECT_EQ(count, 7);
  setCurrentDevice(nullptr);
}

namespace {
/// Two arguments and a result on devices that each test chooses.
class DeviceOf : public testing::Test {
protected:
  void SetUp() override {
    fake.description.kind = "abacus";
    setCurrentDevice(nullptr);
  }
  void TearDown() override {
    setCurrentDevice(nullptr);
    unsetenv("ATTNRT_DEVICE");
  }

  void place(int tensor, DLDeviceType type, int id = 0) {
    views[tensor].dl()->device = {type, id};
  }

  int find() {
    DLTensor *args[] = {views[0].dl(), views[1].dl()};
    DLTensor *results[] = {views[2].dl()};
    return attnrtDeviceOf(args, 2, results, 1, &found);
  }

  void expectRefused(const char *text) {
    EXPECT_EQ(find(), ATTNRT_BAD_INPUT);
    EXPECT_STREQ(attnrtLastError(), text);
  }

  float data[1] = {};
  TensorView views[3] = {{ElementType::F32, {1}, data, {kDLCPU, 0}},
                         {ElementType::F32, {1}, data, {kDLCPU, 0}},
                         {ElementType::F32, {1}, data, {kDLCPU, 0}}};
  AttnrtDevice *found = nullptr;
  FakeDevice fake;
};
} // namespace

TEST_F(DeviceOf, HostArraysLieOnTheSimulator) {
  setenv("ATTNRT_DEVICE", "abacus", 1); // not asked: the tensors say it
  ASSERT_EQ(find(), ATTNRT_OK) << attnrtLastError();
  EXPECT_EQ(found->device->info().kind, "sim");
  AttnrtDevice *first = found;
  ASSERT_EQ(find(), ATTNRT_OK);
  EXPECT_EQ(found, first);
  // It is the one that a program names.
  setenv("ATTNRT_DEVICE", "sim", 1);
  EXPECT_EQ(currentOf(), first);
}

TEST_F(DeviceOf, HostArraysLieOnTheCurrentDeviceThatIsNoGpu) {
  setCurrentDevice(&fake);
  ASSERT_EQ(find(), ATTNRT_OK);
  EXPECT_EQ(found->device, &fake);
  fake.description.kind = "cuda";
  ASSERT_EQ(find(), ATTNRT_OK);
  EXPECT_EQ(found->device->info().kind, "sim");
}

TEST_F(DeviceOf, CudaArraysLieOnTheCurrentDeviceOfTheirNumber) {
  fake.description.kind = "cuda";
  fake.description.ordinal = 3;
  setCurrentDevice(&fake);
  for (DLDeviceType type : {kDLCUDA, kDLCUDAManaged}) {
    for (int i : {0, 1, 2})
      place(i, type, 3);
    ASSERT_EQ(find(), ATTNRT_OK) << attnrtLastError();
    EXPECT_EQ(found->device, &fake);
  }
}

TEST_F(DeviceOf, MixedDevicesAreNamed) {
  place(1, kDLCUDA, 1);
  expectRefused(
      "argument 1: expected memory of the host as argument 0 has, got "
      "memory of cuda:1");
  place(0, kDLCUDA, 0);
  expectRefused("argument 1: expected memory of cuda:0 as argument 0 has, got "
                "memory of cuda:1");
  place(1, kDLCUDA, 0);
  place(2, kDLCUDA, 1);
  expectRefused("result 0: expected memory of cuda:0 as argument 0 has, got "
                "memory of cuda:1");
  place(2, kDLCUDAHost);
  expectRefused("result 0: expected memory of cuda:0 as argument 0 has, got "
                "memory of DLPack device 3:0");
}

TEST_F(DeviceOf, OtherDevicesAreNamed) {
  for (int i : {0, 1, 2})
    place(i, kDLROCM, 2);
  expectRefused("argument 0: expected memory of a CUDA device or of the host, "
                "got DLPack device 10:2");
}

TEST_F(DeviceOf, WithoutTensorsTheProgramChooses) {
  setCurrentDevice(&fake);
  EXPECT_EQ(currentOf()->device, &fake);
  setCurrentDevice(nullptr);
  setenv("ATTNRT_DEVICE", "abacus", 1);
  EXPECT_EQ(attnrtDeviceOf(nullptr, 0, nullptr, 0, &found), ATTNRT_BAD_INPUT);
  EXPECT_STREQ(attnrtLastError(),
               "unknown device 'abacus': expected auto, cuda, cuda:N, sim or "
               "host");
}

TEST_F(LaunchTest, DevicesKeepWhatTheyLoaded) {
  FakeDevice other;
  setCurrentDevice(&device);
  AttnrtDevice *here = currentOf();
  setCurrentDevice(&other);
  AttnrtDevice *there = currentOf();
  for (int i = 0; i < 3; ++i)
    for (AttnrtDevice *each : {here, there})
      EXPECT_EQ(
          attnrtLaunch(each, nullptr, &first, 1, 1, 1, 32, 1, 1, 0, nullptr),
          ATTNRT_OK);
  for (FakeDevice *each : {&device, &other}) {
    EXPECT_EQ(each->loads, 1);
    EXPECT_EQ(each->finds, 1);
    EXPECT_EQ(each->launches, 3);
  }
}

TEST_F(LaunchTest, CallersKeepWhatTheyHadCurrent) {
  struct : FakeDevice {
    void *saveCaller() override { return current; }
    void restoreCaller(void *saved) override { current = saved; }
    Status launch(Kernel *, const LaunchShape &, void *const *,
                  void *) override {
      current = nullptr;
      return Status::ok();
    }
    Expected<DeviceAddress> allocateOnStream(size_t, void *) override {
      current = nullptr;
      return DeviceAddress(256);
    }
    Status freeOnStream(DeviceAddress, void *) override {
      current = nullptr;
      return Status::ok();
    }
    void *current = this;
  } careless;
  setCurrentDevice(&careless);
  EXPECT_EQ(launch(first), ATTNRT_OK);
  EXPECT_EQ(careless.current, &careless);
  void *address = nullptr;
  EXPECT_EQ(attnrtAllocate(currentOf(), nullptr, 1, &address), ATTNRT_OK);
  EXPECT_EQ(careless.current, &careless);
  EXPECT_EQ(attnrtRelease(currentOf(), nullptr, address), ATTNRT_OK);
  EXPECT_EQ(careless.current, &careless);
}
