//===- CpAsync.cpp - cp.async and its groups ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// How many bytes each lane reads; the rest of the destination is zero.
void givenBytes(Warp &warp, const Op &op, bool isPred, unsigned bytes,
                uint32_t mask, uint8_t *out) {
  std::memset(out, int(bytes), 32);
  if (op.count < 3)
    return;
  if (isPred) {
    const Predicate &ignore = warp.preds[op.src[2]];
    demandDefined(warp, op, mask, ignore.poison, "predicate");
    uint32_t value = op.negated ? ~ignore.value : ignore.value;
    for (int i = 0; i < 32; ++i)
      out[i] = value >> i & 1 ? 0 : bytes;
    return;
  }
  demandDefined(warp, op, mask, warp.poison[op.src[2]], "source size");
  const uint32_t *sizes = warp.row(op.src[2]);
  uint32_t tooLong = 0;
  for (int i = 0; i < 32; ++i) {
    tooLong |= uint32_t((mask >> i & 1) && sizes[i] > bytes) << i;
    out[i] = sizes[i] < bytes ? sizes[i] : bytes;
  }
  if (!tooLong)
    return;
  Event event{EventKind::OutOfBounds, &warp, &op, tooLong};
  event.detail = "source size is larger than the copy";
  warp.cta.emit(event);
}

/// Lanes whose source can be read. Only what is read must exist.
uint32_t checkSources(Warp &warp, const Op &op, uint32_t mask, unsigned bytes,
                      const uint64_t *from, const uint8_t *given) {
  uint32_t fine = 0, whole = 0;
  for (int i = 0; i < 32; ++i)
    whole |= uint32_t(given[i] == bytes) << i;
  whole &= mask;
  Resolved resolved;
  if (whole) {
    resolve(warp, op, whole, Target::Global, Intent::Fetch, from,
            warp.poison[op.src[1]], bytes, resolved);
    demandDefined(warp, op, resolved.lanes, resolved.undefinedLanes(),
                  "source of a copy");
    fine |= resolved.lanes;
  }
  // Ragged ends, byte by byte.
  for (uint32_t rest = mask & ~whole; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t bit = 1u << lane;
    bool ok = true;
    for (unsigned b = 0; b < given[lane] && ok; ++b) {
      uint64_t at[32] = {};
      at[lane] = from[lane] + b;
      resolve(warp, op, bit, Target::Global, Intent::Fetch, at,
              warp.poison[op.src[1]], 1, resolved);
      ok = resolved.lanes != 0;
      demandDefined(warp, op, bit, resolved.undefinedLanes(),
                    "source of a copy");
    }
    fine |= ok ? bit : 0;
  }
  return fine;
}

template <bool kPred>
Step copy(Warp &warp, const Op &op, uint32_t mask) {
  unsigned bytes = op.aux;
  AsyncCopy copy;
  uint64_t to[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, to);
  laneAddresses(warp, op.src[1], op.narrow2, op.imm2, copy.from);
  givenBytes(warp, op, kPred, bytes, mask, copy.given);
  Resolved destination;
  resolve(warp, op, mask, Target::Shared, Intent::Copy, to,
          warp.poison[op.src[0]], bytes, destination);
  uint32_t lanes =
      checkSources(warp, op, destination.lanes, bytes, copy.from, copy.given);
  if (!lanes)
    return Step::Next;
  copy.bytes = bytes;
  copy.lanes = lanes;
  copy.op = &op;
  LANE_LOOP copy.to[i] = static_cast<uint32_t>(to[i]);
  warp.asyncs.issue(copy, warp.cta.shared,
                    warp.cta.cluster->adversary.isEarly());
  if (warp.cta.wants(EventKind::AsyncIssue)) {
    Event event{EventKind::AsyncIssue, &warp, &op, lanes};
    event.space = MemorySpace::Shared;
    event.addresses = to;
    event.bytes = bytes;
    event.write = true;
    warp.cta.emit(event);
  }
  return Step::Next;
}

Step commit(Warp &warp, const Op &, uint32_t mask) {
  warp.asyncs.commit(mask);
  return Step::Next;
}

Step waitGroup(Warp &warp, const Op &op, uint32_t mask) {
  warp.asyncs.wait(mask, op.aux, warp.cta.shared);
  Event event{EventKind::AsyncComplete, &warp, &op, mask};
  warp.cta.emit(event);
  return Step::Next;
}

Step waitAll(Warp &warp, const Op &op, uint32_t mask) {
  warp.asyncs.waitAll(mask, warp.cta.shared);
  Event event{EventKind::AsyncComplete, &warp, &op, mask};
  warp.cta.emit(event);
  return Step::Next;
}

} // namespace

bool bindCpAsync(const Match &match, Op &op) {
  if (match.has("commit_group"))
    return setHandler(op, commit);
  if (match.has("wait_group"))
    return setHandler(op, waitGroup);
  if (match.has("wait_all"))
    return setHandler(op, waitAll);
  bool sized =
      op.aux == 16 || (match.has("ca") && (op.aux == 4 || op.aux == 8));
  bool isPred = match.specs.size() > 3 && match.specs[3].kind == 'q';
  return sized && setHandler(op, isPred ? copy<true> : copy<false>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
