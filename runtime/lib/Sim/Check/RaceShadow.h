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
// the same clock by the same instruction share an entry.
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
  };
  uint32_t clock = 0;
  uint32_t warps = 0;
  uint32_t op = 0; // index
  uint16_t bytes = 0;
  uint8_t lane = 0; // the first one
  uint8_t kind = Read;

  bool writes() const { return kind & Write; }
  bool copies() const { return kind & Copy; }
  /// The clock of a copy that nobody waited for.
  static constexpr uint32_t kInFlight = 0xffffffff;
};

class RaceShadow {
public:
  static constexpr unsigned kGranule = 16;

  explicit RaceShadow(const Clocks &clocks) : clocks(clocks) {}
  void reset(uint32_t bytes);
  /// Notes the access and adds to `racing` those noted before that it overlaps
  /// and is not ordered after; their `warps` are the guilty ones.
  void add(uint32_t granule, const Touch &mine, unsigned warp,
           std::vector<Touch> &racing);
  /// The same for an access to all 16 bytes where everybody who was here before
  /// is known to the warp, except for fellow readers. False, and nothing done,
  /// where a closer look is needed.
  bool addWhole(uint32_t granule, const Touch &mine, uint32_t knownTo) {
    Granule &here = granules[granule];
    if (here.write.clock > knownTo || spilled[granule])
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
  /// The warp waited for its copy to these bytes, which now is a write.
  void land(uint32_t granule, uint16_t bytes, unsigned warp) {
    Touch &copy = granules[granule].write;
    if (!spilled[granule] && copy.bytes == bytes &&
        copy.clock == Touch::kInFlight && copy.warps == 1u << warp)
      copy.clock = clocks.now(warp);
    else
      landSome(granule, bytes, warp);
  }

private:
  struct Granule {
    Touch write, read;
  };
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
  void placeRead(uint32_t granule, const Touch &mine, unsigned warp);
  void placeWrite(uint32_t granule, const Touch &mine);
  void judge(const Touch &other, const Touch &mine, unsigned warp,
             std::vector<Touch> &racing) const;
  bool supersedes(const Touch &mine, const Touch &old, unsigned warp) const;
  void landSome(uint32_t granule, uint16_t bytes, unsigned warp);
  void landOne(Touch &touch, uint32_t granule, uint16_t bytes, unsigned warp);

  const Clocks &clocks;
  std::vector<Granule> granules;
  std::vector<uint8_t> spilled;
  std::unordered_map<uint32_t, std::vector<Touch>> spills;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_RACESHADOW_H
