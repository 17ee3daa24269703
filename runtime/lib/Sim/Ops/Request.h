//===- Request.h - One memory operation that is being resolved  -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_REQUEST_H
#define ATTNRT_SIM_OPS_REQUEST_H

#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Data shared by the steps of one resolution.
struct Request {
  Warp &warp;
  const Op &op;
  MemorySpace space;
  Intent intent;
  const uint64_t *addresses;
  unsigned bytes;
  Cta *home = &warp.cta; // whose shared memory
};

/// An event of that kind, of these lanes, if there are any; `state` is the
/// shadow of the first offending byte.
void emit(const Request &request, EventKind kind, uint32_t lanes,
          uint8_t state = 0);
/// Lanes outside [low, high) or misaligned are reported and left out.
uint32_t admit(const Request &request, uint32_t lanes, uint64_t low,
               uint64_t high);
/// Bytes of a lane that were never written.
void markFresh(Resolved &out, const Request &request, unsigned lane,
               const uint8_t *state);

/// Bytes that lanes move, and how often they go to shared memory.
void countTraffic(const Request &request, uint32_t lanes);
void countWavefronts(const Request &request, uint32_t lanes);

/// Lanes that point into the shared memory of one CTA.
void resolveShared(const Request &request, uint32_t mask, Resolved &out);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_REQUEST_H
