//===- Bulk.cpp - cp.async.bulk and tensor maps ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each lane issues a copy of its own. Everything is checked at issue: what is
// read and written must exist then, and may not be in use by another copy.
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Machine/TensorMap.h"
#include "Ops/Resolve.h"

#include <algorithm>

namespace attnrt::sim::ATTNRT_SIM_ISA {

void reduceBytes(uint32_t how, uint8_t *to, const uint8_t *from,
                 unsigned bytes);
uint32_t reductionOf(const Match &match, Type type);

namespace {

/// In aux: the kind, and what the form has.
enum : uint32_t {
  kStore = 1,
  kReduce = 2,
  kTensor = 4,
  kMulticast = 8,
  kRemote = 16, // from shared memory to that of another CTA
  kHowShift = 8 // the reduction without its type
};

/// Checks one copy and issues it.
class Issue {
public:
  Issue(Warp &warp, const Op &op, unsigned lane)
      : warp(warp), op(op), lane(lane), cta(warp.cta) {}
  void run();

private:
  bool has(uint32_t flag) const { return op.aux & flag; }
  bool storesTo() const { return op.aux & (kStore | kReduce); }
  bool misuse(const std::string &detail);
  void demand(uint16_t row, const char *what) const;
  uint64_t address(uint16_t row, bool narrow, int64_t offset) const;
  bool sharedAddress(uint64_t given, Cta *&home, uint32_t &offset);
  bool readMap(uint64_t at);
  bool coordinates();
  bool placeTensor(uint32_t shared);
  bool placeRow(const uint64_t *index, uint32_t row, uint32_t shared);
  bool placeLine(uint64_t global, uint32_t shared);
  bool fitsShared(uint64_t bytes);
  bool globalExists(uint64_t address, uint64_t bytes, bool write);
  bool checkShared(Cta &home, bool write);
  bool chooseDestinations(uint64_t given, uint64_t mbarrier);
  bool fill();
  void count();

  Warp &warp;
  const Op &op;
  unsigned lane;
  Cta &cta;
  TensorBox box;
  int64_t start[TensorBox::kMaxRank] = {};
  std::unique_ptr<BulkCopy> copy = std::make_unique<BulkCopy>();
};

bool Issue::misuse(const std::string &detail) {
  Event event{EventKind::BulkMisuse, &warp, &op, 1u << lane};
  event.detail = detail;
  cta.emit(event);
  return false;
}

void Issue::demand(uint16_t row, const char *what) const {
  demandDefined(warp, op, 1u << lane, warp.poison[row], what);
}

uint64_t Issue::address(uint16_t row, bool narrow, int64_t offset) const {
  return narrow ? uint32_t(warp.row(row)[lane] + static_cast<uint32_t>(offset))
                : warp.row64(row)[lane] + static_cast<uint64_t>(offset);
}

/// Finds whose shared memory a 32-bit or generic address points into, and
/// where.
bool Issue::sharedAddress(uint64_t given, Cta *&home, uint32_t &offset) {
  uint64_t window = given & kWindowMask, plain = given & ~kWindowMask;
  home = nullptr;
  if ((window == 0 || window == kSharedWindow) && !(plain >> 32))
    home = cta.cluster->owner(cta, static_cast<uint32_t>(plain));
  offset = Cluster::offset(static_cast<uint32_t>(plain));
  return home || misuse("expected an address in shared memory");
}

/// From the parameters of the kernel or from global memory.
bool Issue::readMap(uint64_t at) {
  const uint8_t *bytes = nullptr;
  uint64_t plain = at & ~kWindowMask;
  if (at % 64)
    return misuse("expected the address of a tensor map to be a multiple of "
                  "64");
  if ((at & kWindowMask) == kParamWindow) {
    const Launch &launch = cta.launch;
    if (plain + kTensorMapBytes <= launch.kernel.paramBytes)
      bytes = &launch.params[plain];
  } else if (Allocation *home = cta.launch.heap.find(at)) {
    if (home->covers(at, kTensorMapBytes))
      bytes = reinterpret_cast<const uint8_t *>(at);
  }
  if (!bytes)
    return misuse("expected a tensor map in the parameters or in global "
                  "memory");
  std::string wrong = decodeTensorMap(bytes, box);
  if (!wrong.empty())
    return misuse(wrong);
  if (box.rank != op.count)
    return misuse("the tensor map has rank " + std::to_string(box.rank) +
                  ", the instruction " + std::to_string(op.count));
  return true;
}

bool Issue::coordinates() {
  const uint16_t *list = &cta.launch.kernel.pool[op.list];
  for (unsigned d = 0; d < box.rank; ++d) {
    demand(list[d], "coordinate");
    start[d] = static_cast<int32_t>(warp.row(list[d])[lane]);
    if (storesTo() && start[d] < 0)
      return misuse("expected coordinates of a store not to be negative, got " +
                    std::to_string(start[d]));
  }
  return true;
}

bool Issue::globalExists(uint64_t at, uint64_t bytes, bool write) {
  const Allocation *home = cta.launch.heap.find(at);
  bool exists = home && home->covers(at, bytes);
  if (exists && !cta.isUnfinished(*home))
    return true;
  Event event{exists ? EventKind::GridUnfinished : EventKind::OutOfBounds,
              &warp, &op, 1u << lane};
  uint64_t addresses[32] = {};
  addresses[lane] = at;
  event.addresses = addresses;
  event.bytes = static_cast<unsigned>(bytes);
  event.write = write;
  cta.emit(event);
  return exists;
}

/// One run along the innermost dimension; `index` counts from the box's begin.
bool Issue::placeRow(const uint64_t *index, uint32_t row, uint32_t shared) {
  uint64_t at = box.address;
  bool exists = true;
  for (unsigned d = 1; d < box.rank; ++d) {
    int64_t where = start[d] + static_cast<int64_t>(index[d]);
    exists &= where >= 0 && uint64_t(where) < box.sizes[d];
    at += static_cast<uint64_t>(where) * box.strides[d];
  }
  int64_t size = static_cast<int64_t>(box.sizes[0]);
  int64_t first =
      std::min<int64_t>(std::max<int64_t>(0, -start[0]), box.box[0]);
  int64_t end =
      std::max<int64_t>(first, std::min<int64_t>(box.box[0], size - start[0]));
  if (!exists)
    end = first;
  int64_t es = box.elementBytes;
  if (end > first &&
      !globalExists(at + static_cast<uint64_t>((start[0] + first) * es),
                    static_cast<uint64_t>((end - first) * es), storesTo()))
    return false;
  int64_t inner = box.box[0] * es;
  for (int64_t b = 0; b < inner; b += BulkCopy::kPieceBytes) {
    int64_t from = std::max(b, first * es);
    int64_t to = std::min(b + BulkCopy::kPieceBytes, end * es);
    BulkPiece piece;
    piece.shared = swizzled(static_cast<uint32_t>(shared + row * inner + b),
                            box.swizzleBytes);
    piece.given = static_cast<uint8_t>(to > from ? to - from : 0);
    piece.skip = static_cast<uint8_t>(to > from ? from - b : 0);
    piece.global = at + static_cast<uint64_t>(start[0] * es + from);
    copy->pieces.push_back(piece);
  }
  return true;
}

bool Issue::placeTensor(uint32_t shared) {
  if (shared % 128)
    return misuse("expected an address in shared memory that is a multiple of "
                  "128");
  if (!fitsShared(box.bytes()))
    return false;
  uint64_t index[TensorBox::kMaxRank] = {};
  uint32_t rows = 1;
  for (unsigned d = 1; d < box.rank; ++d)
    rows *= box.box[d];
  for (uint32_t row = 0; row < rows; ++row) {
    uint32_t rest = row;
    for (unsigned d = 1; d < box.rank; ++d) {
      index[d] = rest % box.box[d];
      rest /= box.box[d];
    }
    if (!placeRow(index, row, shared))
      return false;
  }
  copy->bytes = box.bytes();
  copy->swizzle = static_cast<uint8_t>(box.swizzleBytes + 1);
  return true;
}

/// Asked before the pieces are made.
bool Issue::fitsShared(uint64_t bytes) {
  return bytes <= cta.shared.end ||
         misuse("the copy has " + std::to_string(bytes) +
                " bytes, more than there is shared memory");
}

/// A run of bytes.
bool Issue::placeLine(uint64_t global, uint32_t shared) {
  uint16_t row = op.src[2];
  demand(row, "size");
  uint32_t bytes = warp.row(row)[lane];
  if (bytes % 16)
    return misuse("expected a size that is a multiple of 16, got " +
                  std::to_string(bytes));
  if (global % 16 || shared % 16)
    return misuse("expected addresses that are multiples of 16");
  if (!fitsShared(bytes))
    return false;
  if (has(kRemote) && (global < kSharedBase || global + bytes > cta.shared.end))
    return misuse("the source of the copy leaves shared memory");
  if (bytes && !has(kRemote) && !globalExists(global, bytes, storesTo()))
    return false;
  for (uint32_t b = 0; b < bytes; b += BulkCopy::kPieceBytes)
    copy->pieces.push_back({global + b, shared + b, 0, 16});
  copy->bytes = bytes;
  return true;
}

/// Shared memory that the copy touches must be there, and not in another's use.
bool Issue::checkShared(Cta &home, bool write) {
  const SharedMemory &shared = home.shared;
  constexpr uint64_t kAllReady = 0x0101010101010101u;
  bool readsFresh = false;
  for (const BulkPiece &piece : copy->pieces) {
    if (piece.shared + BulkCopy::kPieceBytes <= shared.end) {
      uint64_t states[2];
      std::memcpy(states, &shared.state[piece.shared], sizeof(states));
      if (states[0] == kAllReady && states[1] == kAllReady)
        continue;
    }
    bool inside = piece.shared >= kSharedBase &&
                  piece.shared + BulkCopy::kPieceBytes <= shared.end;
    const uint8_t *state = inside ? &shared.state[piece.shared] : nullptr;
    for (unsigned b = 0; inside && b < BulkCopy::kPieceBytes; ++b)
      inside = state[b] != shadow::kRedZone;
    if (!inside)
      return misuse("the copy leaves the shared variable, at " +
                    std::to_string(piece.shared));
    for (unsigned b = 0; b < BulkCopy::kPieceBytes; ++b) {
      uint8_t s = state[b];
      if (s & shadow::kPending)
        return misuse(std::string("the copy ") + (write ? "writes" : "reads") +
                      " where another one that is in flight writes");
      if (s == shadow::kBarrier && write)
        return misuse("the copy writes to an mbarrier");
      bool used = b >= piece.skip && b < piece.skip + piece.given;
      if (!write && used && s == shadow::kFresh)
        readsFresh = true;
    }
  }
  if (readsFresh)
    demandDefined(warp, op, 1u << lane, ~0u, "source of a bulk copy");
  return true;
}

/// One CTA, or those of the mask.
bool Issue::chooseDestinations(uint64_t given, uint64_t mbarrier) {
  Cta *home = nullptr, *barrierHome = nullptr;
  uint32_t offset = 0;
  if (!sharedAddress(given, home, offset) ||
      !sharedAddress(mbarrier, barrierHome, copy->mbarrier))
    return false;
  if (barrierHome != home)
    return misuse("expected destination and mbarrier in the same CTA");
  copy->to = {home};
  if (!has(kMulticast))
    return true;
  uint16_t row = op.src[has(kTensor) ? 3 : 4];
  demand(row, "CTA mask");
  uint32_t mask = warp.row(row)[lane] & 0xffff;
  const auto &ctas = cta.cluster->ctas;
  if (!mask || mask >> ctas.size())
    return misuse("the CTA mask names CTAs that the cluster does not have");
  copy->to.clear();
  for (const auto &member : ctas)
    if (mask >> member->rank & 1)
      copy->to.push_back(member.get());
  return true;
}

/// The pattern of elements outside the tensor.
bool Issue::fill() {
  if (!box.fillsNaN)
    return true;
  switch (box.elementBytes) {
  case 2:
    copy->fill = 0x7fff7fff;
    return true;
  case 4:
    copy->fill = 0x7fffffff;
    return true;
  default:
    return misuse("expected elements of 16 or 32 bits where NaN fills");
  }
}

void Issue::count() {
  static constexpr Traffic kOfTensors[] = {
      Traffic::TensorLoad, Traffic::TensorStore, Traffic::TensorReduce};
  static constexpr Traffic kOfRuns[] = {Traffic::BulkLoad, Traffic::BulkStore,
                                        Traffic::BulkReduce,
                                        Traffic::BulkRemote};
  TrafficCounts &traffic = cta.counters.traffic;
  auto kind = static_cast<unsigned>(copy->kind);
  traffic[has(kTensor) ? kOfTensors[kind] : kOfRuns[kind]] += copy->bytes;
  if (copy->to.size() > 1)
    traffic[Traffic::Multicast] += copy->bytes * (copy->to.size() - 1);
  uint64_t inside = 0;
  for (const BulkPiece &piece : copy->pieces)
    inside += piece.given;
  traffic[Traffic::TensorOutside] += copy->bytes - inside;
}

void Issue::run() {
  copy->op = &op;
  copy->warp = &warp;
  copy->lane = lane;
  copy->kind = has(kReduce)   ? BulkKind::Reduce
               : has(kStore)  ? BulkKind::Store
               : has(kRemote) ? BulkKind::Remote
                              : BulkKind::Load;
  for (unsigned s = 0; s < 2; ++s)
    demand(op.src[s], "address");
  uint64_t first = address(op.src[0], op.narrow, op.imm);
  uint64_t second = address(op.src[1], op.narrow2, op.imm2);
  uint64_t global = storesTo() ? first : second;
  uint64_t given = storesTo() ? second : first;
  Cta *home = &cta;
  uint32_t shared = 0;
  if (!sharedAddress(given, home, shared))
    return;
  if (has(kRemote)) {
    Cta *from = nullptr;
    uint32_t offset = 0;
    if (!sharedAddress(global, from, offset))
      return;
    if (from != &cta) {
      misuse("expected a source in the CTA's own shared memory");
      return;
    }
    global = offset;
  }
  bool placed = has(kTensor) ? readMap(global) && coordinates() && fill() &&
                                   placeTensor(shared)
                             : placeLine(global, shared);
  if (!placed)
    return;
  if (!storesTo()) {
    unsigned barrier = has(kTensor) ? 2 : 3;
    uint64_t at = address(op.src[barrier], op.narrow3, op.imm3);
    demand(op.src[barrier], "address");
    if (!chooseDestinations(given, at))
      return;
    for (Cta *to : copy->to)
      if (!checkShared(*to, true) ||
          !findMBarrier({*to, copy->mbarrier, &warp, &op, 1u << lane}))
        return;
  } else if (!checkShared(*home, false)) {
    return;
  }
  if (has(kReduce)) {
    static constexpr Type kTypes[] = {
        Type::U32, Type::U32, Type::U32, Type::S32, Type::U64,
        Type::S64, Type::F16, Type::F32, Type::F64, Type::BF16,
        Type::F32, Type::F32, Type::F32};
    Type type = has(kTensor) ? kTypes[box.type] : Type(op.aux >> 24);
    copy->combine = reduceBytes;
    copy->how = (op.aux >> kHowShift & 0xff) << 8 | uint32_t(type) << 16;
  }
  count();
  cta.cluster->copies.issue(std::move(copy));
}

Step copyBulk(Warp &warp, const Op &op, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    Issue(warp, op, __builtin_ctz(rest)).run();
  return Step::Next;
}

Step commitBulk(Warp &warp, const Op &, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    warp.cta.cluster->copies.commit(warp, __builtin_ctz(rest));
  return Step::Next;
}

Step waitBulk(Warp &warp, const Op &op, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    warp.cta.cluster->copies.wait(warp, __builtin_ctz(rest), op.aux);
  Event event{EventKind::BulkWait, &warp, &op, mask};
  warp.cta.emit(event);
  return Step::Next;
}

Step prefetchBulk(Warp &, const Op &, uint32_t) { return Step::Next; }

} // namespace

bool bindBulk(const Match &match, Op &op) {
  if (match.has("commit_group"))
    return setHandler(op, commitBulk);
  if (match.has("wait_group"))
    return setHandler(op, waitBulk);
  if (match.has("prefetch"))
    return setHandler(op, prefetchBulk);
  op.aux = 0;
  if (match.has("tensor"))
    op.aux |= kTensor;
  if (match.has("multicast::cluster"))
    op.aux |= kMulticast;
  if (match.has("reduce")) {
    Type type = match.types.empty() ? Type::U32 : match.type();
    uint32_t how = reductionOf(match, type);
    op.aux |= kReduce | (how >> 8 & 0xff) << kHowShift | uint32_t(type) << 24;
  } else if (match.has("bulk_group")) {
    op.aux |= kStore;
  } else if (!match.has("global")) {
    op.aux |= kRemote;
  }
  return setHandler(op, copyBulk);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
