//===- LaneTableTest.cpp - shfl, vote, match, redux by definition ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Thirty-two cases in a row are one warp.
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

namespace {

/// Compares with `expected(warp, lane)`; `warp` points to its 32 cases.
template <typename Expected>
void checkWarps(const std::string &instruction, const std::string &kinds,
                const std::vector<Case> &cases, Expected expected) {
  ASSERT_EQ(cases.size() % 32, 0u);
  std::vector<uint64_t> results = tabulate(instruction, kinds, cases);
  int failures = 0;
  for (size_t i = 0; i < results.size() && failures < 3; ++i) {
    uint64_t want = expected(&cases[i / 32 * 32], unsigned(i % 32));
    if (results[i] == want)
      continue;
    ++failures;
    ADD_FAILURE() << instruction << std::hex << " of 0x" << cases[i].a << ", 0x"
                  << cases[i].b << ", 0x" << cases[i].c << " in lane "
                  << std::dec << i % 32 << std::hex << " is 0x" << results[i]
                  << "; expected 0x" << want;
  }
}

/// Values that no two lanes of a warp share; b and c by lane.
template <typename B, typename C>
std::vector<Case> shuffles(size_t warps, B b, C c) {
  std::vector<Case> out;
  for (uint64_t w = 0; w < warps; ++w)
    for (uint64_t lane = 0; lane < 32; ++lane)
      out.push_back({w * 1000 + lane, b(w, lane), c(w, lane)});
  return out;
}

const char *const kModes[] = {"up", "down", "bfly", "idx"};

/// Where a value comes from in a segment of `width` lanes, which is a power of
/// two; the lane itself where nobody is there.
unsigned sourceInSegment(int mode, unsigned lane, unsigned by, unsigned width,
                         bool &exists) {
  int first = lane / width * width, place = lane % width, from = 0;
  switch (mode) {
  case 0:
    from = place - int(by);
    break;
  case 1:
    from = place + int(by);
    break;
  case 2:
    // Across segments too, but not upward.
    from = int(lane ^ by) - first;
    exists = from < int(width);
    return exists ? first + from : lane;
  default:
    from = by % width;
    break;
  }
  exists = from >= 0 && from < int(width);
  return exists ? first + from : lane;
}

/// The ISA's pseudo-code, for any c.
unsigned sourceByText(int mode, unsigned lane, uint64_t b, uint64_t c,
                      bool &pval) {
  unsigned bval = b & 0x1f, cval = c & 0x1f, segmask = c >> 8 & 0x1f;
  int maxLane = (lane & segmask) | (cval & (~segmask & 0x1f));
  int minLane = lane & segmask, j = 0;
  if (mode == 0) {
    j = int(lane) - int(bval);
    pval = j >= maxLane;
  } else if (mode == 1) {
    j = int(lane + bval);
    pval = j <= maxLane;
  } else if (mode == 2) {
    j = int(lane ^ bval);
    pval = j <= maxLane;
  } else {
    j = minLane | (bval & (~segmask & 0x1f));
    pval = j <= maxLane;
  }
  return pval ? unsigned(j) : lane;
}

/// Runs a shuffle for its value and for its predicate.
template <typename Source>
void checkShuffle(int mode, const std::vector<Case> &cases, Source source) {
  std::string shuffle = std::string("shfl.sync.") + kModes[mode] +
                        ".b32 %x|%p, %a, %b, %c, -1;\n";
  checkWarps(shuffle + "mov.b32 %d, %x;", "32 32 32 32", cases,
             [&](const Case *warp, unsigned lane) {
               bool exists;
               return warp[source(warp[lane], lane, exists)].a;
             });
  checkWarps(shuffle + "selp.b32 %d, 1, 0, %p;", "32 32 32 32", cases,
             [&](const Case *warp, unsigned lane) -> uint64_t {
               bool exists;
               source(warp[lane], lane, exists);
               return exists;
             });
}

} // namespace

TEST(LaneTable, ShufflesInSegments) {
  for (int mode = 0; mode < 4; ++mode)
    for (uint64_t width = 1; width <= 32; width *= 2) {
      // c as compilers make it of a width: the clamp is the segment's end.
      uint64_t c = (32 - width) << 8 | (mode == 0 ? 0 : 31);
      checkShuffle(mode,
                   shuffles(
                       32, [](uint64_t w, uint64_t) { return w; },
                       [=](uint64_t, uint64_t) { return c; }),
                   [=](const Case &x, unsigned lane, bool &exists) {
                     return sourceInSegment(mode, lane, x.b, width, exists);
                   });
    }
}

TEST(LaneTable, ShufflesOfAnyOperands) {
  std::mt19937 draw(41);
  std::vector<Case> cases = shuffles(
      512, [&](uint64_t, uint64_t) { return draw(); },
      [&](uint64_t, uint64_t) { return draw(); });
  for (int mode = 0; mode < 4; ++mode)
    checkShuffle(mode, cases, [=](const Case &x, unsigned lane, bool &exists) {
      return sourceByText(mode, lane, x.b, x.c, exists);
    });
}

namespace {

/// Lanes outside the member mask c jump over `instruction`; they keep 77.
std::string amongMembers(const std::string &instruction) {
  return "mov.u32 %x, %lanemask_eq;\nand.b32 %x, %x, %c;\n"
         "setp.ne.u32 %p, %x, 0;\nmov.b32 %y, 77;\n@!%p bra L;\n" +
         instruction + "\nL: mov.b32 %d, %y;";
}

/// Full, single and drawn masks, one to a warp; `value` makes a.
template <typename Value>
std::vector<Case> members(Value value) {
  std::mt19937 draw(42);
  std::vector<Case> out;
  for (int w = 0; w < 256; ++w) {
    uint64_t mask = w == 0    ? 0xffffffff
                    : w <= 32 ? uint64_t(1) << (w - 1)
                    : w < 64  ? 0xffffffffu >> (w - 32)
                              : draw();
    for (int lane = 0; lane < 32; ++lane)
      out.push_back({value(draw, w), 0, mask});
  }
  return out;
}

/// `fold` of the member lanes' cases, for the lanes that are members.
template <typename Fold>
void checkMembers(const std::string &instruction,
                  const std::vector<Case> &cases, Fold fold,
                  const std::string &kinds = "32 32 32 32") {
  checkWarps(amongMembers(instruction), kinds, cases,
             [&](const Case *warp, unsigned lane) -> uint64_t {
               if (!(warp[lane].c >> lane & 1))
                 return 77;
               std::vector<std::pair<unsigned, uint64_t>> values;
               for (unsigned other = 0; other < 32; ++other)
                 if (warp[lane].c >> other & 1)
                   values.emplace_back(other, warp[other].a);
               return lowBits(fold(values, warp[lane]), 32);
             });
}

using Values = std::vector<std::pair<unsigned, uint64_t>>;

} // namespace

TEST(LaneTable, Votes) {
  auto count = [](const Values &values) {
    size_t out = 0;
    for (auto &value : values)
      out += value.second != 0;
    return out;
  };
  std::vector<Case> cases = members([](std::mt19937 &draw, int w) -> uint64_t {
    return w % 3 == 0 ? draw() % 2 : w % 3 == 1;
  });
  std::string asNumber = "\nselp.b32 %y, 1, 0, %q;";
  std::string kinds = "32 p 32 32";
  checkMembers(
      "vote.sync.all.pred %q, %a, %c;" + asNumber, cases,
      [&](const Values &v, const Case &) -> uint64_t {
        return count(v) == v.size();
      },
      kinds);
  checkMembers(
      "vote.sync.any.pred %q, %a, %c;" + asNumber, cases,
      [&](const Values &v, const Case &) -> uint64_t { return count(v) > 0; },
      kinds);
  checkMembers(
      "vote.sync.any.pred %q, !%a, %c;" + asNumber, cases,
      [&](const Values &v, const Case &) -> uint64_t {
        return count(v) < v.size();
      },
      kinds);
  checkMembers(
      "vote.sync.uni.pred %q, %a, %c;" + asNumber, cases,
      [&](const Values &v, const Case &) -> uint64_t {
        return count(v) == 0 || count(v) == v.size();
      },
      kinds);
  checkMembers(
      "vote.sync.ballot.b32 %y, %a, %c;", cases,
      [&](const Values &v, const Case &) {
        uint64_t out = 0;
        for (auto &[lane, value] : v)
          out |= uint64_t(value != 0) << lane;
        return out;
      },
      kinds);
}

TEST(LaneTable, ActiveMask) {
  checkMembers("activemask.b32 %y;",
               members([](std::mt19937 &, int) -> uint64_t { return 0; }),
               [](const Values &, const Case &x) { return x.c; });
}

TEST(LaneTable, Reductions) {
  auto folded = [](auto op) {
    return [=](const Values &v, const Case &) {
      uint64_t out = v[0].second;
      for (size_t i = 1; i < v.size(); ++i)
        out = op(out, v[i].second);
      return out;
    };
  };
  std::vector<Case> cases =
      members([](std::mt19937 &draw, int) -> uint64_t { return draw(); });
  using U = uint64_t;
  auto isBelow = [](U a, U b) { return asSigned(a, 32) < asSigned(b, 32); };
  auto check = [&](const char *form, auto op) {
    checkMembers(std::string("redux.sync.") + form + " %y, %a, %c;", cases,
                 folded(op));
  };
  for (const char *form : {"add.u32", "add.s32"})
    check(form, [](U a, U b) { return a + b; });
  check("min.u32", [](U a, U b) { return std::min(a, b); });
  check("max.u32", [](U a, U b) { return std::max(a, b); });
  check("min.s32", [=](U a, U b) { return isBelow(a, b) ? a : b; });
  check("max.s32", [=](U a, U b) { return isBelow(a, b) ? b : a; });
  check("and.b32", [](U a, U b) { return a & b; });
  check("or.b32", [](U a, U b) { return a | b; });
  check("xor.b32", [](U a, U b) { return a ^ b; });
}

TEST(LaneTable, Matches) {
  for (int bits : {32, 64}) {
    // Few values, that differ in their upper halves too.
    std::vector<Case> cases =
        members([=](std::mt19937 &draw, int w) -> uint64_t {
          uint64_t value = w % 4 == 0 ? 5 : draw() % 3;
          return lowBits(value << (draw() % 2 && w % 4 ? bits - 3 : 0), bits);
        });
    std::string k = std::to_string(bits), kinds = "32 " + k + " 32 32";
    checkMembers(
        "match.any.sync.b" + k + " %y, %a, %c;", cases,
        [](const Values &v, const Case &x) {
          uint64_t out = 0;
          for (auto &[lane, value] : v)
            out |= uint64_t(value == x.a) << lane;
          return out;
        },
        kinds);
    auto areAll = [](const Values &v) {
      for (auto &value : v)
        if (value.second != v[0].second)
          return false;
      return true;
    };
    std::string all = "match.all.sync.b" + k + " %y|%q, %a, %c;";
    checkMembers(
        all, cases,
        [&](const Values &v, const Case &x) { return areAll(v) ? x.c : 0; },
        kinds);
    checkMembers(
        all + "\nselp.b32 %y, 1, 0, %q;", cases,
        [&](const Values &v, const Case &) -> uint64_t { return areAll(v); },
        kinds);
  }
}
