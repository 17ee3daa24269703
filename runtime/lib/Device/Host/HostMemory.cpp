//===- HostMemory.cpp - Arrays of the device host -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/HostMemory.h"

#include "attnrt/HostTensor.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

using namespace attnrt;

/// What is smaller is not worth asking how much there is.
static constexpr size_t kSmall = size_t(1) << 20;
static constexpr size_t kMostKept = size_t(64) << 20;

Expected<Guard> attnrt::guardFromEnvironment() {
  const char *text = std::getenv("ATTNRT_HOST_GUARD");
  std::string name = text ? text : "";
  if (name.empty())
    return Guard::None;
  if (name == "begin")
    return Guard::Begin;
  if (name == "end")
    return Guard::End;
  return Status::badInput("ATTNRT_HOST_GUARD: expected begin or end, got '" +
                          name + "'");
}

static Status outOfMemory(size_t bytes) {
  return Status::device("out of host memory: asked for " +
                        describeBytes(bytes) + ", there is " +
                        describeBytes(availableHostBytes()));
}

HostMemory::~HostMemory() {
  for (const auto &[address, block] : blocks)
    destroy(block);
  for (const Block &block : kept)
    destroy(block);
}

static size_t roundUp(size_t bytes, size_t to) {
  return (bytes + to - 1) / to * to;
}

Expected<HostMemory::Block> HostMemory::create(size_t bytes) const {
  // Asked first, since the system would promise more than it has.
  if (bytes >= kSmall && bytes > availableHostBytes())
    return outOfMemory(bytes);
  if (guard == Guard::None) {
    void *memory = nullptr;
    if (posix_memalign(&memory, kAlignment, std::max(bytes, kAlignment)) != 0)
      return outOfMemory(bytes);
    return Block{memory, bytes, memory, 0};
  }
  auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t usable = roundUp(std::max<size_t>(bytes, 1), page);
  size_t mapped = usable + 2 * page;
  void *mapping =
      mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    return outOfMemory(bytes);
  char *first = static_cast<char *>(mapping) + page;
  if (mprotect(first, usable, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, mapped);
    return outOfMemory(bytes);
  }
  void *address = guard == Guard::Begin ? first : first + (usable - bytes);
  return Block{address, bytes, mapping, mapped};
}

void HostMemory::destroy(const Block &block) {
  if (block.mapped)
    munmap(block.mapping, block.mapped);
  else
    std::free(block.mapping);
}

Expected<void *> HostMemory::allocate(size_t bytes) {
  Expected<Block> block = create(bytes);
  if (!block)
    return block.status();
  std::lock_guard<std::mutex> lock(mutex);
  blocks.emplace(block->address, *block);
  return block->address;
}

Status HostMemory::free(void *address) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = blocks.find(address);
  if (found == blocks.end())
    return Status::badInput("the memory to free is not allocated");
  destroy(found->second);
  blocks.erase(found);
  return Status::ok();
}

Expected<void *> HostMemory::allocateAgain(size_t bytes) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto fits = [&](const Block &block) { return block.bytes == bytes; };
    auto found = std::find_if(kept.rbegin(), kept.rend(), fits);
    if (found != kept.rend()) {
      Block block = *found;
      kept.erase(std::next(found).base());
      keptBytes -= block.bytes;
      blocks.emplace(block.address, block);
      return block.address;
    }
  }
  return allocate(bytes);
}

Status HostMemory::release(void *address) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = blocks.find(address);
  if (found == blocks.end())
    return Status::badInput("the memory to free is not allocated");
  Block block = found->second;
  blocks.erase(found);
  if (guard != Guard::None || block.bytes > kMostKept) {
    destroy(block);
    return Status::ok();
  }
  kept.push_back(block);
  keptBytes += block.bytes;
  while (keptBytes > kMostKept) { // the oldest goes first
    destroy(kept.front());
    keptBytes -= kept.front().bytes;
    kept.erase(kept.begin());
  }
  return Status::ok();
}
