//===- VideoTableTest.cpp - Video instructions ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expected values follow the ISA's pseudo-code step by step.
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

#include <functional>

using namespace attnrt::sim;

namespace {

using Wide = __int128;

const char *const kTypes[] = {"u32", "s32"};
bool isSigned(const char *type) { return type[0] == 's'; }

const char *const kParts[] = {"", ".b0", ".b1", ".b2", ".b3", ".h0", ".h1"};

int widthOf(const std::string &part) {
  return part.empty() ? 32 : part[1] == 'b' ? 8 : 16;
}
int placeOf(const std::string &part) {
  return part.empty() ? 0 : widthOf(part) * (part[2] - '0');
}

int64_t select(uint64_t word, const std::string &part, bool isSigned) {
  int bits = widthOf(part);
  uint64_t field = lowBits(word >> placeOf(part), bits);
  return isSigned ? asSigned(field, bits) : int64_t(field);
}

Wide clamp(Wide x, int bits, bool isSigned) {
  Wide least = isSigned ? -(Wide(1) << (bits - 1)) : Wide(0);
  Wide most = (Wide(1) << (isSigned ? bits - 1 : bits)) - 1;
  return x < least ? least : x > most ? most : x;
}

uint64_t merge(Wide x, const std::string &part, uint64_t c) {
  uint64_t ones = lowBits(~uint64_t(0), widthOf(part)) << placeOf(part);
  return (uint64_t(x) << placeOf(part) & ones) | (c & ~ones & 0xffffffff);
}

uint64_t combineWith(const std::string &how, Wide x, uint64_t c,
                     bool isSigned) {
  Wide other = isSigned ? asSigned(c, 32) : int64_t(c);
  Wide result = how == "add"   ? x + other
                : how == "min" ? std::min(x, other)
                               : std::max(x, other);
  return lowBits(uint64_t(result), 32);
}

struct Operation {
  const char *name;
  Wide (*apply)(Wide a, Wide b);
};
const Operation kOperations[] = {
    {"vadd", [](Wide a, Wide b) { return a + b; }},
    {"vsub", [](Wide a, Wide b) { return a - b; }},
    {"vabsdiff", [](Wide a, Wide b) { return a > b ? a - b : b - a; }},
    {"vmin", [](Wide a, Wide b) { return a < b ? a : b; }},
    {"vmax", [](Wide a, Wide b) { return a > b ? a : b; }},
};
Wide average(Wide a, Wide b) {
  return a + b >= 0 ? (a + b + 1) >> 1 : (a + b) >> 1;
}
const Operation kComparisons[] = {
    {"eq", [](Wide a, Wide b) { return Wide(a == b); }},
    {"ne", [](Wide a, Wide b) { return Wide(a != b); }},
    {"lt", [](Wide a, Wide b) { return Wide(a < b); }},
    {"le", [](Wide a, Wide b) { return Wide(a <= b); }},
    {"gt", [](Wide a, Wide b) { return Wide(a > b); }},
    {"ge", [](Wide a, Wide b) { return Wide(a >= b); }},
};

std::vector<Case> words() {
  std::vector<uint64_t> values = {
      0,          1,          0x7f,       0x80,       0xff,       0x7fff8000,
      0x80007fff, 0xffffffff, 0x80000000, 0x7fffffff, 0x01fe80ff, 0xdeadbeef};
  return pairsOf(values);
}

/// The instruction alone, merged into each part, and with each second
/// operation.
void checkScalar(const std::string &head, const char *const types[3],
                 bool saturates, Wide (*apply)(Wide, Wide)) {
  bool d = isSigned(types[0]), a = isSigned(types[1]), b = isSigned(types[2]);
  static size_t turn = 0; // other parts each time
  std::string partA = kParts[turn++ % 7], partB = kParts[turn++ / 7 % 7];
  std::string sources = ", %a" + partA + ", %b" + partB;
  auto value = [=](const Case &x, const std::string &into) {
    Wide t = apply(select(x.a, partA, a), select(x.b, partB, b));
    return saturates ? clamp(t, widthOf(into), d) : t;
  };
  checkTable(
      head + " %d" + sources + ";", "32 32 32", words(),
      [&](const Case &x) { return lowBits(uint64_t(value(x, "")), 32); });
  std::string into = kParts[1 + turn % 6];
  checkTable(head + " %d" + into + sources + ", %c;", "32 32 32 32", words(),
             [&](const Case &x) { return merge(value(x, into), into, x.c); });
  for (const char *how : {"add", "min", "max"})
    checkTable(
        head + "." + how + " %d" + sources + ", %c;", "32 32 32 32", words(),
        [&](const Case &x) { return combineWith(how, value(x, ""), x.c, d); });
}

template <typename Body>
void forAllTypes(Body body) {
  for (const char *d : kTypes)
    for (const char *a : kTypes)
      for (const char *b : kTypes) {
        const char *types[] = {d, a, b};
        body(types, std::string(".") + d + "." + a + "." + b);
      }
}

} // namespace

TEST(VideoTable, OneNumber) {
  for (const Operation &op : kOperations)
    forAllTypes([&](const char *const types[3], const std::string &spelled) {
      for (bool saturates : {false, true})
        checkScalar(op.name + spelled + (saturates ? ".sat" : ""), types,
                    saturates, op.apply);
    });
}

TEST(VideoTable, EveryPart) {
  const char *types[] = {"s32", "s32", "u32"};
  for (int n = 0; n < 49; ++n)
    checkScalar("vadd.s32.s32.u32.sat", types, true, kOperations[0].apply);
}

TEST(VideoTable, Shifts) {
  for (const char *d : kTypes)
    for (const char *a : kTypes)
      for (bool saturates : {false, true}) {
        const char *types[] = {d, a, "u32"};
        std::string spelled =
            std::string(".") + d + "." + a + ".u32" + (saturates ? ".sat" : "");
        checkScalar("vshl" + spelled + ".clamp", types, saturates,
                    [](Wide x, Wide by) {
                      return x * (Wide(1) << int(by > 32 ? 32 : by));
                    });
        checkScalar(
            "vshl" + spelled + ".wrap", types, saturates,
            [](Wide x, Wide by) { return x * (Wide(1) << int(by % 32)); });
        checkScalar(
            "vshr" + spelled + ".clamp", types, saturates,
            [](Wide x, Wide by) { return x >> int(by > 32 ? 32 : by); });
        checkScalar("vshr" + spelled + ".wrap", types, saturates,
                    [](Wide x, Wide by) { return x >> int(by % 32); });
      }
}

TEST(VideoTable, Comparisons) {
  for (const Operation &how : kComparisons)
    for (const char *a : kTypes)
      for (const char *b : kTypes) {
        const char *types[] = {"u32", a, b};
        checkScalar(std::string("vset.") + a + "." + b + "." + how.name, types,
                    false, how.apply);
      }
}

TEST(VideoTable, ProductsAndSums) {
  forAllTypes([](const char *const types[3], const std::string &spelled) {
    bool a = isSigned(types[1]), b = isSigned(types[2]), isAny = a || b;
    for (const char *plus : {"", ".po"})
      for (bool saturates : {false, true})
        for (int shift : {0, 7, 15})
          for (std::string part : {"", ".b3", ".h0"})
            checkTable("vmad" + spelled + plus + (saturates ? ".sat" : "") +
                           (shift ? ".shr" + std::to_string(shift) : "") +
                           " %d, %a" + part + ", %b, %c;",
                       "32 32 32 32", words(), [&](const Case &x) {
                         Wide c = isAny ? asSigned(x.c, 32) : int64_t(x.c);
                         Wide t =
                             Wide(select(x.a, part, a)) * select(x.b, "", b) +
                             c + (plus[0] ? 1 : 0);
                         t >>= shift;
                         t = saturates ? clamp(t, 32, isAny) : t;
                         return lowBits(uint64_t(t), 32);
                       });
  });
}

namespace {

struct Lanes {
  int count;
  const char *first, *other; // where elements come from
  const char *into;          // which are written
};
const Lanes kLanes[] = {
    {2, "", "", ""},
    {2, ".h10", ".h32", ".h10"},
    {2, ".h31", ".h00", ".h0"},
    {2, ".h23", ".h12", ".h1"},
    {4, "", "", ""},
    {4, ".b7061", ".b0123", ".b3210"},
    {4, ".b4567", "", ".b20"},
    {4, "", ".b7777", ".b3"},
};

int64_t element(const Case &x, const std::string &from, bool isFirst, int i,
                int count, bool isSigned) {
  int n = from.empty() ? i + (isFirst ? 0 : count)
                       : from[from.size() - 1 - i] - '0';
  uint64_t word = n < count ? x.a : x.b;
  int bits = 32 / count;
  uint64_t field = lowBits(word >> (n % count * bits), bits);
  return isSigned ? asSigned(field, bits) : int64_t(field);
}

bool isWritten(const std::string &into, int i) {
  return into.empty() || into.find(char('0' + i)) != into.npos;
}

void checkLanes(const std::string &head, const Lanes &how,
                const char *const types[3], bool saturates, bool adds,
                Wide (*apply)(Wide, Wide)) {
  int bits = 32 / how.count;
  checkTable(
      head + " %d" + how.into + ", %a" + how.first + ", %b" + how.other +
          ", %c;",
      "32 32 32 32", words(), [&](const Case &x) {
        uint64_t d = adds ? x.c : 0;
        for (int i = 0; i < how.count; ++i) {
          Wide t = apply(
              element(x, how.first, true, i, how.count, isSigned(types[1])),
              element(x, how.other, false, i, how.count, isSigned(types[2])));
          if (saturates)
            t = clamp(t, bits, isSigned(types[0]));
          if (!isWritten(how.into, i))
            t = adds ? Wide(0) : Wide(x.c >> (i * bits));
          d += adds ? uint64_t(t) : lowBits(uint64_t(t), bits) << i * bits;
        }
        return lowBits(d, 32);
      });
}

} // namespace

TEST(VideoTable, SeveralNumbers) {
  std::vector<Operation> operations(std::begin(kOperations),
                                    std::end(kOperations));
  operations.push_back({"vavrg", average});
  size_t turn = 0;
  for (const Operation &op : operations)
    forAllTypes([&](const char *const types[3], const std::string &spelled) {
      for (const char *mode : {"", ".sat", ".add"})
        for (int count : {2, 4}) {
          const Lanes &how = kLanes[turn++ % 4 + (count == 2 ? 0 : 4)];
          checkLanes(op.name + std::to_string(count) + spelled + mode, how,
                     types, mode[1] == 's', mode[1] == 'a', op.apply);
        }
    });
}

TEST(VideoTable, EveryPlace) {
  const char *types[] = {"s32", "u32", "s32"};
  for (const Lanes &how : kLanes)
    for (bool adds : {false, true})
      checkLanes("vsub" + std::to_string(how.count) + ".s32.u32.s32" +
                     (adds ? ".add" : ".sat"),
                 how, types, !adds, adds, kOperations[1].apply);
}

TEST(VideoTable, ComparisonsOfSeveral) {
  for (const Operation &op : kComparisons)
    for (const Lanes &how : kLanes)
      for (bool adds : {false, true})
        for (const char *a : kTypes) {
          const char *types[] = {"u32", a, "s32"};
          checkLanes("vset" + std::to_string(how.count) + "." + a + ".s32." +
                         op.name + (adds ? ".add" : ""),
                     how, types, false, adds, op.apply);
        }
}

TEST(VideoTable, SelectorsThatDoNotFit) {
  for (const char *text :
       {"vadd.u32.u32.u32 %r1, %r2.b4, %r3;",
        "vadd.u32.u32.u32 %r1, %r2.h2, %r3;",
        "vadd.u32.u32.u32 %r1, %r2.b10, %r3;",
        "vadd2.u32.u32.u32 %r1, %r2.b10, %r3, %r4;",
        "vadd2.u32.u32.u32 %r1, %r2.h4, %r3, %r4;",
        "vadd4.u32.u32.u32 %r1.b4, %r2, %r3, %r4;", "add.u32 %r1, %r2.b0, %r3;",
        "vadd.u32.u32.u32 %r1.b0, %r2, %r3;"})
    EXPECT_FALSE(bool(decode(kernelOf(text)))) << text;
}
