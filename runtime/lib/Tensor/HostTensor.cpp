//===- HostTensor.cpp - Arrays in host memory -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/HostTensor.h"

#include "attnrt/Float16.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include <unistd.h>

using namespace attnrt;

/// As strict as any device's allocations: host code may check it.
static constexpr size_t kAlignment = 256;

std::string attnrt::toString(const Shape &shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

Expected<int64_t> attnrt::countElements(const Shape &shape, ElementType type) {
  int64_t bytes = static_cast<int64_t>(sizeInBytes(type));
  bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  for (int64_t size : shape) {
    if (size < 0)
      return Status::badInput("expected sizes of at least 0, got " +
                              toString(shape));
    if (!empty && __builtin_mul_overflow(bytes, size, &bytes))
      return Status::badInput("shape " + toString(shape) +
                              " has more bytes than an address can count");
  }
  if (empty)
    return int64_t(0);
  return bytes / static_cast<int64_t>(sizeInBytes(type));
}

Shape attnrt::compactStrides(const Shape &shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * std::max<int64_t>(shape[i], 1);
  return strides;
}

std::string attnrt::describeBytes(uint64_t bytes) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB",
                                      "TiB",   "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", value,
                units[unit]);
  return text;
}

uint64_t attnrt::availableHostBytes() {
  if (FILE *info = std::fopen("/proc/meminfo", "r")) {
    char line[128];
    uint64_t kib = 0;
    bool found = false;
    while (!found && std::fgets(line, sizeof line, info))
      found = std::sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1;
    std::fclose(info);
    if (found)
      return kib * 1024;
  }
  return uint64_t(sysconf(_SC_AVPHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
}

TensorView::TensorView(ElementType type, Shape shape, void *data,
                       DLDevice device)
    : sizes(std::move(shape)), steps(compactStrides(sizes)) {
  tensor.data = data;
  tensor.device = device;
  tensor.ndim = static_cast<int32_t>(sizes.size());
  tensor.dtype = toDLDataType(type);
  tensor.shape = sizes.data();
  tensor.strides = steps.data();
}

Expected<HostTensor> HostTensor::create(ElementType type, Shape shape) {
  Expected<int64_t> count = countElements(shape, type);
  if (!count)
    return count.status();
  size_t bytes = static_cast<size_t>(*count) * sizeInBytes(type);
  // calloc() takes fresh pages from the system, which are zero already. The
  // extra bytes are for alignment and let an empty array have an address, too.
  void *memory = nullptr;
  size_t asked;
  if (!__builtin_add_overflow(bytes, kAlignment, &asked))
    memory = std::calloc(asked, 1);
  if (!memory)
    return Status::device("out of host memory: asked for " +
                          describeBytes(bytes) + ", there is " +
                          describeBytes(availableHostBytes()));
  return HostTensor(type, std::move(shape), *count, memory);
}

HostTensor::HostTensor(ElementType type, Shape shape, int64_t count,
                       void *memory)
    : elementType(type), sizes(std::move(shape)), count(count),
      storage(memory) {
  auto address = reinterpret_cast<uintptr_t>(memory);
  start = reinterpret_cast<void *>((address + kAlignment - 1) / kAlignment *
                                   kAlignment);
}

double HostTensor::at(int64_t index) const {
  return loadAsDouble(elementType, data(), index);
}

TensorView HostTensor::view() const {
  return TensorView(elementType, sizes, start, {kDLCPU, 0});
}

TensorViews::TensorViews(const std::vector<HostTensor> &tensors) {
  for (const HostTensor &tensor : tensors)
    views.push_back(tensor.view());
  for (TensorView &view : views)
    list.push_back(view.dl());
}
