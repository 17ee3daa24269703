//===- IntegerTableTest.cpp - Integer arithmetic by the ISA's text --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

namespace {

using Wide = __int128;

struct Width {
  int bits;
  bool isSigned;
  std::string type() const {
    return std::string(isSigned ? "s" : "u") + std::to_string(bits);
  }
  std::string kinds() const {
    std::string k = std::to_string(bits);
    return k + " " + k + " " + k + " " + k;
  }
  Wide value(uint64_t x) const {
    return isSigned ? Wide(asSigned(x, bits)) : Wide(lowBits(x, bits));
  }
  uint64_t cut(Wide x) const { return lowBits(uint64_t(x), bits); }
};

const Width kWidths[] = {{16, false}, {16, true},  {32, false},
                         {32, true},  {64, false}, {64, true}};

/// `op` of the values of two operands and, for mad and sad, of three.
template <typename Op>
void each(const std::string &name, Op op, const char *operands = "%a, %b") {
  for (const Width &w : kWidths)
    checkTable(name + "." + w.type() + " %d, " + operands + ";", w.kinds(),
               pairsOf(integersOf(w.bits)), [&](const Case &x) {
                 return w.cut(op(w.value(x.a), w.value(x.b), w.value(x.c), w));
               });
}

} // namespace

TEST(IntegerTable, AddSubMinMax) {
  each("add", [](Wide a, Wide b, Wide, Width) { return a + b; });
  each("sub", [](Wide a, Wide b, Wide, Width) { return a - b; });
  each("min", [](Wide a, Wide b, Wide, Width) { return a < b ? a : b; });
  each("max", [](Wide a, Wide b, Wide, Width) { return a > b ? a : b; });
}

TEST(IntegerTable, Saturation) {
  const Width w{32, true};
  for (int sign : {1, -1})
    checkTable(std::string(sign > 0 ? "add" : "sub") + ".sat.s32 %d, %a, %b;",
               w.kinds(), pairsOf(integersOf(32)), [&](const Case &x) {
                 Wide sum = w.value(x.a) + sign * w.value(x.b);
                 return w.cut(
                     std::min<Wide>(INT32_MAX, std::max<Wide>(INT32_MIN, sum)));
               });
}

TEST(IntegerTable, ClampedMinMax) {
  const Width w{32, true};
  auto check = [&](const char *name, auto op) {
    checkTable(std::string(name) + ".relu.s32 %d, %a, %b;", w.kinds(),
               pairsOf(integersOf(32)), [&](const Case &x) {
                 return w.cut(
                     std::max<Wide>(op(w.value(x.a), w.value(x.b)), 0));
               });
  };
  check("min", [](Wide a, Wide b) { return std::min(a, b); });
  check("max", [](Wide a, Wide b) { return std::max(a, b); });
}

TEST(IntegerTable, Products) {
  auto low = [](Wide a, Wide b, Wide, Width) { return a * b; };
  auto high = [](Wide a, Wide b, Wide, Width w) {
    return w.isSigned
               ? a * b >> w.bits
               : Wide((unsigned __int128)a * (unsigned __int128)b >> w.bits);
  };
  each("mul.lo", low);
  each("mul.hi", high);
  each(
      "mad.lo",
      [=](Wide a, Wide b, Wide c, Width w) { return low(a, b, c, w) + c; },
      "%a, %b, %c");
  each(
      "mad.hi",
      [=](Wide a, Wide b, Wide c, Width w) { return high(a, b, c, w) + c; },
      "%a, %b, %c");
}

TEST(IntegerTable, WideProducts) {
  for (const Width &w : kWidths) {
    if (w.bits == 64)
      continue;
    std::string k = std::to_string(w.bits), d = std::to_string(2 * w.bits);
    Width result{2 * w.bits, w.isSigned};
    std::vector<Case> cases = pairsOf(integersOf(w.bits));
    checkTable(
        "mul.wide." + w.type() + " %d, %a, %b;", d + " " + k + " " + k, cases,
        [&](const Case &x) { return result.cut(w.value(x.a) * w.value(x.b)); });
    for (Case &x : cases)
      x.c = lowBits(x.c * 0x123456789abcdefu, 2 * w.bits);
    checkTable("mad.wide." + w.type() + " %d, %a, %b, %c;",
               d + " " + k + " " + k + " " + d, cases, [&](const Case &x) {
                 return result.cut(w.value(x.a) * w.value(x.b) +
                                   result.value(x.c));
               });
  }
}

TEST(IntegerTable, DivisionTowardZero) {
  for (const Width &w : kWidths) {
    std::vector<Case> cases = pairsOf(integersOf(w.bits));
    // The ISA leaves division by zero to the machine.
    cases.erase(std::remove_if(cases.begin(), cases.end(),
                               [](const Case &x) { return x.b == 0; }),
                cases.end());
    checkTable(
        "div." + w.type() + " %d, %a, %b;", w.kinds(), cases,
        [&](const Case &x) { return w.cut(w.value(x.a) / w.value(x.b)); });
    checkTable(
        "rem." + w.type() + " %d, %a, %b;", w.kinds(), cases,
        [&](const Case &x) { return w.cut(w.value(x.a) % w.value(x.b)); });
  }
}

TEST(IntegerTable, AbsNegSad) {
  for (const Width &w : kWidths) {
    std::vector<Case> cases = pairsOf(integersOf(w.bits));
    checkTable("sad." + w.type() + " %d, %a, %b, %c;", w.kinds(), cases,
               [&](const Case &x) {
                 Wide a = w.value(x.a), b = w.value(x.b);
                 return w.cut(w.value(x.c) + (a < b ? b - a : a - b));
               });
    if (!w.isSigned)
      continue;
    checkTable("neg." + w.type() + " %d, %a;", w.kinds(), cases,
               [&](const Case &x) { return w.cut(-w.value(x.a)); });
    checkTable("abs." + w.type() + " %d, %a;", w.kinds(), cases,
               [&](const Case &x) {
                 return w.cut(w.value(x.a) < 0 ? -w.value(x.a) : w.value(x.a));
               });
  }
}

TEST(IntegerTable, CountsOfBits) {
  for (int bits : {32, 64}) {
    std::string b = ".b" + std::to_string(bits),
                kinds = "32 " + std::to_string(bits);
    std::vector<Case> cases = casesOf(integersOf(bits));
    auto bit = [](uint64_t x, int n) { return x >> n & 1; };
    checkTable("popc" + b + " %d, %a;", kinds, cases, [=](const Case &x) {
      uint64_t count = 0;
      for (int n = 0; n < bits; ++n)
        count += bit(x.a, n);
      return count;
    });
    checkTable("clz" + b + " %d, %a;", kinds, cases, [=](const Case &x) {
      uint64_t count = 0;
      for (int n = bits - 1; n >= 0 && !bit(x.a, n); --n)
        ++count;
      return count;
    });
    std::string same = std::to_string(bits) + " " + std::to_string(bits);
    checkTable("brev" + b + " %d, %a;", same, cases, [=](const Case &x) {
      uint64_t out = 0;
      for (int n = 0; n < bits; ++n)
        out |= bit(x.a, n) << (bits - 1 - n);
      return out;
    });
    for (bool isSigned : {false, true})
      for (bool isShift : {false, true})
        checkTable(std::string("bfind") + (isShift ? ".shiftamt" : "") +
                       (isSigned ? ".s" : ".u") + std::to_string(bits) +
                       " %d, %a;",
                   kinds, cases, [=](const Case &x) -> uint64_t {
                     uint64_t a = x.a;
                     if (isSigned && bit(a, bits - 1))
                       a = ~a;
                     for (int n = bits - 1; n >= 0; --n)
                       if (bit(a, n))
                         return isShift ? bits - 1 - n : n;
                     return 0xffffffff;
                   });
  }
}

namespace {
/// Positions and lengths: only the low eight bits count.
std::vector<Case> fieldsOf(int bits) {
  std::vector<Case> out;
  for (uint64_t a : integersOf(bits))
    for (uint64_t position : {0, 1, 5, 31, 32, 33, 63, 64, 200, 255, 256, 1023})
      for (uint64_t length : {0, 1, 8, 31, 32, 33, 64, 255, 256 + 9})
        out.push_back({a, position, length});
  return out;
}
} // namespace

TEST(IntegerTable, ExtractField) {
  for (int bits : {32, 64})
    for (bool isSigned : {false, true})
      checkTable(std::string("bfe.") + (isSigned ? "s" : "u") +
                     std::to_string(bits) + " %d, %a, %b, %c;",
                 std::to_string(bits) + " " + std::to_string(bits),
                 fieldsOf(bits), [=](const Case &x) {
                   unsigned pos = x.b & 255, len = x.c & 255, msb = bits - 1;
                   uint64_t sign = isSigned && len
                                       ? x.a >> std::min(pos + len - 1, msb) & 1
                                       : 0;
                   uint64_t d = 0;
                   for (unsigned i = 0; i <= msb; ++i) {
                     bool isInside = i < len && pos + i <= msb;
                     d |= (isInside ? x.a >> (pos + i) & 1 : sign) << i;
                   }
                   return d;
                 });
}

TEST(IntegerTable, InsertField) {
  // Into a pattern that the field differs from.
  const uint64_t kInto = 0xa5a5a5a5a5a5a5a5u;
  for (int bits : {32, 64}) {
    std::string k = std::to_string(bits),
                into = std::to_string(lowBits(kInto, bits));
    if (bits == 64)
      into = "0x" + std::string("a5a5a5a5a5a5a5a5");
    checkTable("bfi.b" + k + " %d, %a, " + into + ", %b, %c;", k + " " + k,
               fieldsOf(bits), [=](const Case &x) {
                 unsigned pos = x.b & 255, len = x.c & 255, msb = bits - 1;
                 uint64_t f = lowBits(kInto, bits);
                 for (unsigned i = 0; i < len && pos + i <= msb; ++i) {
                   f &= ~(uint64_t(1) << (pos + i));
                   f |= (x.a >> i & 1) << (pos + i);
                 }
                 return f;
               });
  }
}

using Whole = unsigned __int128;

/// Chains of two words, whose sum, difference or product is wider than one.
TEST(IntegerTable, Carries) {
  for (auto [type, bits] : {std::pair{"u32", 32}, std::pair{"s32", 32},
                            std::pair{"u64", 64}, std::pair{"s64", 64}}) {
    std::string t = type, kind = std::to_string(bits);
    std::string kinds = kind + " " + kind + " " + kind + " " + kind;
    std::vector<Case> cases = pairsOf(integersOf(bits));
    int width = bits;
    auto high = [width](Whole x) { return uint64_t(x >> width); };
    checkTable("add.cc." + t + " %d, %a, %b;\naddc." + t + " %d, %c, 0;", kinds,
               cases, [=](const Case &x) {
                 return lowBits(x.c + high(Whole(x.a) + x.b), width);
               });
    checkTable("add.cc." + t + " %d, %a, %b;\naddc.cc." + t +
                   " %d, %b, %c;\naddc." + t + " %d, 0, 0;",
               kinds, cases, [=](const Case &x) {
                 return high(Whole(x.b) + x.c + high(Whole(x.a) + x.b));
               });
    checkTable(
        "sub.cc." + t + " %d, %a, %b;\nsubc." + t + " %d, %c, 1;", kinds, cases,
        [=](const Case &x) { return lowBits(x.c - 1 - (x.a < x.b), width); });
    checkTable("sub.cc." + t + " %d, %a, %b;\nsubc.cc." + t +
                   " %d, %b, %c;\nsubc." + t + " %d, 0, 0;",
               kinds, cases, [=](const Case &x) {
                 bool borrows = Whole(x.b) < Whole(x.c) + (x.a < x.b);
                 return lowBits(0 - uint64_t(borrows), width);
               });
    auto product = [=](const Case &x) {
      if (t[0] == 'u')
        return Whole(x.a) * x.b;
      return Whole(__int128(asSigned(x.a, width)) * asSigned(x.b, width));
    };
    checkTable("mad.lo.cc." + t + " %d, %a, %b, %c;\nmadc.hi." + t +
                   " %d, %a, %b, %c;",
               kinds, cases, [=](const Case &x) {
                 uint64_t low = lowBits(uint64_t(product(x)), width);
                 return lowBits(high(product(x)) + x.c + high(Whole(low) + x.c),
                                width);
               });
    checkTable("mad.hi.cc." + t + " %d, %a, %b, %c;\nmadc.lo.cc." + t +
                   " %d, %a, %b, %c;\naddc." + t + " %d, 0, 0;",
               kinds, cases, [=](const Case &x) {
                 uint64_t top = lowBits(high(product(x)), width);
                 uint64_t low = lowBits(uint64_t(product(x)), width);
                 return high(Whole(low) + x.c + high(Whole(top) + x.c));
               });
  }
}
