//===- AtomicTableTest.cpp - atom and red by definition -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each thread has a place of its own, in global memory, in shared memory and by
// a generic address to either; what many threads do to one place is a matter of
// AtomicKernelsTest. a is the old value.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

/// Where the place is, and how a generic address is made of it.
struct Space {
  const char *name, *prepare;
};
const Space kSpaces[] = {
    {".global", "mov.b64 %u, %out;\n"},
    {"", "mov.b64 %u, %out;\n"},
    {".shared", ".shared .align 8 .b8 places[2048];\nmov.u64 %u, places;\n"
                "mul.wide.u32 %v, %t, 8;\nadd.u64 %u, %u, %v;\n"},
    {".shared::cta", ".shared .align 8 .b8 places[2048];\nmov.u64 %u, places;\n"
                     "mul.wide.u32 %v, %t, 8;\nadd.u64 %u, %u, %v;\n"},
    {"", ".shared .align 8 .b8 places[2048];\nmov.u64 %u, places;\n"
         "mul.wide.u32 %v, %t, 8;\nadd.u64 %u, %u, %v;\n"
         "cvta.shared.u64 %u, %u;\n"},
};

/// atom returns the old value, and atom and red leave the new one behind.
template <typename Expected>
void check(const std::string &operation, const std::string &type, int bits,
           const std::vector<Case> &cases, Expected expected,
           bool isCas = false, bool hasRed = true) {
  std::string k = std::to_string(bits), kinds = k + " " + k + " " + k + " " + k;
  std::string operands = std::string(", %b") + (isCas ? ", %c;" : ";");
  for (const Space &space : kSpaces) {
    std::string name = space.name, access = name + ".b" + k;
    std::string put = space.prepare + ("st" + access) + " [%u], %a;\n";
    std::string get = "\nld" + access + " %d, [%u];";
    std::string form = name + "." + operation + "." + type;
    checkTable(put + "atom" + form + " %d, [%u]" + operands, kinds, cases,
               [](const Case &x) { return x.a; });
    checkTable(put + "atom" + form + " %d, [%u]" + operands + get, kinds, cases,
               expected);
    if (hasRed)
      checkTable(put + "red" + form + " [%u]" + operands + get, kinds, cases,
                 expected);
  }
}

std::string bitsType(int bits) { return "b" + std::to_string(bits); }

} // namespace

TEST(AtomicTable, Integers) {
  for (int bits : {32, 64}) {
    std::vector<Case> cases = pairsOf(integersOf(bits));
    std::string k = std::to_string(bits);
    auto sum = [=](const Case &x) { return lowBits(x.a + x.b, bits); };
    check("add", "u" + k, bits, cases, sum);
    if (bits == 32)
      check("add", "s32", bits, cases, sum);
    check("min", "u" + k, bits, cases,
          [](const Case &x) { return std::min(x.a, x.b); });
    check("max", "u" + k, bits, cases,
          [](const Case &x) { return std::max(x.a, x.b); });
    check("min", "s" + k, bits, cases, [=](const Case &x) {
      return asSigned(x.a, bits) < asSigned(x.b, bits) ? x.a : x.b;
    });
    check("max", "s" + k, bits, cases, [=](const Case &x) {
      return asSigned(x.a, bits) < asSigned(x.b, bits) ? x.b : x.a;
    });
  }
}

TEST(AtomicTable, CountersThatWrap) {
  std::vector<uint64_t> values = {
      0, 1, 2, 9, 10, 11, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  check("inc", "u32", 32, pairsOf(values),
        [](const Case &x) { return x.a >= x.b ? 0 : x.a + 1; });
  check("dec", "u32", 32, pairsOf(values),
        [](const Case &x) { return x.a == 0 || x.a > x.b ? x.b : x.a - 1; });
}

TEST(AtomicTable, Bits) {
  for (int bits : {32, 64}) {
    std::vector<Case> cases = pairsOf(integersOf(bits));
    check("and", bitsType(bits), bits, cases,
          [](const Case &x) { return x.a & x.b; });
    check("or", bitsType(bits), bits, cases,
          [](const Case &x) { return x.a | x.b; });
    check("xor", bitsType(bits), bits, cases,
          [](const Case &x) { return x.a ^ x.b; });
    check(
        "exch", bitsType(bits), bits, cases, [](const Case &x) { return x.b; },
        false, /*hasRed=*/false);
  }
}

TEST(AtomicTable, CompareAndSwap) {
  for (int bits : {16, 32, 64}) {
    std::vector<Case> cases = pairsOf(integersOf(bits));
    for (size_t i = 0; i < cases.size(); i += 3)
      cases[i].b = cases[i].a;
    // A difference in the upper half alone.
    for (size_t i = 1; i < cases.size(); i += 3)
      cases[i].b = cases[i].a ^ uint64_t(1) << (bits - 1);
    check(
        "cas", bitsType(bits), bits, cases,
        [](const Case &x) { return x.a == x.b ? x.c : x.a; },
        /*isCas=*/true, /*hasRed=*/false);
  }
}

namespace {

uint64_t sumOf(const Format &format, uint64_t a, uint64_t b) {
  double x = format.value(a), y = format.value(b);
  if (!std::isfinite(x + y))
    return std::isnan(x + y) ? canonicalNaN(format.signBit() >> 16 ? 32 : 16)
                             : format.round(x + y, Rounding::NearestEven);
  Exact sum = Exact::sum(x, y);
  if (sum.isZero())
    return std::signbit(x) && std::signbit(y) ? format.signBit() : 0;
  return format.round(sum.isNegative(), sum.size(), Rounding::NearestEven);
}

std::vector<uint64_t> codesOf(const Format &format) {
  std::vector<uint64_t> out = {0, format.infinity(), format.infinity() - 1,
                               format.infinity() + 1};
  std::mt19937 draw(51);
  uint64_t one = uint64_t(format.bias()) << format.fractionBits;
  // Not so small that a subnormal number could come of them: of f32 in global
  // memory those become zero on the machine.
  for (int n = 0; n < 24; ++n)
    out.push_back(one + draw() % (uint64_t(8) << format.fractionBits));
  for (size_t n = out.size(); n-- > 0;)
    out.push_back(out[n] | format.signBit());
  return out;
}

} // namespace

TEST(AtomicTable, Floats) {
  check("add", "f32", 32, pairsOf(codesOf(kSingle)),
        [](const Case &x) { return sumOf(kSingle, x.a, x.b); });
  std::vector<uint64_t> doubles = {0,
                                   uint64_t(1) << 63,
                                   bitsOfDouble(1),
                                   bitsOfDouble(-1),
                                   bitsOfDouble(0x1p-53),
                                   bitsOfDouble(1e300),
                                   bitsOfDouble(INFINITY),
                                   bitsOfDouble(-INFINITY),
                                   canonicalNaN(64),
                                   bitsOfDouble(0x1.8p-52)};
  check("add", "f64", 64, pairsOf(doubles), [](const Case &x) {
    double sum = doubleOf(x.a) + doubleOf(x.b);
    return std::isnan(sum) ? canonicalNaN(64) : bitsOfDouble(sum);
  });
}

TEST(AtomicTable, Halves) {
  struct {
    const char *name;
    const Format &format;
  } types[] = {{"f16", kHalf}, {"bf16", kBrain}};
  for (auto &type : types) {
    std::vector<uint64_t> codes = codesOf(type.format);
    codes.push_back(1); // .noftz
    codes.push_back(0x8003);
    std::vector<Case> cases = pairsOf(codes), pairs;
    auto sum = [&](uint64_t a, uint64_t b) {
      return sumOf(type.format, a & 0xffff, b & 0xffff);
    };
    check("add.noftz", type.name, 16, cases,
          [&](const Case &x) { return sum(x.a, x.b); });
    for (size_t i = 0; i < cases.size(); ++i) {
      const Case &high = cases[(i * 7 + 3) % cases.size()];
      pairs.push_back(
          {high.a << 16 | cases[i].a, high.b << 16 | cases[i].b, 0});
    }
    check("add.noftz", std::string(type.name) + "x2", 32, pairs,
          [&](const Case &x) {
            return sum(x.a >> 16, x.b >> 16) << 16 | sum(x.a, x.b);
          });
  }
}

TEST(AtomicTable, OrderAndScopeChangeNoValue) {
  // One operation of each row of the list, on halves that are whole numbers.
  struct {
    const char *name;
    uint64_t (*apply)(uint64_t, uint64_t);
  } operations[] = {
      {"add.u32", [](uint64_t a, uint64_t b) { return lowBits(a + b, 32); }},
      {"add.noftz.f16x2",
       [](uint64_t, uint64_t) { return uint64_t(0x44004200); }},
      {"max.u32", [](uint64_t a, uint64_t b) { return std::max(a, b); }},
      {"xor.b32", [](uint64_t a, uint64_t b) { return a ^ b; }},
      {"inc.u32", [](uint64_t a, uint64_t b) { return a >= b ? 0 : a + 1; }},
      {"cas.b32", [](uint64_t, uint64_t b) { return b; }}};
  std::vector<Case> cases = {{0x40003c00, 0x40004000, 0x40003c00}};
  for (auto &operation : operations)
    for (const char *order :
         {"", ".relaxed", ".acquire", ".release", ".acq_rel"})
      for (const char *scope : {".cta", ".gpu", ".sys"}) {
        bool isCas = operation.name[0] == 'c';
        std::string form =
            std::string(order) + scope + ".global." + operation.name;
        std::string operands = isCas ? "[%out], %c, %b;\n" : "[%out], %b;\n";
        auto check = [&](const std::string &instruction) {
          checkTable("st.global.b32 [%out], %a;\n" + instruction +
                         "ld.global.b32 %d, [%out];",
                     "32 32 32 32", cases,
                     [&](const Case &x) { return operation.apply(x.a, x.b); });
        };
        check("atom" + form + " %x, " + operands);
        bool hasRed = !isCas && (!*order || order[1] == 'r');
        if (hasRed)
          check("red" + form + " " + operands);
      }
}
