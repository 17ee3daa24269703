//===- Adversary.h - When asynchronous work is done -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware may finish an asynchronous operation at once or only when
// somebody waits for it, and in pieces. Which of it happens is drawn here.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_ADVERSARY_H
#define ATTNRT_SIM_MACHINE_ADVERSARY_H

#include "Machine/Completion.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace attnrt::sim {

class Adversary {
public:
  Adversary(Completion completion, uint64_t seed)
      : completion(completion), seed(seed), state(seed) {}

  /// Draws begin anew for each cluster of the grid, so that what happens in one
  /// does not depend on those that ran on the same host thread before.
  void begin(uint64_t cluster) { state = seed ^ cluster * 0xd1342543de82ef95u; }

  bool isEarly() {
    return completion == Completion::Early ||
           (completion == Completion::Random && draw(4) == 0);
  }
  /// Pieces to move of a copy in flight before the next round; 0 for none.
  uint64_t piecesNow() {
    switch (completion) {
    case Completion::Torn:
      return draw(8);
    case Completion::Random:
      return draw(4) ? 0 : draw(2) ? draw(64) : UINT64_MAX;
    default:
      return 0;
    }
  }
  /// A wait may come back empty-handed.
  bool wakesInVain() {
    return completion == Completion::Random && draw(4) == 0;
  }
  /// The lane that elect.sync takes: the same each time.
  unsigned leader(uint32_t members) const {
    if (completion != Completion::Random)
      return __builtin_ctz(members);
    unsigned skip = seed % __builtin_popcount(members);
    while (skip--)
      members &= members - 1;
    return __builtin_ctz(members);
  }
  void shuffle(std::vector<uint32_t> &order) {
    if (completion != Completion::Torn && completion != Completion::Random)
      return;
    for (size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[draw(i)]);
  }
  /// SplitMix64, below `end`.
  uint64_t draw(uint64_t end) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % end;
  }

private:
  Completion completion;
  uint64_t seed, state;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_ADVERSARY_H
