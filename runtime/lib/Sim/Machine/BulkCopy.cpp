//===- BulkCopy.cpp - Bulk copies in flight -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/BulkCopy.h"
#include "Machine/Cluster.h"

#include <algorithm>
#include <cstring>

using namespace attnrt::sim;

void BulkCopies::clear() {
  pending.clear();
  issued = pieceCount = 0;
  lastHome = nullptr;
  committed.assign(cluster.ctas.size() * kMaxWarps * 32, 0);
}

uint32_t *BulkCopies::commits(const Warp &warp, unsigned lane) {
  size_t thread = (warp.cta.rank * kMaxWarps + warp.index) * 32 + lane;
  return &committed[thread];
}

/// A destination is poison until its bytes come.
static void mark(const BulkCopy &copy) {
  for (Cta *cta : copy.to)
    for (const BulkPiece &piece : copy.pieces) {
      std::memset(&cta->shared.data[piece.shared], 0xff, BulkCopy::kPieceBytes);
      std::memset(&cta->shared.state[piece.shared], shadow::kBulk,
                  BulkCopy::kPieceBytes);
    }
}

void BulkCopies::issue(std::unique_ptr<BulkCopy> copy) {
  copy->number = issued++;
  copy->order.resize(copy->pieces.size());
  for (uint32_t i = 0; i < copy->order.size(); ++i)
    copy->order[i] = i;
  cluster.adversary.shuffle(copy->order);
  mark(*copy);
  cluster.note();
  Event event{EventKind::BulkIssue, copy->warp, copy->op, 1u << copy->lane};
  event.bulk = copy.get();
  copy->warp->cta.emit(event);
  pieceCount += copy->pieces.size();
  pending.push_back(std::move(copy));
  if (cluster.adversary.isEarly())
    finish(pending.size() - 1);
}

void BulkCopies::commit(const Warp &warp, unsigned lane) {
  uint32_t group = (*commits(warp, lane))++;
  for (auto &copy : pending)
    if (copy->warp == &warp && copy->lane == lane && copy->to.empty() &&
        copy->group == BulkCopy::kUncommitted)
      copy->group = group;
}

void BulkCopies::wait(const Warp &warp, unsigned lane, uint32_t left) {
  uint32_t all = *commits(warp, lane);
  for (size_t i = 0; i < pending.size();) {
    const BulkCopy &copy = *pending[i];
    bool due = copy.warp == &warp && copy.lane == lane && copy.to.empty() &&
               copy.group != BulkCopy::kUncommitted &&
               uint64_t(copy.group) + left < all;
    if (due)
      finish(i);
    else
      ++i;
  }
}

const BulkCopy *BulkCopies::writerOf(const Cta &cta, uint32_t address) const {
  for (const auto &copy : pending) {
    if (std::find(copy->to.begin(), copy->to.end(), &cta) == copy->to.end())
      continue;
    for (const BulkPiece &piece : copy->pieces)
      if (address - piece.shared < BulkCopy::kPieceBytes)
        return copy.get();
  }
  return nullptr;
}

/// Pieces that follow one another are in one allocation.
Allocation *BulkCopies::homeOf(uint64_t address, const Heap &heap) {
  if (!lastHome || !lastHome->covers(address, 1))
    lastHome = heap.find(address);
  return lastHome;
}

/// Bytes that are uninitialised at home arrive uninitialised.
void BulkCopies::load(const BulkCopy &copy, const BulkPiece &piece, Cta &to) {
  uint8_t *data = &to.shared.data[piece.shared];
  uint8_t *state = &to.shared.state[piece.shared];
  if (copy.swizzle || to.shared.hasSwizzles)
    to.shared.noteSwizzle(piece.shared, copy.swizzle);
  const Allocation *home = copy.kind == BulkKind::Load && piece.given
                               ? homeOf(piece.global, to.launch.heap)
                               : nullptr;
  if (home && piece.given == BulkCopy::kPieceBytes &&
      (!home->tracked() || home->isInit(piece.global, piece.given))) {
    std::memcpy(data, reinterpret_cast<const void *>(piece.global),
                BulkCopy::kPieceBytes);
    std::memset(state, shadow::kReady, BulkCopy::kPieceBytes);
    return;
  }
  for (unsigned b = 0; b < BulkCopy::kPieceBytes; b += 4)
    std::memcpy(data + b, &copy.fill, 4);
  std::memset(state, shadow::kReady, BulkCopy::kPieceBytes);
  if (!piece.given)
    return;
  if (copy.kind == BulkKind::Remote) {
    Cta &from = copy.warp->cta;
    std::memcpy(data, &from.shared.data[piece.global], piece.given);
    return;
  }
  std::memcpy(data + piece.skip, reinterpret_cast<const void *>(piece.global),
              piece.given);
  if (!home || !home->tracked() || home->isInit(piece.global, piece.given))
    return;
  for (unsigned b = 0; b < piece.given; ++b)
    if (!home->isInit(piece.global + b, 1))
      state[piece.skip + b] = shadow::kFresh;
}

void BulkCopies::move(const BulkCopy &copy, const BulkPiece &piece) {
  for (Cta *to : copy.to)
    load(copy, piece, *to);
  if (!copy.to.empty() || !piece.given)
    return;
  Cta &cta = copy.warp->cta;
  const uint8_t *from = &cta.shared.data[piece.shared + piece.skip];
  auto *to = reinterpret_cast<uint8_t *>(piece.global);
  if (copy.combine)
    copy.combine(copy.how, to, from, piece.given);
  else
    std::memcpy(to, from, piece.given);
  Allocation *home = homeOf(piece.global, cta.launch.heap);
  if (!home)
    return;
  home->noteWriter(cta.launch.turn);
  home->setInit(piece.global, piece.given);
}

void BulkCopies::advance(size_t index, size_t pieces) {
  BulkCopy &copy = *pending[index];
  size_t end = copy.pieces.size() - copy.moved < pieces ? copy.pieces.size()
                                                        : copy.moved + pieces;
  for (; copy.moved < end; ++copy.moved)
    move(copy, copy.pieces[copy.order[copy.moved]]);
  if (copy.moved < copy.pieces.size())
    return;
  std::unique_ptr<BulkCopy> done = std::move(pending[index]);
  pending.erase(pending.begin() + index);
  pieceCount -= done->pieces.size();
  cluster.note();
  Event event{EventKind::BulkComplete, done->warp, done->op, 1u << done->lane};
  event.bulk = done.get();
  done->warp->cta.emit(event);
  for (Cta *to : done->to)
    completeBytes({*to, done->mbarrier, nullptr, done->op, 0}, done->bytes);
}
