//===- CudaDriverApi.h - Streams and memory of an NVIDIA GPU ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_CUDA_CUDADRIVERAPI_H
#define ATTNRT_DEVICE_CUDA_CUDADRIVERAPI_H

#include "Device/Cuda/CudaDriver.h"
#include "attnrt/DriverApi.h"

namespace attnrt {

/// One driver entry each, in the device's context.
class CudaDriverApi final : public DriverApi {
public:
  CudaDriverApi(const CudaDriver &cu, const CUcontext &context)
      : cu(cu), context(context) {}

  Expected<void *> createStream() override;
  Status destroyStream(void *stream) override;
  Status synchronizeStream(void *stream) override;
  Status waitEvent(void *stream, void *event) override;

  Expected<void *> createEvent() override;
  Status destroyEvent(void *event) override;
  Status recordEvent(void *event, void *stream) override;
  Status synchronizeEvent(void *event) override;

  Expected<DeviceAddress> allocateShared(size_t bytes) override;
  Status registerHost(void *memory, size_t bytes) override;
  Status unregisterHost(void *memory) override;
  bool reaches(const void *memory, size_t bytes) override;

  Status copy(void *to, const void *from, size_t bytes, void *stream) override;
  Status fill16(DeviceAddress to, uint16_t value, size_t count,
                void *stream) override;
  Status fill32(DeviceAddress to, uint32_t value, size_t count,
                void *stream) override;

  Status checkLaunch(Kernel *, std::optional<size_t>, void *) override {
    return Status::ok();
  }
  Status encode(const TensorMap &map, void *encoded) override;

private:
  /// The call in the device's context.
  template <typename... Parameters, typename... Arguments>
  Status call(const char *name, CUresult (*entry)(Parameters...),
              Arguments... arguments) const {
    Status entered = cu.check(cu.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    return entered.isOk() ? cu.check(entry(arguments...), name) : entered;
  }

  const CudaDriver &cu;
  const CUcontext &context; // made after this object
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_CUDA_CUDADRIVERAPI_H
