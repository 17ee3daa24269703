//===- Clocks.h - Whose past a warp knows -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector clocks of the warps of a cluster and of its asynchronous operations. A
// warp's own component goes up when it releases (arrives at a barrier, stores a
// flag), so an access is named by its agent and the component at that time, and
// it happened before whatever a warp does that knows this component.
//
// Asynchronous operations access memory through a proxy of their own. What a
// warp knows is therefore kept twice: as ordered before its own, generic
// accesses, and as ordered before operations that it issues. A proxy fence
// carries the first over into the second.
//
// Operations have components above those of the warps. One is used again when
// whoever issues the next operation knows that the last one is complete: then
// to know the new one is to know the old one.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_CLOCKS_H
#define ATTNRT_SIM_CHECK_CLOCKS_H

#include "Machine/Cta.h"

#include <vector>

namespace attnrt::sim {

class VectorClock {
public:
  uint32_t get(unsigned agent) const {
    return agent < at.size() ? at[agent] : 0;
  }
  void set(unsigned agent, uint32_t clock) {
    if (agent >= at.size())
      at.resize(agent + 1);
    at[agent] = clock;
  }
  void join(const VectorClock &other);
  void clear() { at.assign(at.size(), 0); }
  uint64_t bytes() const { return at.capacity() * sizeof(uint32_t); }

private:
  std::vector<uint32_t> at;
};

/// The knowledge that a release passes on.
struct Past {
  VectorClock generic, async;
  void clear() {
    generic.clear();
    async.clear();
  }
  uint64_t bytes() const { return generic.bytes() + async.bytes(); }
};

/// An operation's component and its value.
struct AsyncStamp {
  unsigned agent = 0;
  uint32_t clock = 0;
};

class Clocks {
public:
  /// Clocks of operations are above those of warps.
  static constexpr uint32_t kFirstAsync = 0x80000000;

  void reset(unsigned ctas, unsigned warpsOfCta);
  /// Warps are agents, too.
  unsigned agentOf(const Warp &warp) const {
    return warp.cta.rank * warpsOfCta + warp.index;
  }
  unsigned agentAt(unsigned rank, unsigned warp) const {
    return rank * warpsOfCta + warp;
  }
  unsigned rankOf(unsigned agent) const { return agent / warpsOfCta; }
  unsigned warpOf(unsigned agent) const { return agent % warpsOfCta; }

  uint32_t now(unsigned agent) const { return known[agent].generic.get(agent); }
  /// Passes on in `into` what the warp did and knows so far.
  void release(unsigned agent, Past &into);
  void acquire(unsigned agent, const Past &from);
  /// Makes what the warp knows known to its operations.
  void fenceProxy(unsigned agent);

  /// A component for an operation that the warp issues.
  AsyncStamp issue(unsigned agent);
  /// The next operation of a row that is done in order.
  AsyncStamp issueInOrder(AsyncStamp last);
  static void publish(const AsyncStamp &stamp, Past &into);
  void acquire(unsigned agent, const AsyncStamp &stamp);

  /// Whatever other warps of its CTA did up to this clock happened before.
  uint32_t knownTo(unsigned agent) const { return floor[agent]; }
  bool knows(unsigned agent, unsigned other, uint32_t clock) const {
    return agent == other || known[agent].generic.get(other) >= clock;
  }
  /// Bytes of the tables that grow with operations in flight.
  uint64_t bytes() const {
    return stamps.size() * sizeof(uint32_t) * (1 + 2 * known.size());
  }
  bool knowsAsync(unsigned agent, unsigned other, uint32_t clock) const {
    return known[agent].async.get(other) >= clock;
  }

private:
  void addComponent(bool inOrder);

  unsigned warpsOfCta = 1;
  std::vector<Past> known;      // by warp
  std::vector<uint32_t> floor;  // the least that it knows of another one
  std::vector<uint32_t> stamps; // of operations' components
  std::vector<bool> isInOrder;  // the component is one warpgroup's
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_CLOCKS_H
