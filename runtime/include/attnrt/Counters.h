//===- Counters.h - What kernels did, counted -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The simulator has no time, but it counts what takes time. docs/Simulator.md
// has the unit of each count.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_COUNTERS_H
#define ATTNRT_COUNTERS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attnrt {

/// What executes an instruction, roughly; the names in the run record.
#define ATTNRT_INSTRUCTION_CLASSES(X)                                          \
  X(Integer, "integer")                                                        \
  X(Single, "fp32")                                                            \
  X(Half, "fp16")                                                              \
  X(Double, "fp64")                                                            \
  X(Compare, "compare")                                                        \
  X(Special, "special")                                                        \
  X(Convert, "convert")                                                        \
  X(Move, "move")                                                              \
  X(Warp, "warp")                                                              \
  X(Global, "global_memory")                                                   \
  X(Shared, "shared_memory")                                                   \
  X(Local, "local_memory")                                                     \
  X(Param, "parameters")                                                       \
  X(Generic, "generic_memory")                                                 \
  X(Tensor, "tensor")                                                          \
  X(Async, "async")                                                            \
  X(Barrier, "barrier")                                                        \
  X(Control, "control")

enum class InstructionClass : uint8_t {
#define X(name, key) name,
  ATTNRT_INSTRUCTION_CLASSES(X)
#undef X
};

/// Who moves bytes from where to where; the names in the run record.
#define ATTNRT_TRAFFIC(X)                                                      \
  X(GlobalLoad, "global_load")                                                 \
  X(GlobalStore, "global_store")                                               \
  X(GlobalAtomic, "global_atomic")                                             \
  X(LocalLoad, "local_load")                                                   \
  X(LocalStore, "local_store")                                                 \
  X(SharedLoad, "shared_load")                                                 \
  X(SharedStore, "shared_store")                                               \
  X(SharedAtomic, "shared_atomic")                                             \
  X(RemoteLoad, "remote_load")                                                 \
  X(RemoteStore, "remote_store")                                               \
  X(RemoteAtomic, "remote_atomic")                                             \
  X(CpAsyncLoad, "cp_async_load")                                              \
  X(CpAsyncStore, "cp_async_store")                                            \
  X(TensorLoad, "tensor_load")                                                 \
  X(TensorStore, "tensor_store")                                               \
  X(TensorReduce, "tensor_reduce")                                             \
  X(TensorOutside, "tensor_outside")                                           \
  X(BulkLoad, "bulk_load")                                                     \
  X(BulkStore, "bulk_store")                                                   \
  X(BulkReduce, "bulk_reduce")                                                 \
  X(BulkRemote, "bulk_remote")                                                 \
  X(Multicast, "multicast")                                                    \
  X(WgmmaShared, "wgmma_shared")

enum class Traffic : uint8_t {
#define X(name, key) name,
  ATTNRT_TRAFFIC(X)
#undef X
};

inline constexpr const char *kInstructionClassNames[] = {
#define X(name, key) key,
    ATTNRT_INSTRUCTION_CLASSES(X)
#undef X
};
inline constexpr const char *kTrafficNames[] = {
#define X(name, key) key,
    ATTNRT_TRAFFIC(X)
#undef X
};

/// A count for each value of an enumeration.
template <typename Key, size_t kSize>
struct Counts {
  std::array<uint64_t, kSize> values = {};
  uint64_t &operator[](Key key) { return values[static_cast<size_t>(key)]; }
  uint64_t operator[](Key key) const {
    return values[static_cast<size_t>(key)];
  }
  void add(const Counts &other) {
    for (size_t i = 0; i < kSize; ++i)
      values[i] += other.values[i];
  }
  uint64_t sum() const {
    uint64_t all = 0;
    for (uint64_t value : values)
      all += value;
    return all;
  }
};
using InstructionCounts =
    Counts<InstructionClass, std::size(kInstructionClassNames)>;
using TrafficCounts = Counts<Traffic, std::size(kTrafficNames)>;

/// Of a barrier. A wait that has to wait found it incomplete when it looked,
/// and a test that fails did, too.
struct BarrierCounts {
  uint64_t arrivals = 0, waits = 0, incomplete = 0;
  void add(const BarrierCounts &other) {
    arrivals += other.arrivals;
    waits += other.waits;
    incomplete += other.incomplete;
  }
};

/// What the launches of one kernel did, all blocks together.
struct KernelCounters {
  struct Product {
    std::string instruction; // "mma" or "wgmma"
    std::string shape;       // "m64n128k16"
    std::string types;       // "f32.bf16.bf16", as the instruction says
    bool fromRegisters;      // A
    uint64_t count = 0;      // by warps, wgmma by warpgroups
    uint64_t flops = 0;
  };
  /// An instruction that had to go to shared memory more often than its size
  /// demands.
  struct Conflict {
    int ptxLine = 0;
    std::string text, origin; // empty where nobody knows
    uint64_t accesses = 0;    // by warps
    uint64_t wavefronts = 0;
    uint64_t extra = 0; // of those
  };
  struct NamedBarrier {
    unsigned id = 0;
    BarrierCounts counts;
  };
  struct MBarrier {
    std::string variable;
    uint32_t offset = 0;
    BarrierCounts counts;
    uint64_t bytes = 0; // completed by copies
  };

  std::string kernel;
  uint64_t launches = 0;
  std::vector<InstructionCounts> warpgroups; // of the block, by warp
  uint64_t ex2 = 0, otherSpecial = 0;        // results, of all lanes
  std::vector<Product> products;
  TrafficCounts bytes;
  std::vector<Conflict> conflicts; // worst first
  std::vector<NamedBarrier> barriers;
  BarrierCounts clusterBarrier;
  std::vector<MBarrier> mbarriers;

  InstructionCounts instructions() const {
    InstructionCounts all;
    for (const InstructionCounts &warpgroup : warpgroups)
      all.add(warpgroup);
    return all;
  }
  uint64_t flops() const {
    uint64_t all = 0;
    for (const Product &product : products)
      all += product.flops;
    return all;
  }
};

} // namespace attnrt

#endif // ATTNRT_COUNTERS_H
