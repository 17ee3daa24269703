//===- FieldTableTest.cpp - 24-bit products, dot products, masks ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

static int64_t low24(uint64_t x, bool isSigned) {
  return isSigned ? asSigned(x & 0xffffff, 24) : int64_t(x & 0xffffff);
}

TEST(FieldTable, ProductsOf24Bits) {
  for (const char *type : {"u32", "s32"}) {
    bool isSigned = type[0] == 's';
    std::vector<Case> cases = pairsOf(integersOf(32));
    auto half = [=](const Case &x, bool high) {
      int64_t product = low24(x.a, isSigned) * low24(x.b, isSigned);
      return lowBits(uint64_t(high ? product >> 16 : product), 32);
    };
    for (bool high : {false, true}) {
      std::string form = std::string(high ? ".hi." : ".lo.") + type;
      checkTable("mul24" + form + " %d, %a, %b;", "32 32 32", cases,
                 [=](const Case &x) { return half(x, high); });
      checkTable(
          "mad24" + form + " %d, %a, %b, %c;", "32 32 32 32", cases,
          [=](const Case &x) { return lowBits(half(x, high) + x.c, 32); });
    }
  }
  checkTable("mad24.hi.sat.s32 %d, %a, %b, %c;", "32 32 32 32",
             pairsOf(integersOf(32)), [](const Case &x) {
               int64_t sum = (low24(x.a, true) * low24(x.b, true) >> 16) +
                             asSigned(x.c, 32);
               sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN),
                                       INT32_MAX);
               return lowBits(uint64_t(sum), 32);
             });
}

TEST(FieldTable, DotProducts) {
  auto at = [](uint64_t word, int bits, int i, bool isSigned) {
    uint64_t field = lowBits(word >> (bits * i), bits);
    return isSigned ? asSigned(field, bits) : int64_t(field);
  };
  for (bool sa : {false, true})
    for (bool sb : {false, true}) {
      std::string types = std::string(sa ? ".s32" : ".u32") +
                          (sb ? ".s32" : ".u32") + " %d, %a, %b, %c;";
      std::vector<Case> cases = pairsOf(integersOf(32));
      checkTable("dp4a" + types, "32 32 32 32", cases, [=](const Case &x) {
        int64_t sum = int64_t(x.c);
        for (int i = 0; i < 4; ++i)
          sum += at(x.a, 8, i, sa) * at(x.b, 8, i, sb);
        return lowBits(uint64_t(sum), 32);
      });
      for (int first : {0, 2})
        checkTable((first ? "dp2a.hi" : "dp2a.lo") + types, "32 32 32 32",
                   cases, [=](const Case &x) {
                     int64_t sum = int64_t(x.c);
                     for (int i = 0; i < 2; ++i)
                       sum += at(x.a, 16, i, sa) * at(x.b, 8, first + i, sb);
                     return lowBits(uint64_t(sum), 32);
                   });
    }
}

/// The ISA's text, bit by bit.
TEST(FieldTable, Masks) {
  std::vector<uint64_t> places;
  for (uint64_t n = 0; n < 70; ++n)
    places.push_back(n);
  places.push_back(0xffffffff);
  for (bool clamps : {false, true})
    checkTable(std::string("bmsk.") + (clamps ? "clamp" : "wrap") +
                   ".b32 %d, %a, %b;",
               "32 32 32", pairsOf(places), [=](const Case &x) {
                 uint64_t a = clamps ? x.a : x.a & 31;
                 uint64_t b = clamps ? x.b : x.b & 31, mask = 0;
                 for (uint64_t bit = a; bit < 32 && bit < a + b; ++bit)
                   mask |= uint64_t(1) << bit;
                 return mask;
               });
}

TEST(FieldTable, Extensions) {
  std::vector<uint64_t> widths = {0,  1,  2,  7,  8,         16,
                                  31, 32, 33, 64, 0xffffffff};
  for (const char *type : {"u32", "s32"})
    for (bool clamps : {false, true})
      checkTable(std::string("szext.") + (clamps ? "clamp." : "wrap.") + type +
                     " %d, %a, %b;",
                 "32 32 32", pairsOf(integersOf(32), widths),
                 [=](const Case &x) -> uint64_t {
                   if (clamps && x.b >= 32)
                     return x.a;
                   int width = x.b & 31;
                   if (!width)
                     return 0;
                   uint64_t field = lowBits(x.a, width);
                   return type[0] == 's'
                              ? lowBits(uint64_t(asSigned(field, width)), 32)
                              : field;
                 });
}

TEST(FieldTable, FindNthSet) {
  std::vector<Case> cases;
  for (uint64_t mask : {0x0u, 0x1u, 0x80000000u, 0xffffffffu, 0x10a5u, 0xf0f0u})
    for (uint64_t base : {0, 1, 4, 12, 30, 31})
      for (int offset : {-40, -3, -2, -1, 0, 1, 2, 3, 40})
        cases.push_back({mask, base, lowBits(uint64_t(int64_t(offset)), 32)});
  checkTable("fns.b32 %d, %a, %b, %c;", "32 32 32 32", cases,
             [](const Case &x) -> uint64_t {
               int64_t offset = asSigned(x.c, 32);
               std::vector<int> found; // from the base on, in its direction
               for (int at = int(x.b); at >= 0 && at < 32;
                    at += offset < 0 ? -1 : 1)
                 if (x.a >> at & 1)
                   found.push_back(at);
               if (offset == 0)
                 return x.a >> x.b & 1 ? x.b : 0xffffffff;
               size_t n = size_t(std::abs(offset)) - 1;
               return n < found.size() ? uint64_t(found[n]) : 0xffffffff;
             });
}

TEST(FieldTable, SelectionBySign) {
  for (const char *type : {"b16", "u16", "s16", "b32", "u32", "s32", "f32",
                           "b64", "u64", "s64", "f64"}) {
    std::string k = std::string(type).substr(1);
    std::vector<Case> cases;
    for (uint64_t c : {0x0u, 0x80000000u, 0x3f800000u, 0xbf800000u, 0x7fc00000u,
                       0x80000001u, 0x1u, 0xff800000u})
      cases.push_back({1, 2, c});
    std::string kinds = k + " " + k + " " + k + " 32";
    checkTable(
        std::string("slct.") + type + ".s32 %d, %a, %b, %c;", kinds, cases,
        [](const Case &x) { return asSigned(x.c, 32) >= 0 ? x.a : x.b; });
    auto value = [](const Case &x) {
      float f;
      uint32_t bits = uint32_t(x.c);
      std::memcpy(&f, &bits, 4);
      return f;
    };
    checkTable(std::string("slct.") + type + ".f32 %d, %a, %b, %c;", kinds,
               cases, [=](const Case &x) { return value(x) >= 0 ? x.a : x.b; });
    checkTable(std::string("slct.ftz.") + type + ".f32 %d, %a, %b, %c;", kinds,
               cases, [=](const Case &x) {
                 bool isTiny = std::abs(value(x)) < 0x1p-126f;
                 return isTiny || value(x) >= 0 ? x.a : x.b;
               });
  }
}

TEST(FieldTable, WhatDoesNothing) {
  for (const char *text : {"pmevent 3;", "pmevent.mask 5;", "brkpt;",
                           "applypriority.global.L2::evict_normal [%out], 128;",
                           "applypriority.L2::evict_normal [%out], 128;"})
    checkTable(std::string(text) + "\nmov.u32 %d, %a;", "32 32", {{7, 0, 0}},
               [](const Case &) { return 7; });
}
