//===- Memory.cpp - Device memory, as the runtime sees it -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Heap.h"
#include "Run/HeapAccess.h"

#include <cstring>
#include <mutex>

using namespace attnrt;
using namespace attnrt::sim;

using Exclusive = std::unique_lock<std::shared_mutex>;
using Shared = std::shared_lock<std::shared_mutex>;

GlobalMemory::GlobalMemory() : impl(std::make_unique<Heap>()) {}
GlobalMemory::~GlobalMemory() = default;

Expected<uint64_t> GlobalMemory::allocate(size_t bytes) {
  Exclusive guard(impl->lock);
  return impl->allocate(bytes);
}

Status GlobalMemory::free(uint64_t address) {
  Exclusive guard(impl->lock);
  return impl->drop(address, /*owned=*/true);
}

Status GlobalMemory::write(uint64_t to, const void *from, size_t bytes) {
  Shared guard(impl->lock);
  Expected<Allocation *> allocation = impl->checked(to, bytes);
  if (!allocation)
    return bytes ? allocation.status() : Status::ok();
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  (*allocation)->setInit(to, bytes);
  return Status::ok();
}

Status GlobalMemory::read(void *to, uint64_t from, size_t bytes) const {
  Shared guard(impl->lock);
  Expected<Allocation *> allocation = impl->checked(from, bytes);
  if (!allocation)
    return bytes ? allocation.status() : Status::ok();
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Status::ok();
}

Status GlobalMemory::fill(uint64_t to, uint8_t byte, size_t bytes) {
  Shared guard(impl->lock);
  Expected<Allocation *> allocation = impl->checked(to, bytes);
  if (!allocation)
    return bytes ? allocation.status() : Status::ok();
  std::memset(reinterpret_cast<void *>(to), byte, bytes);
  (*allocation)->setInit(to, bytes);
  return Status::ok();
}

Status GlobalMemory::adopt(uint64_t address, size_t bytes) {
  Exclusive guard(impl->lock);
  return impl->adopt(address, bytes);
}

Status GlobalMemory::release(uint64_t address) {
  Exclusive guard(impl->lock);
  return impl->drop(address, /*owned=*/false);
}
