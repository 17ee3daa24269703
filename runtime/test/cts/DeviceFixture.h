//===- DeviceFixture.h - A test on each device ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_CTS_DEVICEFIXTURE_H
#define ATTNRT_TEST_CTS_DEVICEFIXTURE_H

#include "Kernels.h"
#include "attnrt/Device.h"

#include <gtest/gtest.h>

#include <vector>

namespace attnrt::test {

class DeviceTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Expected<std::unique_ptr<Device>> opened = openDevice(GetParam());
    if (!opened)
      GTEST_SKIP() << "device " << GetParam()
                   << " does not open: " << opened.status().message();
    device = std::move(*opened);
  }

  bool isSim() const { return device->info().kind == "sim"; }
  bool isHost() const { return device->info().kind == "host"; }

  template <typename T>
  T take(Expected<T> expected) {
    EXPECT_TRUE(expected) << expected.status().message();
    return expected ? *expected : T{};
  }

  void expectOk(const Status &status) {
    EXPECT_TRUE(status.isOk()) << status.message();
  }

  template <typename T>
  DeviceAddress upload(const std::vector<T> &values) {
    DeviceAddress address = take(device->allocate(values.size() * sizeof(T)));
    expectOk(device->copyToDevice(address, values.data(),
                                  values.size() * sizeof(T)));
    return address;
  }

  template <typename T>
  std::vector<T> download(DeviceAddress address, size_t count) {
    std::vector<T> values(count);
    expectOk(device->copyToHost(values.data(), address, count * sizeof(T)));
    return values;
  }

  /// On the processor, the code that does the same.
  Module *load(const char *ptx) {
    ModuleImage image;
    image.name = "cts";
    image.ptx = ptx;
    if (isHost()) {
      image.ptx = {};
      image.hostCode = kHostCode;
      image.hostCodes = std::size(kHostCode);
    }
    return take(device->load(image));
  }

  /// Blocks of the processor have one thread.
  LaunchShape shapeOf(Dim3 grid, uint32_t threads) const {
    return {grid, {isHost() ? 1 : threads}, 0};
  }

  Kernel *kernel(const char *ptx, const char *name) {
    Module *module = load(ptx);
    return module ? take(device->find(module, name)) : nullptr;
  }

  void launch(Kernel *kernel, LaunchShape shape, std::vector<void *> params) {
    expectOk(device->launch(kernel, shape, params.data(), nullptr));
    expectOk(device->synchronize());
  }

  std::unique_ptr<Device> device;
};

} // namespace attnrt::test

#endif // ATTNRT_TEST_CTS_DEVICEFIXTURE_H
