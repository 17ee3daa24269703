//===- Rows.cpp - Rows for virtual registers, by lifetime -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Backward liveness over blocks, one interval per register, linear scan. Lanes
// on different sides of a branch may use one row for different registers: no
// lane sees another lane's value, and operations that do are executed by all
// their lanes together.
//
//===----------------------------------------------------------------------===//

#include "Decode/Draft.h"

#include <algorithm>
#include <map>

using namespace attnrt::sim;

Bank attnrt::sim::bankOf(ptx::Type type) {
  if (type == ptx::Type::Pred)
    return Bank::Pred;
  return ptx::bytesOf(type) == 8 ? Bank::Wide : Bank::Narrow;
}

namespace {

using Bits = std::vector<uint64_t>;

struct BlockLiveness {
  Bits uses, defs, in;
};

struct Interval {
  uint32_t reg = 0;
  uint32_t begin = UINT32_MAX, end = 0;
  void cover(uint32_t at) {
    begin = std::min(begin, at);
    end = std::max(end, at);
  }
};

} // namespace

static bool test(const Bits &bits, uint32_t i) {
  return bits[i / 64] >> (i % 64) & 1;
}

static void set(Bits &bits, uint32_t i) {
  bits[i / 64] |= uint64_t(1) << (i % 64);
}

static void collect(const std::vector<Draft> &drafts, const Block &block,
                    BlockLiveness &live) {
  for (uint32_t i = block.begin; i < block.end; ++i) {
    for (const Ref &ref : drafts[i].refs)
      if (!ref.def && !test(live.defs, ref.reg))
        set(live.uses, ref.reg);
    // A guarded definition keeps the old value of other lanes.
    bool whole = drafts[i].op.guard == kNoGuard;
    for (const Ref &ref : drafts[i].refs) {
      if (!ref.def)
        continue;
      if (whole)
        set(live.defs, ref.reg);
      else if (!test(live.defs, ref.reg))
        set(live.uses, ref.reg);
    }
  }
}

static std::vector<BlockLiveness> solve(const std::vector<Draft> &drafts,
                                        const std::vector<Block> &blocks,
                                        size_t registers) {
  size_t words = (registers + 63) / 64;
  std::vector<BlockLiveness> live(blocks.size());
  for (size_t b = 0; b < blocks.size(); ++b) {
    live[b].uses.resize(words);
    live[b].defs.resize(words);
    collect(drafts, blocks[b], live[b]);
    live[b].in = live[b].uses;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = blocks.size(); b-- > 0;) {
      for (uint32_t s : blocks[b].successors) {
        if (s == blocks.size())
          continue;
        for (size_t w = 0; w < words; ++w) {
          uint64_t more = live[s].in[w] & ~live[b].defs[w] & ~live[b].in[w];
          live[b].in[w] |= more;
          changed |= more != 0;
        }
      }
    }
  }
  return live;
}

static std::vector<Interval> intervals(const std::vector<Draft> &drafts,
                                       const std::vector<Block> &blocks,
                                       const std::vector<BlockLiveness> &live,
                                       size_t registers) {
  std::vector<Interval> out(registers);
  for (size_t r = 0; r < registers; ++r)
    out[r].reg = r;
  auto coverAll = [&](const Bits &bits, uint32_t at) {
    for (size_t w = 0; w < bits.size(); ++w)
      for (uint64_t rest = bits[w]; rest; rest &= rest - 1)
        out[w * 64 + __builtin_ctzll(rest)].cover(at);
  };
  for (size_t b = 0; b < blocks.size(); ++b) {
    coverAll(live[b].in, blocks[b].begin);
    for (uint32_t s : blocks[b].successors)
      if (s < blocks.size())
        coverAll(live[s].in, blocks[b].end - 1);
    for (uint32_t i = blocks[b].begin; i < blocks[b].end; ++i)
      for (const Ref &ref : drafts[i].refs)
        out[ref.reg].cover(i);
  }
  return out;
}

namespace {
/// Free places of one bank.
class Pool {
public:
  explicit Pool(uint32_t step) : step(step) {}
  void release(uint32_t until) {
    while (!busy.empty() && busy.begin()->first < until) {
      free.push_back(busy.begin()->second);
      busy.erase(busy.begin());
    }
  }
  uint32_t take(uint32_t end) {
    uint32_t place = top;
    if (free.empty()) {
      top += step;
    } else {
      place = free.back();
      free.pop_back();
    }
    busy.emplace(end, place);
    return place;
  }
  uint32_t size() const { return top; }

private:
  uint32_t step, top = 0;
  std::vector<uint32_t> free;
  std::multimap<uint32_t, uint32_t> busy;
};
} // namespace

RowAllocation
attnrt::sim::allocateRows(const std::vector<Draft> &drafts,
                          const std::vector<Block> &blocks,
                          const std::vector<ptx::Register> &registers,
                          const std::vector<bool> &pinned) {
  RowAllocation out;
  out.where.resize(registers.size());
  // Three bits for each register in each block.
  if (uint64_t(blocks.size()) * registers.size() > uint64_t(1) << 31) {
    out.tooLarge = true;
    return out;
  }
  std::vector<BlockLiveness> live = solve(drafts, blocks, registers.size());
  std::vector<Interval> all = intervals(drafts, blocks, live, registers.size());
  for (size_t r = 0; r < registers.size(); ++r) {
    if (test(live[0].in, r))
      out.undefined.push_back(r);
    if (!pinned[r])
      continue;
    all[r].cover(0);
    all[r].cover(drafts.size());
  }
  std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.reg < b.reg;
  });
  Pool pools[3] = {Pool(1), Pool(2), Pool(1)};
  std::vector<uint32_t> place(registers.size(), 0);
  for (const Interval &interval : all) {
    if (interval.begin == UINT32_MAX)
      continue;
    Pool &pool = pools[static_cast<int>(bankOf(registers[interval.reg].type))];
    pool.release(interval.begin);
    place[interval.reg] = pool.take(interval.end);
  }
  uint32_t narrow = (pools[0].size() + 1) & ~1u;
  out.wideBegin = kFirstRow + narrow;
  out.rows = out.wideBegin + pools[1].size();
  out.preds = kFirstPred + pools[2].size();
  out.tooLarge = out.rows > 60000 || out.preds > 60000;
  for (size_t r = 0; r < registers.size(); ++r) {
    Bank bank = bankOf(registers[r].type);
    uint32_t base = bank == Bank::Pred   ? uint32_t(kFirstPred)
                    : bank == Bank::Wide ? kFirstRow + narrow
                                         : uint32_t(kFirstRow);
    out.where[r] = base + place[r];
  }
  return out;
}

void attnrt::sim::putRow(Op &op, std::vector<uint16_t> &pool, Place place,
                         uint16_t row) {
  switch (place.kind) {
  case Place::Dst:
    op.dst[place.index] = row;
    break;
  case Place::Src:
    op.src[place.index] = row;
    break;
  case Place::Pool:
    pool[place.index] = row;
    break;
  case Place::Guard:
    op.guard = row;
    break;
  }
}
