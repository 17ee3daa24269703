//===- Heap.cpp - Allocations with initialised bits -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Heap.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr size_t kAlign = 256; // also the red zone on each side

static std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
  return text;
}

bool Allocation::isInit(uint64_t address, size_t bytes) const {
  if (!tracked())
    return true;
  uint64_t first = address - begin;
  for (size_t i = 0; i < bytes;) {
    uint64_t bit = first + i;
    unsigned room = 8 - bit % 8;
    unsigned take = bytes - i < room ? bytes - i : room;
    uint8_t mask = static_cast<uint8_t>(((1u << take) - 1) << bit % 8);
    if ((__atomic_load_n(&init[bit / 8], __ATOMIC_RELAXED) & mask) != mask)
      return false;
    i += take;
  }
  return true;
}

void Allocation::setInit(uint64_t address, size_t bytes) {
  if (!tracked())
    return;
  uint64_t first = address - begin;
  for (size_t i = 0; i < bytes;) {
    uint64_t bit = first + i;
    if (bit % 8 == 0 && bytes - i >= 64) {
      std::memset(&init[bit / 8], 0xff, (bytes - i) / 8);
      i += (bytes - i) / 8 * 8;
      continue;
    }
    unsigned room = 8 - bit % 8;
    unsigned take = bytes - i < room ? bytes - i : room;
    uint8_t mask = static_cast<uint8_t>(((1u << take) - 1) << bit % 8);
    uint8_t *byte = &init[bit / 8];
    if ((__atomic_load_n(byte, __ATOMIC_RELAXED) & mask) != mask)
      __atomic_fetch_or(byte, mask, __ATOMIC_RELAXED);
    i += take;
  }
}

void Allocation::clearInit(uint64_t address) {
  if (!tracked())
    return;
  uint64_t bit = address - begin;
  __atomic_fetch_and(&init[bit / 8], static_cast<uint8_t>(~(1u << bit % 8)),
                     __ATOMIC_RELAXED);
}

std::set<uint64_t> sim::Heap::writtenBy(uint64_t turn) const {
  std::set<uint64_t> out;
  for (const auto &[begin, allocation] : live)
    if (allocation->writtenBy == turn)
      out.insert(begin);
  return out;
}

static Status outOfMemory(size_t bytes) {
  return Status::device("out of device memory: asked for " +
                        std::to_string(bytes) + " bytes");
}

Expected<uint64_t> Heap::allocate(size_t bytes) {
  if (bytes > uint64_t(1) << 46)
    return outOfMemory(bytes);
  auto allocation = std::make_unique<Allocation>();
  size_t whole = bytes + 3 * kAlign, bits = bytes / 8 + 1;
  Status status = budget.take(whole + bits);
  if (!status.isOk())
    return status;
  allocation->storage.reset(new (std::nothrow) uint8_t[whole]);
  if (!allocation->storage) {
    budget.give(whole + bits);
    return outOfMemory(bytes);
  }
  allocation->charged = whole + bits;
  uint64_t raw = reinterpret_cast<uint64_t>(allocation->storage.get());
  allocation->begin = (raw + 2 * kAlign - 1) & ~uint64_t(kAlign - 1);
  allocation->end = allocation->begin + bytes;
  allocation->init.resize(bits);
  std::memset(reinterpret_cast<void *>(allocation->begin), 0xff, bytes);
  uint64_t address = allocation->begin;
  live.emplace(address, std::move(allocation));
  return address;
}

Status Heap::adopt(uint64_t address, size_t bytes) {
  if (!address || address + bytes < address || address >> 60)
    return Status::badInput("unusable host range at " + hex(address));
  auto next = live.upper_bound(address);
  if (next != live.end() && next->first < address + bytes)
    return Status::badInput("host range at " + hex(address) +
                            " overlaps an allocation");
  if (next != live.begin() && std::prev(next)->second->end > address)
    return Status::badInput("host range at " + hex(address) +
                            " overlaps an allocation");
  auto allocation = std::make_unique<Allocation>();
  allocation->begin = address;
  allocation->end = address + bytes;
  if (!live.emplace(address, std::move(allocation)).second)
    return Status::badInput("host range at " + hex(address) +
                            " is already known");
  return Status::ok();
}

Status Heap::drop(uint64_t address, bool owned) {
  auto it = live.find(address);
  if (it == live.end() || (it->second->storage != nullptr) != owned)
    return Status::badInput("no allocation at " + hex(address));
  budget.give(it->second->charged);
  live.erase(it);
  return Status::ok();
}

Allocation *Heap::find(uint64_t address) const {
  auto next = live.upper_bound(address);
  if (next == live.begin())
    return nullptr;
  Allocation *before = std::prev(next)->second.get();
  return address < before->end ? before : nullptr;
}

bool Heap::owns(uint64_t address) const {
  if (find(address))
    return true;
  auto next = live.upper_bound(address);
  if (next != live.end() && next->second->storage &&
      next->second->begin - address <= kAlign)
    return true;
  if (next == live.begin())
    return false;
  const Allocation &before = *std::prev(next)->second;
  return before.storage && address - before.end < kAlign;
}

Expected<Allocation *> Heap::checked(uint64_t address, size_t bytes) const {
  Allocation *found = find(address);
  if (!found || !found->covers(address, bytes))
    return Status::badInput(std::to_string(bytes) + " bytes at " +
                            hex(address) + " are " + describe(address));
  return found;
}

std::string Heap::describe(uint64_t address) const {
  auto named = [&](const Allocation &a, uint64_t distance, const char *where) {
    return std::to_string(distance) + " bytes " + where + " the " +
           std::to_string(a.end - a.begin) + "-byte allocation at " +
           hex(a.begin);
  };
  auto next = live.upper_bound(address);
  const Allocation *after = next == live.end() ? nullptr : next->second.get();
  const Allocation *before =
      next == live.begin() ? nullptr : std::prev(next)->second.get();
  if (before && address < before->end)
    return named(*before, address - before->begin, "into");
  if (!before && !after)
    return "in no allocation";
  if (!after || (before && address - before->end <= after->begin - address))
    return named(*before, address - before->end, "after");
  return named(*after, after->begin - address, "before");
}
