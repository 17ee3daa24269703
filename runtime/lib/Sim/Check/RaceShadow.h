//===- RaceShadow.h - Who touched shared memory last ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every granule of 16 bytes keeps a write and a read, which is all that most
// granules ever need; what does not fit spills into a list. A later access
// replaces an earlier one that happened before it. Reads of several warps at
// the same clock by the same instruction share an entry. Reads of asynchronous
// operations have two more places, since two warpgroups often share an operand.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_RACESHADOW_H
#define ATTNRT_SIM_CHECK_RACESHADOW_H

#include "Check/Clocks.h"

#include <unordered_map>
#include <vector>

namespace attnrt::sim {

/// One access to one granule.
struct Touch {
  enum Kind : uint8_t {
    Read = 0,
    Write = 1,
    Copy = 2,   // by cp.async
    Strong = 4, // atomic, volatile or relaxed: may meet its like
    Async = 8,  // by a bulk copy or wgmma
    Alone = 16, // `warps` is an agent, not a set of warps of the CTA
  };
  uint32_t clock = 0;
  uint32_t warps = 0;
  uint32_t op = 0; // index
  uint16_t bytes = 0;
  uint8_t lane = 0; // the first one
  uint8_t kind = Read;

  bool writes() const { return kind & Write; }
  bool copies() const { return kind & Copy; }
  bool isAsync() const { return kind & Async; }
  bool isAlone() const { return kind & Alone; }
  /// The clock of a copy that nobody waited for.
  static constexpr uint32_t kInFlight = 0xffffffff;
};

/// The agents that make the current access.
struct Accessor {
  unsigned rank;         // of the CTA whose memory it is
  const unsigned *warps; // agents: the warp, or those that issued the operation
  unsigned count;
  bool isAsync;
};

/// A touch that the present one is not ordered after.
struct Conflict {
  Touch other;
  bool isOrdered; // and only the proxy fence is missing
};

class RaceShadow {
public:
  static constexpr unsigned kGranule = 16;

  explicit RaceShadow(const Clocks &clocks) : clocks(clocks) {}
  void reset(uint32_t bytes);
  /// The most that it allocates, spilled entries aside.
  static uint64_t bytesFor(uint64_t bytes) {
    return (bytes + kGranule - 1) / kGranule *
           (sizeof(Granule) + sizeof(MoreReads) + 1);
  }
  /// Notes the access and adds to `racing` those noted before that it overlaps
  /// and is not ordered after; their `warps` are the guilty ones.
  void add(uint32_t granule, const Touch &mine, const Accessor &who,
           std::vector<Conflict> &racing);
  /// An operation that touches many granules begins, or has ended.
  void beginOperation() {
    remembers = true;
    forget();
  }
  void endOperation() {
    remembers = false;
    forget();
  }
  /// Adds to `racing` and notes nothing.
  void check(uint32_t granule, const Touch &mine, const Accessor &who,
             std::vector<Conflict> &racing) const;
  /// The same as `add` for an access to all 16 bytes by a warp of the CTA where
  /// everybody who was here before is known to it, except for fellow readers.
  /// False, and nothing done, where a closer look is needed.
  bool addWhole(uint32_t granule, const Touch &mine, uint32_t knownTo) {
    Granule &here = granules[granule];
    if (here.write.clock > knownTo || crowded[granule])
      return false;
    if (mine.writes()) {
      if (here.read.clock > knownTo)
        return false;
      here.write = mine;
      here.read = Touch();
      return true;
    }
    return readWhole(here.read, mine, knownTo);
  }
  /// The same for a read of all 16 bytes by an operation whose component has a
  /// place there already.
  bool addAsyncRead(uint32_t granule, const Touch &mine) {
    const Touch &write = granules[granule].write;
    if (crowded[granule] != kMore || (write.bytes && !isFine(write)))
      return false;
    for (Touch &place : more[granule].reads)
      if (place.warps == mine.warps && place.bytes == mine.bytes) {
        place = mine;
        return true;
      }
    return false;
  }
  /// The warp waited for its copy to these bytes, which now is a write at
  /// `clock`.
  void land(uint32_t granule, uint16_t bytes, unsigned warp, uint32_t clock) {
    Touch &copy = granules[granule].write;
    if (!crowded[granule] && copy.bytes == bytes &&
        copy.clock == Touch::kInFlight && copy.warps == 1u << warp)
      copy.clock = clock;
    else
      landSome(granule, bytes, warp, clock);
  }

private:
  struct Granule {
    Touch write, read;
  };
  /// Reads of operations, where there are any.
  struct MoreReads {
    Touch reads[2];
  };
  /// Entries that did not fit into a granule.
  enum Crowd : uint8_t { kMore = 1, kSpilled = 2 };

  static bool readWhole(Touch &read, const Touch &mine, uint32_t knownTo) {
    if (read.kind != mine.kind)
      return false;
    if (read.clock <= knownTo) {
      read = mine;
      return true;
    }
    bool repeats = read.warps & mine.warps;
    if (read.clock != mine.clock || read.bytes != mine.bytes ||
        (!repeats && read.op != mine.op))
      return false;
    read.warps |= mine.warps;
    return true;
  }
  bool unordered(Touch &other, const Accessor &who, bool &isOrdered) const;
  bool placeInGranule(uint32_t granule, const Touch &mine, const Accessor &who);
  void placeRead(uint32_t granule, const Touch &mine, const Accessor &who);
  void placeWrite(uint32_t granule, const Touch &mine);
  void spill(uint32_t granule, const Touch &touch);
  void judge(const Touch &other, const Touch &mine, const Accessor &who,
             std::vector<Conflict> &racing) const {
    if (other.bytes & mine.bytes && !isFine(other))
      look(other, mine, who, racing);
  }
  void look(const Touch &other, const Touch &mine, const Accessor &who,
            std::vector<Conflict> &racing) const;
  /// Another granule told so since the operation began.
  bool isFine(const Touch &other) const {
    const Touch &known = fine[placeOf(other)];
    return known.bytes && known.clock == other.clock &&
           known.warps == other.warps && known.kind == other.kind;
  }
  static unsigned placeOf(const Touch &touch) {
    return (touch.warps * 0x9e3779b1u ^ touch.clock * 0x85ebca6bu) >> 28;
  }
  bool supersedes(const Touch &mine, const Touch &old,
                  const Accessor &who) const;
  void landSome(uint32_t granule, uint16_t bytes, unsigned warp,
                uint32_t clock);
  void landOne(Touch &touch, uint32_t granule, uint16_t bytes, unsigned warp,
               uint32_t clock);

  void forget() {
    for (Touch &touch : fine)
      touch = Touch();
  }

  const Clocks &clocks;
  /// Touches that the operation comes after.
  mutable Touch fine[16];
  bool remembers = false;
  std::vector<Granule> granules;
  std::vector<MoreReads> more;  // empty until there is one
  std::vector<uint8_t> crowded; // of Crowd
  std::unordered_map<uint32_t, std::vector<Touch>> spills;
};

class HazardLog;

/// Reports two accesses to a granule, of which `mine` is that of the event, by
/// these lanes, to the memory of `home`.
void reportConflict(HazardLog &log, const Conflict &conflict, const Touch &mine,
                    uint32_t granule, uint32_t lanes, const Event &event,
                    const Cta &home);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_RACESHADOW_H
