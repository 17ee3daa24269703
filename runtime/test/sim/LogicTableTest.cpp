//===- LogicTableTest.cpp - Bits and bytes by the ISA's tables ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

TEST(LogicTable, Bitwise) {
  for (int bits : {16, 32, 64}) {
    std::string k = std::to_string(bits), kinds = k + " " + k + " " + k;
    std::vector<Case> cases = pairsOf(integersOf(bits));
    auto check = [&](const char *name, auto op) {
      checkTable(std::string(name) + ".b" + k + " %d, %a, %b;", kinds, cases,
                 [&](const Case &x) { return lowBits(op(x.a, x.b), bits); });
    };
    using U = uint64_t;
    check("and", [](U a, U b) { return a & b; });
    check("or", [](U a, U b) { return a | b; });
    check("xor", [](U a, U b) { return a ^ b; });
    checkTable("not.b" + k + " %d, %a;", kinds, cases,
               [=](const Case &x) { return lowBits(~x.a, bits); });
    checkTable("cnot.b" + k + " %d, %a;", kinds, cases,
               [](const Case &x) { return U(x.a == 0); });
  }
}

TEST(LogicTable, Predicates) {
  std::vector<Case> cases;
  for (uint64_t n = 0; n < 4; ++n)
    cases.push_back({n & 1, n >> 1, 0});
  checkTable("and.pred %d, %a, %b;", "p p p", cases,
             [](const Case &x) { return x.a & x.b; });
  checkTable("or.pred %d, %a, !%b;", "p p p", cases,
             [](const Case &x) { return x.a | (x.b ^ 1); });
  checkTable("xor.pred %d, %a, %b;", "p p p", cases,
             [](const Case &x) { return x.a ^ x.b; });
  checkTable("not.pred %d, %a;", "p p", cases,
             [](const Case &x) { return x.a ^ 1; });
}

TEST(LogicTable, ShiftsClampAtTheWidth) {
  for (int bits : {16, 32, 64}) {
    std::string k = std::to_string(bits), kinds = k + " " + k + " 32";
    std::vector<Case> cases =
        pairsOf(integersOf(bits), {0, 1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65,
                                   255, 0x80000000, 0xffffffff});
    auto by = [=](const Case &x) { return std::min<uint64_t>(x.b, bits); };
    checkTable("shl.b" + k + " %d, %a, %b;", kinds, cases, [=](const Case &x) {
      return by(x) > 63 ? 0 : lowBits(x.a << by(x), bits);
    });
    for (const char *type : {"u", "b"})
      checkTable(std::string("shr.") + type + k + " %d, %a, %b;", kinds, cases,
                 [=](const Case &x) { return by(x) > 63 ? 0 : x.a >> by(x); });
    checkTable("shr.s" + k + " %d, %a, %b;", kinds, cases, [=](const Case &x) {
      return lowBits(asSigned(x.a, bits) >> std::min<uint64_t>(by(x), 63),
                     bits);
    });
  }
}

TEST(LogicTable, FunnelShifts) {
  std::vector<Case> cases;
  for (const Case &x : pairsOf(integersOf(32)))
    for (uint64_t by : {0, 1, 13, 31, 32, 33, 64, 100})
      cases.push_back({x.a, x.b, by});
  for (bool isLeft : {false, true})
    for (bool isWrap : {false, true})
      checkTable(std::string("shf.") + (isLeft ? "l" : "r") +
                     (isWrap ? ".wrap" : ".clamp") + ".b32 %d, %a, %b, %c;",
                 "32 32 32 32", cases, [=](const Case &x) {
                   unsigned n = isWrap ? x.c & 31 : std::min<uint64_t>(x.c, 32);
                   // Bit i of b:a, which is 64 bits long.
                   uint64_t both = x.b << 32 | x.a, d = 0;
                   for (unsigned i = 0; i < 32; ++i)
                     d |= (both >> (isLeft ? 32 - n + i : n + i) & 1) << i;
                   return d;
                 });
}

TEST(LogicTable, EveryTableOfLop3) {
  // In eight bit positions a, b and c take all values.
  std::vector<Case> cases = {{0xf0, 0xcc, 0xaa},
                             {0xf0f0f0f0, 0xcccccccc, 0xaaaaaaaa},
                             {0x12345678, 0x9abcdef0, 0x0fedcba9},
                             {~0u, 0, 0x55555555}};
  for (int table = 0; table < 256; ++table)
    checkTable("lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";",
               "32 32 32 32", cases, [=](const Case &x) {
                 uint64_t d = 0;
                 for (int i = 0; i < 32; ++i) {
                   int row =
                       (x.a >> i & 1) * 4 + (x.b >> i & 1) * 2 + (x.c >> i & 1);
                   d |= uint64_t(table >> row & 1) << i;
                 }
                 return d;
               });
}

TEST(LogicTable, EverySelectorOfPrmt) {
  std::vector<Case> cases;
  for (uint64_t selector = 0; selector < 65536; ++selector)
    cases.push_back({0x7f80018e, 0xfe2c7a90, selector | selector << 16});
  checkTable("prmt.b32 %d, %a, %b, %c;", "32 32 32 32", cases,
             [](const Case &x) {
               uint64_t both = x.b << 32 | x.a, d = 0;
               for (int n = 0; n < 4; ++n) {
                 uint64_t select = x.c >> 4 * n & 15;
                 uint64_t byte = both >> 8 * (select & 7) & 255;
                 if (select & 8)
                   byte = byte & 128 ? 255 : 0;
                 d |= byte << 8 * n;
               }
               return d;
             });
}

TEST(LogicTable, ModesOfPrmt) {
  // The ISA's table: for selectors 0 to 3 the source of bytes 3, 2, 1, 0.
  struct Mode {
    const char *name, *rows[4];
  };
  const Mode modes[] = {{"f4e", {"3210", "4321", "5432", "6543"}},
                        {"b4e", {"5670", "6701", "7012", "0123"}},
                        {"rc8", {"0000", "1111", "2222", "3333"}},
                        {"ecl", {"3210", "3211", "3222", "3333"}},
                        {"ecr", {"0000", "1110", "2210", "3210"}},
                        {"rc16", {"1010", "3232", "1010", "3232"}}};
  std::vector<Case> cases;
  for (uint64_t selector = 0; selector < 16; ++selector)
    cases.push_back({0x33221180, 0x77665544, selector});
  for (const Mode &mode : modes)
    checkTable(std::string("prmt.b32.") + mode.name + " %d, %a, %b, %c;",
               "32 32 32 32", cases, [&](const Case &x) {
                 uint64_t both = x.b << 32 | x.a, d = 0;
                 for (int n = 0; n < 4; ++n)
                   d |= (both >> 8 * (mode.rows[x.c & 3][3 - n] - '0') & 255)
                        << 8 * n;
                 return d;
               });
}

TEST(LogicTable, PackAndUnpack) {
  std::vector<Case> cases = pairsOf(integersOf(32));
  checkTable("mov.b64 %d, {%a, %b};", "64 32 32", cases,
             [](const Case &x) { return x.b << 32 | x.a; });
  checkTable("mov.b32 {%l, %h}, %a;\nmov.b32 %d, {%h, %l};", "32 32", cases,
             [](const Case &x) { return lowBits(x.a << 16 | x.a >> 16, 32); });
  checkTable("mov.b64 {%x, %y}, %a;\nsub.u32 %d, %y, %x;", "32 64",
             casesOf(integersOf(64)), [](const Case &x) {
               return lowBits((x.a >> 32) - lowBits(x.a, 32), 32);
             });
}
