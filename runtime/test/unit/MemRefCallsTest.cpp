//===- MemRefCallsTest.cpp - Packages called by programs on memrefs -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions as a program calls them, on the simulator; whole programs are
// in test/Conversion/AttnToCalls.
//
//===----------------------------------------------------------------------===//

#include "attnrt/MemRefCalls.h"

#include "attnrt/Device.h"
#include "attnrt/DriverApi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

using namespace attnrt;
using testing::ExitedWithCode;

namespace {
constexpr char kPackage[] = ATTNRT_FIXTURES "/several.so";
constexpr int64_t kRank = 4, kCount = 4 * 8;

/// An array of shape 1x4x1x8 whose rows are `pitch` elements apart.
struct Array {
  explicit Array(int64_t pitch, float first)
      : values(kOffset + 4 * pitch), descriptor{nullptr,
                                                values.data(),
                                                kOffset,
                                                {1, 4, 1, 8},
                                                {4 * pitch, pitch, pitch, 1}} {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = first + float(i);
  }

  static constexpr int64_t kOffset = 4; // of 16 bytes, which kernels need
  std::vector<float> values;
  struct {
    void *allocated, *aligned;
    int64_t offset, sizes[kRank], strides[kRank];
  } descriptor;
};

class MemRefCalls : public testing::Test {
protected:
  void SetUp() override {
    setCurrentDevice(nullptr);
    setenv("ATTNRT_DEVICE", "sim", 1);
  }
  void TearDown() override {
    setCurrentDevice(nullptr);
    unsetenv("ATTNRT_DEVICE");
    unsetenv("ATTNRT_VERBOSE");
  }

  static void call(const char *function, Array &in, Array &out) {
    AttnrtCall *call = attnrtBeginCall(kPackage, function);
    attnrtPassF32(call, kRank, &in.descriptor);
    attnrtPassF32(call, kRank, &out.descriptor);
    attnrtEndCall(call);
  }
};
} // namespace

TEST_F(MemRefCalls, CopyWhatTheDeviceDoesNotReach) {
  Array in(8, 1), out(8, 100);
  call("scale_f32", in, out);
  for (int64_t i = 0; i < kCount; ++i)
    EXPECT_EQ(out.values[Array::kOffset + i],
              float(in.values[Array::kOffset + i] * 1.7f));
  EXPECT_EQ(out.values[0], 100);
  EXPECT_EQ(out.values[1], 101);
}

TEST_F(MemRefCalls, LeaveWhatIsBetweenTheElements) {
  Array in(8, 1), out(12, 100), before(12, 100);
  call("lazy", in, out);
  EXPECT_EQ(out.values, before.values);
}

TEST_F(MemRefCalls, SayWhatWasCopied) {
  setenv("ATTNRT_VERBOSE", "1", 1);
  Array in(8, 1), out(8, 100);
  testing::internal::CaptureStderr();
  call("scale_f32", in, out);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "attnrt: scale_f32 on sim: copied argument 0 (128 bytes), result 0 "
            "(128 bytes)\n");
  DriverApi *driver = (*currentDevice())->driverApi();
  for (Array *array : {&in, &out})
    EXPECT_TRUE(driver
                    ->registerHost(array->values.data(),
                                   array->values.size() * sizeof(float))
                    .isOk());
  testing::internal::CaptureStderr();
  call("scale_f32", in, out);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "attnrt: scale_f32 on sim: nothing copied\n");
  EXPECT_EQ(out.values[Array::kOffset], 5 * 1.7f);
  for (Array *array : {&in, &out})
    EXPECT_TRUE(driver->unregisterHost(array->values.data()).isOk());
}

TEST_F(MemRefCalls, NothingIsCopiedOfEmptyArrays) {
  Array in(8, 1), out(8, 100), before(8, 100);
  in.descriptor.sizes[0] = out.descriptor.sizes[0] = 0;
  call("scale_f32", in, out);
  EXPECT_EQ(out.values, before.values);
}

TEST_F(MemRefCalls, FailuresEndTheProcess) {
  Array in(8, 1), out(8, 100);
  EXPECT_EXIT(call("no such", in, out), ExitedWithCode(2),
              "^error: no such: no function 'no such' in '.*several.so'\n$");
  EXPECT_EXIT(attnrtBeginCall("/none.so", "f"), ExitedWithCode(2),
              "^error: f: .*/none.so");
  EXPECT_EXIT(call("pair", in, out), ExitedWithCode(2),
              "^error: pair: expected 2 arguments and 1 results, got 2 arrays");
  EXPECT_EXIT(call("refuse", in, out), ExitedWithCode(3),
              "^error: refuse: workspace of 42 bytes refused\n$");
  EXPECT_EXIT(call("hazard", in, out), ExitedWithCode(1),
              "^error: hazard: .*oob");
  in.descriptor.sizes[1] = 3;
  EXPECT_EXIT(call("scale_f32", in, out), ExitedWithCode(2),
              "^error: scale_f32: argument 0: expected");
  setenv("ATTNRT_DEVICE", "host", 1);
  setCurrentDevice(nullptr);
  EXPECT_EXIT(call("lazy", in, out), ExitedWithCode(2),
              "^error: lazy: code is for GPUs, and the device is host\n$");
}

TEST_F(MemRefCalls, EveryTypeCounts) {
  struct {
    void *allocated, *aligned;
    int64_t offset;
  } scalar{nullptr, nullptr, 0};
  AttnrtCall *call = attnrtBeginCall(kPackage, "lazy");
  for (auto *pass : {attnrtPassF16, attnrtPassBF16, attnrtPassF32, attnrtPassI1,
                     attnrtPassI8, attnrtPassI32, attnrtPassI64})
    pass(call, 0, &scalar);
  EXPECT_EXIT(attnrtEndCall(call), ExitedWithCode(2), "got 7 arrays");
}
