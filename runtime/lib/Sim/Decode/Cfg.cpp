//===- Cfg.cpp - Basic blocks and where divergence ends -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Draft.h"

#include <algorithm>

using namespace attnrt::sim;

/// Blocks in reverse post-order of the reversed graph; index `exit` is the
/// virtual exit behind every Stop.
static std::vector<uint32_t>
reverseOrder(const std::vector<std::vector<uint32_t>> &predecessors,
             uint32_t exit) {
  std::vector<uint32_t> order;
  std::vector<bool> seen(exit + 1, false);
  std::vector<std::pair<uint32_t, size_t>> stack{{exit, 0}};
  seen[exit] = true;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    if (next == predecessors[block].size()) {
      order.push_back(block);
      stack.pop_back();
      continue;
    }
    uint32_t to = predecessors[block][next++];
    if (seen[to])
      continue;
    seen[to] = true;
    stack.emplace_back(to, 0);
  }
  std::reverse(order.begin(), order.end());
  return order;
}

/// Cooper, Harvey, Kennedy on the reversed graph. Blocks that never reach the
/// exit keep kNoTarget.
static void findPostDominators(std::vector<Block> &blocks) {
  uint32_t exit = blocks.size();
  std::vector<std::vector<uint32_t>> successors(exit + 1),
      predecessors(exit + 1);
  for (uint32_t b = 0; b < exit; ++b) {
    successors[b] = blocks[b].successors;
    for (uint32_t s : successors[b])
      predecessors[s].push_back(b);
  }
  std::vector<uint32_t> order = reverseOrder(predecessors, exit);
  std::vector<uint32_t> rank(exit + 1, kNoTarget), idom(exit + 1, kNoTarget);
  for (uint32_t i = 0; i < order.size(); ++i)
    rank[order[i]] = i;
  idom[exit] = exit;
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t block : order) {
      if (block == exit)
        continue;
      uint32_t best = kNoTarget;
      for (uint32_t s : successors[block]) {
        if (idom[s] == kNoTarget)
          continue;
        if (best == kNoTarget) {
          best = s;
          continue;
        }
        uint32_t other = s;
        while (best != other) {
          while (rank[best] > rank[other])
            best = idom[best];
          while (rank[other] > rank[best])
            other = idom[other];
        }
      }
      if (best != idom[block]) {
        idom[block] = best;
        changed = true;
      }
    }
  }
  for (uint32_t b = 0; b < exit; ++b)
    blocks[b].postDominator = idom[b] == exit ? kNoTarget : idom[b];
}

std::vector<Block>
attnrt::sim::buildBlocks(const std::vector<Draft> &drafts,
                         const std::vector<std::vector<uint32_t>> &tables) {
  uint32_t count = drafts.size();
  std::vector<bool> leader(count + 1, false);
  leader[0] = true;
  for (uint32_t i = 0; i < count; ++i) {
    const Draft &draft = drafts[i];
    if (draft.flow == Flow::Next)
      continue;
    leader[i + 1] = true;
    if (draft.flow == Flow::Branch)
      leader[draft.op.target] = true;
    if (draft.flow == Flow::Table)
      for (uint32_t target : tables[draft.table])
        leader[target] = true;
  }
  std::vector<Block> blocks;
  std::vector<uint32_t> blockAt(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (leader[i]) {
      blocks.emplace_back();
      blocks.back().begin = i;
    }
    blockAt[i] = blocks.size() - 1;
    blocks.back().end = i + 1;
  }
  uint32_t exit = blocks.size();
  for (Block &block : blocks) {
    const Draft &last = drafts[block.end - 1];
    auto add = [&](uint32_t op) {
      block.successors.push_back(op < count ? blockAt[op] : exit);
    };
    if (last.flow == Flow::Branch)
      add(last.op.target);
    if (last.flow == Flow::Table)
      for (uint32_t target : tables[last.table])
        add(target);
    if (last.flow == Flow::Stop && last.op.guard == kNoGuard)
      block.successors.push_back(exit);
    if (last.flow == Flow::Next || last.op.guard != kNoGuard)
      add(block.end);
  }
  findPostDominators(blocks);
  return blocks;
}

/// Whoever comes there exits, and need not wait for others to do so together.
static bool isExit(const Draft &draft) {
  return draft.flow == Flow::Stop && draft.op.guard == kNoGuard;
}

void attnrt::sim::placeMeetings(std::vector<Draft> &drafts,
                                const std::vector<Block> &blocks) {
  for (const Block &block : blocks) {
    Draft &last = drafts[block.end - 1];
    bool splits = last.flow == Flow::Table ||
                  (last.flow == Flow::Branch && last.op.guard != kNoGuard);
    if (!splits || block.postDominator == kNoTarget)
      continue;
    uint32_t place = blocks[block.postDominator].begin;
    if (isExit(drafts[place]))
      continue;
    last.op.reconverge = place;
    drafts[place].op.meets = true;
  }
}
