//===- Resolve.h - Addresses to host memory, with every check ---*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function finds out where the lanes of a memory operation point. It emits
// events for lanes that must not go there and leaves them out; what it returns
// can be read or written without further thought.
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
  uint32_t poison[4]; // of Read and Update: undefined lanes per word
  bool anyPoison = false;
};

/// Addresses of the first or second memory operand.
void laneAddresses(Warp &warp, uint16_t row, bool narrow, int64_t offset,
                   uint64_t *out);

/// `bytes` per lane, made of words of `wordBytes`.
void resolve(Warp &warp, const Op &op, uint32_t mask, Target target,
             Intent intent, const uint64_t *addresses, uint32_t addressPoison,
             unsigned bytes, unsigned wordBytes, Resolved &out);

Target targetOf(const Match &match);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_RESOLVE_H
