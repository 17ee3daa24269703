//===- MemRefCalls.cpp - Calls of packages by MLIR programs ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/MemRefCalls.h"

#include "Abi/DeviceCopy.h"
#include "Abi/OpenFunction.h"
#include "Abi/Stop.h"
#include "attnrt/HostTensor.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace attnrt;

struct AttnrtCall {
  const AttnrtFunction *function;
  std::vector<DLTensor> arrays; // arguments, then results
};

namespace {
/// MLIR's descriptor of a ranked memref; `rank` sizes and as many strides
/// follow.
struct MemRef {
  void *allocated, *aligned;
  int64_t offset;
  int64_t sizesAndStrides[];
};

/// A call on its way: arrays where the device reaches them.
class Execution {
public:
  Execution(AttnrtCall &call, Device &device)
      : call(call), device(device), caller(device) {}

  Status run();
  /// "argument 0 (16.0 KiB), result 0 (16.0 KiB)"; empty where nothing was.
  std::string copied() const;

private:
  const FunctionDescription &description() const {
    return call.function->function.description;
  }
  size_t numArgs() const { return description().args.size(); }
  std::string nameOf(size_t array) const;
  Status place();
  Status bringBack() const;

  AttnrtCall &call;
  Device &device;
  CallerState caller;
  std::vector<DeviceCopy> placed; // freed before the caller's state is back
};
} // namespace

std::string Execution::nameOf(size_t array) const {
  return array < numArgs() ? "argument " + std::to_string(array)
                           : "result " + std::to_string(array - numArgs());
}

static Status about(const std::string &name, const Status &status) {
  return Status(status.code(), name + ": " + status.message());
}

Status Execution::place() {
  placed.reserve(call.arrays.size());
  for (size_t i = 0; i < call.arrays.size(); ++i) {
    Expected<DeviceCopy> copy =
        DeviceCopy::create(call.arrays[i], device, i >= numArgs());
    if (!copy)
      return about(nameOf(i), copy.status());
    placed.push_back(std::move(*copy));
  }
  return Status::ok();
}

Status Execution::bringBack() const {
  for (size_t i = numArgs(); i < placed.size(); ++i) {
    Status status = placed[i].bringBack();
    if (!status.isOk())
      return about(nameOf(i), status);
  }
  return Status::ok();
}

Status Execution::run() {
  Status status = place();
  if (!status.isOk())
    return status;
  std::vector<DLTensor *> tensors;
  for (DeviceCopy &copy : placed)
    tensors.push_back(copy.dl());
  int code = call.function->function.entry(/*stream=*/nullptr, tensors.data(),
                                           tensors.data() + numArgs());
  if (code != ATTNRT_OK)
    return Status(static_cast<Code>(code), attnrtLastError());
  status = device.synchronize();
  return status.isOk() ? bringBack() : status;
}

std::string Execution::copied() const {
  std::string text;
  for (size_t i = 0; i < placed.size(); ++i)
    if (size_t bytes = placed[i].copiedBytes())
      text += (text.empty() ? "" : ", ") + nameOf(i) + " (" +
              describeBytes(bytes) + ")";
  return text;
}

static bool isVerbose() {
  const char *wanted = std::getenv("ATTNRT_VERBOSE");
  return wanted && *wanted && std::string(wanted) != "0";
}

/// Where the code runs.
static Expected<Device *> deviceFor(const AttnrtFunction &function) {
  Expected<AttnrtDevice *> entry =
      function.isForHost ? hostEntry() : currentEntry();
  if (!entry)
    return entry.status();
  Device *device = (*entry)->device;
  if (!function.isForHost && device->info().kind == "host")
    return Status::badInput("code is for GPUs, and the device is host");
  return device;
}

static Status checkCount(const AttnrtCall &call) {
  const FunctionDescription &description = call.function->function.description;
  size_t expected = description.args.size() + description.results.size();
  if (call.arrays.size() == expected)
    return Status::ok();
  return Status::badInput(
      "expected " + std::to_string(description.args.size()) +
      " arguments and " + std::to_string(description.results.size()) +
      " results, got " + std::to_string(call.arrays.size()) + " arrays");
}

static void pass(AttnrtCall *call, int64_t rank, void *descriptor,
                 DLDataType type) {
  auto &memref = *static_cast<MemRef *>(descriptor);
  DLTensor tensor{};
  tensor.data = memref.aligned;
  tensor.device = {kDLCPU, 0};
  tensor.ndim = static_cast<int32_t>(rank);
  tensor.dtype = type;
  tensor.shape = memref.sizesAndStrides;
  tensor.strides = memref.sizesAndStrides + rank;
  tensor.byte_offset = memref.offset * ((type.bits + 7) / 8);
  call->arrays.push_back(tensor);
}

//===----------------------------------------------------------------------===//
// The functions
//===----------------------------------------------------------------------===//

extern "C" AttnrtCall *attnrtBeginCall(const char *package,
                                       const char *function) {
  Expected<const AttnrtFunction *> known = knownFunction(package, function);
  if (!known)
    stop(about(function, known.status()), nullptr);
  return new AttnrtCall{*known, {}};
}

/// kDLBool, which older headers lack.
static constexpr uint8_t kBool = 6;

#define ATTNRT_PASS(TYPE, CODE, BITS)                                          \
  extern "C" void attnrtPass##TYPE(AttnrtCall *call, int64_t rank,             \
                                   void *descriptor) {                         \
    pass(call, rank, descriptor, {CODE, BITS, 1});                             \
  }                                                                            \
  extern "C" void _mlir_ciface_attnrtPass##TYPE(AttnrtCall *call,              \
                                                AttnrtMemRef *memref) {        \
    attnrtPass##TYPE(call, memref->rank, memref->descriptor);                  \
  }
ATTNRT_PASS(F16, kDLFloat, 16)
ATTNRT_PASS(BF16, kDLBfloat, 16)
ATTNRT_PASS(F32, kDLFloat, 32)
ATTNRT_PASS(I1, kBool, 8)
ATTNRT_PASS(I8, kDLInt, 8)
ATTNRT_PASS(I32, kDLInt, 32)
ATTNRT_PASS(I64, kDLInt, 64)

extern "C" void attnrtEndCall(AttnrtCall *call) {
  std::unique_ptr<AttnrtCall> owned(call);
  const AttnrtFunction &function = *call->function;
  const std::string &name = function.function.description.name;
  Expected<Device *> device = deviceFor(function);
  Status status = device ? checkCount(*call) : device.status();
  if (!status.isOk())
    stop(about(name, status), nullptr);
  Execution execution(*call, **device);
  status = execution.run();
  if (!status.isOk())
    stop(about(name, status), *device);
  if (!isVerbose())
    return;
  std::string copied = execution.copied();
  std::fprintf(stderr, "attnrt: %s on %s: %s%s\n", name.c_str(),
               (*device)->info().kind.c_str(),
               copied.empty() ? "nothing copied" : "copied ", copied.c_str());
}

extern "C" AttnrtCall *_mlir_ciface_attnrtBeginCall(const char *package,
                                                    const char *function) {
  return attnrtBeginCall(package, function);
}

extern "C" void _mlir_ciface_attnrtEndCall(AttnrtCall *call) {
  attnrtEndCall(call);
}
