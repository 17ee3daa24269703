//===- BulkCopy.h - Bulk copies in flight -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bulk copy is an object from its issue until it is finished. When that is
// and in which order its pieces move is up to the adversary, within what the
// program waits for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_BULKCOPY_H
#define ATTNRT_SIM_MACHINE_BULKCOPY_H

#include "Decode/Program.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace attnrt::sim {

struct Allocation;
struct Cta;
class Cluster;
class Heap;

enum class BulkKind : uint8_t { Load, Store, Reduce, Remote };

/// Up to 16 bytes. Of a load, what lies outside the tensor is filled.
struct BulkPiece {
  uint64_t global = 0; // address of the first byte that exists
  uint32_t shared = 0;
  uint8_t skip = 0, given = 16; // bytes before those that exist, and these
};

struct BulkCopy {
  static constexpr uint32_t kUncommitted = 0xffffffff;
  static constexpr unsigned kPieceBytes = 16;
  BulkKind kind = BulkKind::Load;
  const Op *op = nullptr;
  Warp *warp = nullptr; // of the issuing thread
  unsigned lane = 0;
  uint32_t group = kUncommitted; // of Store and Reduce
  std::vector<BulkPiece> pieces;
  std::vector<Cta *> to; // where a Load or Remote arrives
  uint32_t mbarrier = 0; // in each of them
  uint64_t bytes = 0;    // reported to the mbarrier
  uint32_t fill = 0;     // pattern of what is outside
  uint8_t swizzle = 0;   // of a tensor: that of its map in bytes, plus one
  /// For Reduce: combines up to 16 bytes; `how` says type and operation.
  void (*combine)(uint32_t how, uint8_t *to, const uint8_t *from,
                  unsigned bytes) = nullptr;
  uint32_t how = 0;
  uint64_t number = 0; // of the cluster's copies
  size_t moved = 0;    // pieces, of an order that the adversary drew
  std::vector<uint32_t> order;
};

/// The copies of a cluster.
class BulkCopies {
public:
  explicit BulkCopies(Cluster &cluster) : cluster(cluster) {}
  void clear();
  void issue(std::unique_ptr<BulkCopy> copy);
  void commit(const Warp &warp, unsigned lane);
  /// Finishes all but the newest `left` groups of the thread.
  void wait(const Warp &warp, unsigned lane, uint32_t left);
  /// Memory of the host.
  uint64_t bytes() const {
    return pending.size() * sizeof(BulkCopy) +
           pieceCount * (sizeof(BulkPiece) + sizeof(uint32_t));
  }
  const std::vector<std::unique_ptr<BulkCopy>> &inFlight() const {
    return pending;
  }
  /// Moves some pieces of the copy; finishes it with the last one.
  void advance(size_t index, size_t pieces);
  void finish(size_t index) { advance(index, SIZE_MAX); }
  /// The copy in flight whose destination holds the address, or null.
  const BulkCopy *writerOf(const Cta &cta, uint32_t address) const;

private:
  void move(const BulkCopy &copy, const BulkPiece &piece);
  void load(const BulkCopy &copy, const BulkPiece &piece, Cta &to);
  Allocation *homeOf(uint64_t address, const Heap &heap);
  uint32_t *commits(const Warp &warp, unsigned lane);

  Cluster &cluster;
  std::vector<std::unique_ptr<BulkCopy>> pending;
  std::vector<uint32_t> committed; // groups, by thread of the cluster
  uint64_t issued = 0;
  uint64_t pieceCount = 0; // of those in flight
  Allocation *lastHome = nullptr;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_BULKCOPY_H
