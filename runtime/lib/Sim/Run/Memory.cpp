//===- Memory.cpp - Device memory, as the runtime sees it -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"
#include "Machine/Heap.h"
#include "Run/HeapAccess.h"

#include <cstring>
#include <mutex>

using namespace attnrt;
using namespace attnrt::sim;

using Exclusive = std::unique_lock<std::shared_mutex>;
using Shared = std::shared_lock<std::shared_mutex>;

GlobalMemory::GlobalMemory(uint64_t limit)
    : impl(std::make_unique<Heap>(limit)) {}
GlobalMemory::~GlobalMemory() = default;

uint64_t GlobalMemory::left() const { return impl->budget.left(); }

Expected<uint64_t> GlobalMemory::allocate(size_t bytes) {
  Exclusive guard(impl->lock);
  return impl->allocate(bytes);
}

Expected<uint64_t> GlobalMemory::allocateShared(size_t bytes) {
  Exclusive guard(impl->lock);
  Expected<uint64_t> address = impl->allocate(bytes);
  if (address)
    impl->find(*address)->init.clear();
  return address;
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
  impl->nextTurn();
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  (*allocation)->setInit(to, bytes);
  return Status::ok();
}

Status GlobalMemory::read(void *to, uint64_t from, size_t bytes) const {
  Shared guard(impl->lock);
  Expected<Allocation *> allocation = impl->checked(from, bytes);
  if (!allocation)
    return bytes ? allocation.status() : Status::ok();
  impl->nextTurn();
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Status::ok();
}

Status GlobalMemory::fill(uint64_t to, uint8_t byte, size_t bytes) {
  Shared guard(impl->lock);
  Expected<Allocation *> allocation = impl->checked(to, bytes);
  if (!allocation)
    return bytes ? allocation.status() : Status::ok();
  impl->nextTurn();
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

bool GlobalMemory::holds(uint64_t address, size_t bytes) const {
  Shared guard(impl->lock);
  return bool(impl->checked(address, bytes));
}

bool GlobalMemory::owns(uint64_t address) const {
  Shared guard(impl->lock);
  return impl->owns(address);
}

/// The allocation at `address`, or null for memory that is not the heap's.
static Expected<Allocation *> place(const sim::Heap &heap, uint64_t address,
                                    size_t bytes) {
  if (!heap.owns(address))
    return nullptr;
  return heap.checked(address, bytes);
}

static void copyInit(Allocation &target, uint64_t to, const Allocation *source,
                     uint64_t from, size_t bytes) {
  if (!source || source->isInit(from, bytes))
    return target.setInit(to, bytes);
  std::vector<bool> known(bytes); // all read first: ranges may overlap
  for (size_t i = 0; i < bytes; ++i)
    known[i] = source->isInit(from + i, 1);
  for (size_t i = 0; i < bytes; ++i)
    known[i] ? target.setInit(to + i, 1) : target.clearInit(to + i);
}

Status GlobalMemory::copy(uint64_t to, uint64_t from, size_t bytes) {
  if (bytes == 0)
    return Status::ok();
  Shared guard(impl->lock);
  Expected<Allocation *> target = place(*impl, to, bytes);
  Expected<Allocation *> source = place(*impl, from, bytes);
  if (!target || !source)
    return target ? source.status() : target.status();
  impl->nextTurn();
  std::memmove(reinterpret_cast<void *>(to),
               reinterpret_cast<const void *>(from), bytes);
  if (*target)
    copyInit(**target, to, *source, from, bytes);
  return Status::ok();
}

void GlobalMemory::forget(const Program &program) {
  Exclusive guard(impl->lock);
  auto known = impl->modules.find(program.id);
  if (known == impl->modules.end())
    return;
  for (uint64_t address : known->second)
    if (address)
      (void)impl->drop(address, /*owned=*/true);
  impl->modules.erase(known);
}
