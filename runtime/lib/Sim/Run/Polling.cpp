//===- Polling.cpp - Warps that wait by asking again and again ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Polling.h"
#include "Run/Effects.h"
#include "Run/WarpRun.h"

#include <algorithm>

using namespace attnrt::sim;

/// Jumps of a warp within which it has to be back, and how often it may stand
/// where it stood with other values.
static constexpr unsigned kJumps = 512, kDifferences = 4;
/// Rounds of a cluster, of a jump for each warp, and those before its state is
/// kept anew.
static constexpr unsigned kRounds = 1024, kFirst = 16;

Look attnrt::sim::lookAt(Warp &warp, uint64_t limit, WarpState &scratch) {
  Look look;
  if (!WarpState::holds(warp))
    return look;
  warp.polled = Polled();
  warp.save(scratch);
  Effects effects(*warp.cta.cluster);
  unsigned differences = 0;
  for (unsigned jump = 0; jump < kJumps; ++jump) {
    look.instructions += runFragment(warp, 0);
    if (warp.finished() || warp.cta.stopped || effects.any() ||
        !pickFragment(warp))
      return look;
    if (warp.standsAsIn(scratch)) {
      look.waits = warp.is(scratch);
      ++differences;
    }
    if (look.waits || differences == kDifferences || look.instructions >= limit)
      return look;
  }
  return look;
}

namespace {
/// What a cluster has besides its warps that decides what they do.
struct Barriers {
  explicit Barriers(const Cluster &cluster) {
    for (const auto &cta : cluster.ctas)
      for (const Barrier &barrier : cta->barriers) {
        words.push_back(static_cast<uint32_t>(barrier.use));
        words.push_back(barrier.expected);
        words.push_back(barrier.arrived);
        words.insert(words.end(), std::begin(barrier.lanes),
                     std::end(barrier.lanes));
      }
    words.insert(words.end(), cluster.barrier.arrived.begin(),
                 cluster.barrier.arrived.end());
  }
  std::vector<uint32_t> words;
};

class ClusterLook {
public:
  explicit ClusterLook(Cluster &cluster) : cluster(cluster), barriers(cluster) {
    for (auto &cta : cluster.ctas)
      for (auto &warp : cta->warps) {
        warp->polled = Polled();
        warps.push_back(warp.get());
      }
    states.resize(warps.size());
    save();
  }
  void save();
  /// Each warp goes to its next jump. False where none can.
  bool round();
  bool standsAsBefore() const;
  bool isAsBefore() const;

  uint64_t instructions = 0;

private:
  Cluster &cluster;
  std::vector<WarpState> states;
  Barriers barriers;
  std::vector<Warp *> warps;
};
} // namespace

void ClusterLook::save() {
  barriers = Barriers(cluster);
  for (size_t w = 0; w < warps.size(); ++w)
    warps[w]->save(states[w]);
}

bool ClusterLook::round() {
  bool any = false;
  for (Warp *warp : warps) {
    if (warp->finished() || warp->cta.stopped || !pickFragment(*warp))
      continue;
    any = true;
    instructions += runFragment(*warp, 0);
  }
  return any;
}

bool ClusterLook::standsAsBefore() const {
  for (size_t w = 0; w < warps.size(); ++w)
    if (!warps[w]->standsAsIn(states[w]))
      return false;
  return true;
}

bool ClusterLook::isAsBefore() const {
  for (size_t w = 0; w < warps.size(); ++w)
    if (!warps[w]->is(states[w]))
      return false;
  return Barriers(cluster).words == barriers.words;
}

Look attnrt::sim::lookAt(Cluster &cluster) {
  Look look;
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      if (!WarpState::holds(*warp))
        return look;
  ClusterLook at(cluster);
  Effects effects(cluster);
  unsigned differences = 0, saved = 0;
  for (unsigned round = 1; round <= kRounds; ++round) {
    bool any = at.round();
    look.instructions = at.instructions;
    if (!any || cluster.stopped() || effects.any())
      return look;
    if (at.standsAsBefore()) {
      look.waits = at.isAsBefore();
      ++differences;
    }
    if (look.waits || differences == kDifferences)
      return look;
    // They fall into step only after some rounds.
    if (round == (saved ? 8 * saved : kFirst)) {
      at.save();
      saved = round;
      differences = 0;
    }
  }
  return look;
}
