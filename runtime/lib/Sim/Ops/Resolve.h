//===- Resolve.h - Addresses to host memory, with every check ---*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function finds out where the lanes of a memory operation point. It emits
// events for lanes that must not go there and leaves out those that cannot;
// what it returns can be read or written without further thought. An address
// that is undefined is reported, and used as it is: checks change no result.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_RESOLVE_H
#define ATTNRT_SIM_OPS_RESOLVE_H

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

enum class Target : uint8_t { Generic, Global, Shared, Local, Param, Cluster };
/// Copy writes later, and its issue is an event of its own; Fetch reads what it
/// will write.
enum class Intent : uint8_t { Read, Write, Update, Copy, Fetch };
inline bool reads(Intent intent) {
  return intent == Intent::Read || intent == Intent::Update ||
         intent == Intent::Fetch;
}
inline bool writes(Intent intent) {
  return intent != Intent::Read && intent != Intent::Fetch;
}

struct Resolved {
  uint8_t *at[32];    // lanes that are left out point at scratch memory
  uint32_t lanes = 0; // that may go on
  /// For Read and Update: the bytes of each lane that were never written, a bit
  /// for each; meaningless unless there are any.
  uint16_t undefined[32];
  bool anyUndefined = false;

  void markUndefined(unsigned lane, uint32_t bytes);
  /// Lanes with such bytes.
  uint32_t undefinedLanes() const;
};

/// Undefined bits of an element that a lane reads: eight of each byte from
/// `first` on.
template <typename T>
inline T undefinedElement(const Resolved &from, unsigned lane, unsigned first) {
  uint64_t bits = 0;
  for (unsigned b = 0; b < sizeof(T); ++b)
    if (from.undefined[lane] >> (first + b) & 1)
      bits |= uint64_t(0xff) << (8 * b);
  return static_cast<T>(bits);
}

/// Addresses of the first or second memory operand.
void laneAddresses(Warp &warp, uint16_t row, bool narrow, int64_t offset,
                   uint64_t *out);

/// `bytes` per lane.
void resolve(Warp &warp, const Op &op, uint32_t mask, Target target,
             Intent intent, const uint64_t *addresses, uint32_t addressPoison,
             unsigned bytes, Resolved &out);

Target targetOf(const Match &match);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_RESOLVE_H
