//===- Simulated.cpp - Host arrays as the simulator's memory --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Simulated.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

extern "C" void mgpuMemHostRegister(void *pointer, uint64_t bytes);
extern "C" void mgpuMemHostUnregister(void *pointer);

namespace attnpy {

namespace {
struct Extent {
  uint64_t begin, end;
};
} // namespace

/// From the first to the last byte of an array; empty where it has none.
static Extent extentOf(const DLTensor &tensor) {
  uint64_t begin = reinterpret_cast<uint64_t>(tensor.data) + tensor.byte_offset;
  int64_t last = 0;
  for (int dim = 0; dim < tensor.ndim; ++dim) {
    if (tensor.shape[dim] == 0)
      return {begin, begin};
    last += (tensor.shape[dim] - 1) * attnrtStride(&tensor, dim);
  }
  return {begin, begin + (last + 1) * (tensor.dtype.bits / 8)};
}

/// Of all arrays on the host; those that share memory are one.
static std::vector<Extent> extentsOf(std::vector<const DLTensor *> tensors) {
  std::vector<Extent> all, merged;
  for (const DLTensor *tensor : tensors)
    if (tensor->device.device_type == kDLCPU)
      if (Extent extent = extentOf(*tensor); extent.begin != extent.end)
        all.push_back(extent);
  std::sort(all.begin(), all.end(),
            [](Extent a, Extent b) { return a.begin < b.begin; });
  for (Extent extent : all) {
    if (!merged.empty() && extent.begin < merged.back().end)
      merged.back().end = std::max(merged.back().end, extent.end);
    else
      merged.push_back(extent);
  }
  return merged;
}

int callForGpu(AttnrtEntry entry, void *stream, const Descriptors &args,
               DLTensor *const *results, size_t numResults) {
  std::vector<const DLTensor *> tensors(args.pointers(),
                                        args.pointers() + args.size());
  tensors.insert(tensors.end(), results, results + numResults);
  std::vector<Extent> extents = extentsOf(tensors);
  if (extents.empty())
    return entry(stream, args.pointers(), results);
  static std::mutex running;
  std::lock_guard<std::mutex> lock(running);
  // Where a GPU is there as well, memory goes to the simulator all the same.
  setenv("ATTNRT_DEVICE", "sim", /*overwrite=*/0);
  for (Extent extent : extents)
    mgpuMemHostRegister(reinterpret_cast<void *>(extent.begin),
                        extent.end - extent.begin);
  int status = entry(stream, args.pointers(), results);
  for (Extent extent : extents)
    mgpuMemHostUnregister(reinterpret_cast<void *>(extent.begin));
  return status;
}

} // namespace attnpy
