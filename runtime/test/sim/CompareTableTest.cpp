//===- CompareTableTest.cpp - Comparisons by the ISA's tables -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Tables.h"

using namespace attnrt::sim;

namespace {

/// Below, equal, above, or none of them, which a NaN is.
enum Order { Below, Equal, Above, Unordered };

template <typename T>
Order orderOf(T a, T b) {
  return a < b ? Below : a > b ? Above : a == b ? Equal : Unordered;
}

/// Which orders make the comparison true. The last eight are of floats only, lo
/// to hs of integers without sign.
struct Comparison {
  const char *name;
  bool below, equal, above, unordered;
  bool holds(Order order) const {
    return order == Below   ? below
           : order == Equal ? equal
           : order == Above ? above
                            : unordered;
  }
};
const Comparison kOrdered[] = {{"eq", 0, 1, 0, 0}, {"ne", 1, 0, 1, 0},
                               {"lt", 1, 0, 0, 0}, {"le", 1, 1, 0, 0},
                               {"gt", 0, 0, 1, 0}, {"ge", 0, 1, 1, 0}};
const Comparison kUnsigned[] = {{"lo", 1, 0, 0, 0},
                                {"ls", 1, 1, 0, 0},
                                {"hi", 0, 0, 1, 0},
                                {"hs", 0, 1, 1, 0}};
const Comparison kFloats[] = {{"equ", 0, 1, 0, 1}, {"neu", 1, 0, 1, 1},
                              {"ltu", 1, 0, 0, 1}, {"leu", 1, 1, 0, 1},
                              {"gtu", 0, 0, 1, 1}, {"geu", 0, 1, 1, 1},
                              {"num", 1, 1, 1, 0}, {"nan", 0, 0, 0, 1}};

std::vector<uint64_t> floatsOf(int bits) {
  if (bits == 16)
    return {0,      0x8000, 1,      0x8001, 0x3c00, 0x3c01, 0xbc00,
            0x7bff, 0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x3f80, 0x7fff};
  if (bits == 32)
    return {0,          0x80000000, 1,          0x80000001, 0x3f800000,
            0x3f800001, 0xbf800000, 0x7f7fffff, 0x7f800000, 0xff800000,
            0x7fc00000, 0xffc00001, 0x007fffff, 0x00800000};
  return {0,
          uint64_t(1) << 63,
          1,
          bitsOfDouble(1),
          bitsOfDouble(-1),
          bitsOfDouble(1) + 1,
          bitsOfDouble(INFINITY),
          bitsOfDouble(-INFINITY),
          canonicalNaN(64)};
}

double valueOf(const std::string &type, uint64_t bits, bool ftz = false) {
  if (type == "f64")
    return doubleOf(bits);
  const Format &f = type == "f32" ? kSingle : type == "f16" ? kHalf : kBrain;
  double x = f.value(bits);
  bool isSubnormal = std::abs(x) < f.magnitude(1u << f.fractionBits);
  return ftz && isSubnormal ? std::copysign(0, x) : x;
}

/// The comparison alone, and combined with a predicate in three ways.
void check(const Comparison &how, const std::string &type, int bits,
           const std::vector<Case> &cases,
           const std::function<Order(const Case &)> &order) {
  std::string k = std::to_string(bits), kinds = "p " + k + " " + k + " p";
  std::string name = std::string("setp.") + how.name;
  checkTable(name + "." + type + " %d, %a, %b;", kinds, cases,
             [&](const Case &x) { return how.holds(order(x)); });
  struct {
    const char *name;
    bool (*apply)(bool, bool);
  } combine[] = {{"and", [](bool a, bool b) { return a && b; }},
                 {"or", [](bool a, bool b) { return a || b; }},
                 {"xor", [](bool a, bool b) { return a != b; }}};
  // A half has no second destination.
  bool isHalf = type.find("f16") != type.npos;
  for (auto &with : combine) {
    std::string instruction = name + "." + with.name + "." + type + " %d" +
                              (isHalf ? "" : "|%q") + ", %a, %b, ";
    checkTable(instruction + "%c;", kinds, cases, [&](const Case &x) {
      return with.apply(how.holds(order(x)), x.c != 0);
    });
    // The second destination has the opposite comparison; `!` of the source.
    checkTable(instruction + (isHalf ? "!%c;" : "!%c;\nmov.pred %d, %q;"),
               kinds, cases, [&](const Case &x) {
                 return with.apply(how.holds(order(x)) == isHalf, x.c == 0);
               });
  }
}

} // namespace

TEST(CompareTable, Integers) {
  for (int bits : {16, 32, 64}) {
    std::vector<Case> cases = pairsOf(integersOf(bits));
    std::string k = std::to_string(bits);
    auto positive = [](const Case &x) { return orderOf(x.a, x.b); };
    auto either = [=](const Case &x) {
      return orderOf(asSigned(x.a, bits), asSigned(x.b, bits));
    };
    for (const Comparison &how : kOrdered) {
      check(how, "u" + k, bits, cases, positive);
      check(how, "s" + k, bits, cases, either);
    }
    for (const Comparison &how : kUnsigned)
      check(how, "u" + k, bits, cases, positive);
    for (int eq : {0, 1})
      check(kOrdered[eq], "b" + k, bits, cases, positive);
  }
}

TEST(CompareTable, Floats) {
  for (const char *type : {"f16", "bf16", "f32", "f64"}) {
    int bits = type == std::string("f64")   ? 64
               : type == std::string("f32") ? 32
                                            : 16;
    std::vector<Case> cases = pairsOf(floatsOf(bits));
    auto order = [=](const Case &x) {
      return orderOf(valueOf(type, x.a), valueOf(type, x.b));
    };
    for (const Comparison &how : kOrdered)
      check(how, type, bits, cases, order);
    for (const Comparison &how : kFloats)
      check(how, type, bits, cases, order);
  }
}

TEST(CompareTable, SubnormalsAreZeroUnderFtz) {
  for (std::string type : {"f16", "f32"}) {
    int bits = type == "f32" ? 32 : 16;
    for (const Comparison &how : kOrdered)
      check(how, "ftz." + type, bits, pairsOf(floatsOf(bits)),
            [&](const Case &x) {
              return orderOf(valueOf(type, x.a, true),
                             valueOf(type, x.b, true));
            });
  }
}

TEST(CompareTable, PairsOfHalves) {
  // The lower halves give the first predicate, the upper ones the second.
  for (std::string type : {"f16", "bf16", "ftz.f16"}) {
    bool ftz = type.rfind("ftz.", 0) == 0;
    std::string element = ftz ? type.substr(4) : type;
    std::vector<Case> cases = pairsOf(floatsOf(16)), pairs;
    for (size_t i = 0; i < cases.size(); ++i) {
      const Case &high = cases[(i * 11 + 5) % cases.size()];
      pairs.push_back(
          {high.a << 16 | cases[i].a, high.b << 16 | cases[i].b, i % 2});
    }
    auto order = [&](const Case &x, int half) {
      return orderOf(valueOf(element, x.a >> 16 * half & 0xffff, ftz),
                     valueOf(element, x.b >> 16 * half & 0xffff, ftz));
    };
    auto checkHalves = [&](const Comparison &how) {
      std::string name = std::string("setp.") + how.name,
                  rest = std::string(".") + type + "x2 %d|%q, %a, %b";
      for (int half : {0, 1}) {
        std::string take = half ? "\nmov.pred %d, %q;" : "";
        checkTable(name + rest + ";" + take, "p 32 32 p", pairs,
                   [&](const Case &x) { return how.holds(order(x, half)); });
        checkTable(name + ".xor" + rest + ", %c;" + take, "p 32 32 p", pairs,
                   [&](const Case &x) {
                     return how.holds(order(x, half)) != (x.c != 0);
                   });
      }
    };
    for (const Comparison &how : kOrdered)
      checkHalves(how);
    for (const Comparison &how : kFloats)
      checkHalves(how);
  }
}

namespace {

/// All ones or 1.0 where the comparison holds.
void checkSet(const Comparison &how, const std::string &type, int bits,
              bool hasFloat, const std::vector<Case> &cases,
              const std::function<Order(const Case &)> &order) {
  std::string k = std::to_string(bits);
  for (const char *result : {"u32", "s32", "f32"}) {
    bool isFloat = result[0] == 'f';
    if (isFloat && !hasFloat)
      continue;
    std::string ftz = type.rfind("ftz.", 0) == 0 ? ".ftz" : "";
    std::string from = ftz.empty() ? type : type.substr(4);
    checkTable(std::string("set.") + how.name + ftz + "." + result + "." +
                   from + " %d, %a, %b;",
               "32 " + k + " " + k, cases, [&](const Case &x) {
                 uint64_t truth = isFloat ? 0x3f800000u : 0xffffffffu;
                 return how.holds(order(x)) ? truth : 0;
               });
  }
}

} // namespace

TEST(CompareTable, SetOfIntegers) {
  for (int bits : {16, 32, 64}) {
    std::vector<Case> cases = pairsOf(integersOf(bits));
    std::string k = std::to_string(bits);
    auto positive = [](const Case &x) { return orderOf(x.a, x.b); };
    auto either = [=](const Case &x) {
      return orderOf(asSigned(x.a, bits), asSigned(x.b, bits));
    };
    for (const Comparison &how : kOrdered) {
      checkSet(how, "u" + k, bits, true, cases, positive);
      checkSet(how, "s" + k, bits, true, cases, either);
    }
    for (const Comparison &how : kUnsigned)
      checkSet(how, "u" + k, bits, true, cases, positive);
    for (int eq : {0, 1})
      checkSet(kOrdered[eq], "b" + k, bits, true, cases, positive);
  }
}

TEST(CompareTable, SetOfFloats) {
  for (const char *type : {"f16", "bf16", "f32", "f64", "ftz.f16", "ftz.f32"}) {
    std::string name = type;
    bool ftz = name.rfind("ftz.", 0) == 0;
    name = ftz ? name.substr(4) : name;
    int bits = name == "f64" ? 64 : name == "f32" ? 32 : 16;
    auto order = [=](const Case &x) {
      return orderOf(valueOf(name, x.a, ftz), valueOf(name, x.b, ftz));
    };
    std::vector<Case> cases = pairsOf(floatsOf(bits));
    for (const Comparison &how : kOrdered)
      checkSet(how, type, bits, bits > 16, cases, order);
    for (const Comparison &how : kFloats)
      checkSet(how, type, bits, bits > 16, cases, order);
  }
}

/// Results of 16 bits and of pairs, alone and combined with a predicate.
TEST(CompareTable, SetOfHalves) {
  struct Result {
    const char *type;
    uint64_t truth;
  };
  for (const char *from : {"f16", "bf16", "ftz.f16"}) {
    std::string source = from;
    bool ftz = source.rfind("ftz.", 0) == 0;
    source = ftz ? source.substr(4) : source;
    uint64_t one = source == "f16" ? 0x3c00 : 0x3f80;
    auto order = [=](uint64_t a, uint64_t b) {
      return orderOf(valueOf(source, a, ftz), valueOf(source, b, ftz));
    };
    auto all = [&](const Comparison &how) {
      std::string name = std::string("set.") + how.name + (ftz ? ".ftz." : ".");
      std::string with =
          std::string("set.") + how.name + ".and" + (ftz ? ".ftz." : ".");
      for (Result to :
           {Result{"u16", 0xffff}, {"s16", 0xffff}, {source.c_str(), one}}) {
        std::string types = std::string(to.type) + "." + source;
        checkTable(name + types + " %d, %a, %b;", "16 16 16",
                   pairsOf(floatsOf(16)), [&](const Case &x) {
                     return how.holds(order(x.a, x.b)) ? to.truth : 0;
                   });
        checkTable(with + types + " %d, %a, %b, !%c;", "16 16 16 p",
                   pairsOf(floatsOf(16)), [&](const Case &x) {
                     return how.holds(order(x.a, x.b)) && !x.c ? to.truth : 0;
                   });
      }
      std::string pair = source + "x2";
      std::vector<Case> cases;
      for (const Case &x : pairsOf(floatsOf(16)))
        cases.push_back({x.a << 16 | x.b, x.b << 16 | 0x3c00, x.c & 1});
      for (Result to :
           {Result{"u32", 0xffff}, {"s32", 0xffff}, {pair.c_str(), one}}) {
        auto each = [&](const Case &x) {
          uint64_t low = how.holds(order(x.a & 0xffff, x.b & 0xffff));
          uint64_t high = how.holds(order(x.a >> 16, x.b >> 16));
          return (high * to.truth) << 16 | low * to.truth;
        };
        std::string types = std::string(to.type) + "." + pair;
        checkTable(name + types + " %d, %a, %b;", "32 32 32", cases, each);
        checkTable(with + types + " %d, %a, %b, %c;", "32 32 32 p", cases,
                   [&](const Case &x) { return x.c ? each(x) : 0; });
      }
    };
    for (const Comparison &how : kOrdered)
      all(how);
    for (const Comparison &how : kFloats)
      all(how);
  }
}

/// A third source in all forms.
TEST(CompareTable, SetWithAPredicate) {
  struct {
    const char *name;
    bool (*apply)(bool, bool);
  } combine[] = {{"and", [](bool a, bool b) { return a && b; }},
                 {"or", [](bool a, bool b) { return a || b; }},
                 {"xor", [](bool a, bool b) { return a != b; }}};
  auto one = [&](const Comparison &how, const std::string &type, int bits,
                 const std::vector<Case> &cases, auto order) {
    std::string k = std::to_string(bits);
    bool ftz = type.rfind("ftz.", 0) == 0;
    std::string from = ftz ? type.substr(4) : type;
    for (auto &with : combine)
      for (const char *to : {"u32", "s32", "f32"}) {
        if (to[0] == 'f' && bits == 16 && from.find('f') != from.npos)
          continue;
        uint64_t truth = to[0] == 'f' ? 0x3f800000u : 0xffffffffu;
        checkTable(std::string("set.") + how.name + "." + with.name +
                       (ftz ? ".ftz." : ".") + to + "." + from +
                       " %d, %a, %b, %c;",
                   "32 " + k + " " + k + " p", cases, [&](const Case &x) {
                     return with.apply(how.holds(order(x)), x.c) ? truth : 0;
                   });
      }
  };
  std::vector<Case> few = {{1, 2, 0}, {2, 1, 1}, {1, 1, 0}, {1, 1, 1},
                           {2, 2, 0}, {1, 2, 1}, {2, 1, 0}};
  auto integers = [](const Case &x) { return orderOf(x.a, x.b); };
  for (int bits : {16, 32, 64}) {
    std::string k = std::to_string(bits);
    for (const Comparison &how : kOrdered)
      for (const char *sign : {"u", "s"})
        one(how, sign + k, bits, few, integers);
    for (const Comparison &how : kUnsigned)
      one(how, "u" + k, bits, few, integers);
    for (int eq : {0, 1})
      one(kOrdered[eq], "b" + k, bits, few, integers);
  }
  for (const char *type : {"f16", "bf16", "f32", "f64", "ftz.f16", "ftz.f32"}) {
    std::string name = type;
    bool ftz = name.rfind("ftz.", 0) == 0;
    name = ftz ? name.substr(4) : name;
    int bits = name == "f64" ? 64 : name == "f32" ? 32 : 16;
    std::vector<Case> cases;
    for (const Case &x : pairsOf(floatsOf(bits)))
      cases.push_back({x.a, x.b, (x.a ^ x.b) & 1});
    auto order = [=](const Case &x) {
      return orderOf(valueOf(name, x.a, ftz), valueOf(name, x.b, ftz));
    };
    for (const Comparison &how : kOrdered)
      one(how, type, bits, cases, order);
    for (const Comparison &how : kFloats)
      one(how, type, bits, cases, order);
  }
  for (const char *type : {"f16x2", "bf16x2", "ftz.f16x2"})
    for (auto &with : combine) {
      std::string name = type;
      bool ftz = name.rfind("ftz.", 0) == 0;
      name = ftz ? name.substr(4) : name;
      std::string part = name.substr(0, name.size() - 2);
      uint64_t one = part == "f16" ? 0x3c00 : 0x3f80;
      checkTable(std::string("set.eq.") + with.name + (ftz ? ".ftz." : ".") +
                     name + "." + name + " %d, %a, %b, %c;",
                 "32 32 32 p", {{0x3c003c00, 0x3c000000, 1}, {0, 0, 0}},
                 [&](const Case &x) {
                   uint64_t low =
                       with.apply((x.a & 0xffff) == (x.b & 0xffff), x.c);
                   uint64_t high = with.apply(x.a >> 16 == x.b >> 16, x.c);
                   return (high * one) << 16 | low * one;
                 });
      for (const char *half : {"f16", "bf16"})
        if (part == half)
          for (const char *to : {"u16", "s16", half})
            checkTable(std::string("set.eq.") + with.name +
                           (ftz ? ".ftz." : ".") + to + "." + half +
                           " %d, %a, %b, %c;",
                       "16 16 16 p", {{0x3c00, 0x3c00, 1}, {0x3c00, 0, 0}},
                       [&](const Case &x) -> uint64_t {
                         bool holds = with.apply(x.a == x.b, x.c);
                         return !holds ? 0 : to == half ? one : 0xffff;
                       });
    }
}

TEST(CompareTable, Selp) {
  for (const char *type : {"b16", "u16", "s16", "b32", "u32", "s32", "f32",
                           "b64", "u64", "s64", "f64"}) {
    std::string k = std::string(type).substr(1);
    std::vector<Case> cases = pairsOf(integersOf(std::stoi(k)));
    checkTable(std::string("selp.") + type + " %d, %a, %b, %c;",
               k + " " + k + " " + k + " p", cases,
               [](const Case &x) { return x.c ? x.a : x.b; });
  }
}

TEST(CompareTable, MinMaxOfFloats) {
  for (const char *type : {"f16", "bf16", "f32", "f64"}) {
    int bits = type == std::string("f64")   ? 64
               : type == std::string("f32") ? 32
                                            : 16;
    std::string k = std::to_string(bits), kinds = k + " " + k + " " + k;
    for (bool isMost : {false, true})
      for (bool keepsNaN : {false, true}) {
        if (keepsNaN && bits == 64)
          continue;
        checkTable(std::string(isMost ? "max." : "min.") +
                       (keepsNaN ? "NaN." : "") + type + " %d, %a, %b;",
                   kinds, pairsOf(floatsOf(bits)), [=](const Case &x) {
                     double a = valueOf(type, x.a), b = valueOf(type, x.b);
                     if (std::isnan(a) || std::isnan(b)) {
                       bool both = std::isnan(a) && std::isnan(b);
                       return both || keepsNaN ? canonicalNaN(bits)
                              : std::isnan(a)  ? x.b
                                               : x.a;
                     }
                     // +0.0 is above -0.0.
                     if (a == b)
                       return std::signbit(a) == isMost ? x.b : x.a;
                     return (a > b) == isMost ? x.a : x.b;
                   });
      }
  }
}

TEST(CompareTable, Classes) {
  struct {
    const char *name;
    bool (*holds)(double, double);
  } tests[] = {{"finite", [](double x, double) { return std::isfinite(x); }},
               {"infinite", [](double x, double) { return std::isinf(x); }},
               {"number", [](double x, double) { return !std::isnan(x); }},
               {"notanumber", [](double x, double) { return std::isnan(x); }},
               {"normal",
                [](double x, double least) {
                  return std::isfinite(x) && std::abs(x) >= least;
                }},
               {"subnormal", [](double x, double least) {
                  return x != 0 && std::abs(x) < least;
                }}};
  for (const char *type : {"f32", "f64"}) {
    bool isWide = type == std::string("f64");
    for (auto &test : tests)
      checkTable(std::string("testp.") + test.name + "." + type + " %d, %a;",
                 isWide ? "p 64" : "p 32", casesOf(floatsOf(isWide ? 64 : 32)),
                 [&](const Case &x) {
                   return test.holds(valueOf(type, x.a),
                                     isWide ? 0x1p-1022 : 0x1p-126);
                 });
  }
}

TEST(CompareTable, Copysign) {
  // d has the sign of a and the rest of b.
  checkTable(
      "copysign.f32 %d, %a, %b;", "32 32 32", pairsOf(floatsOf(32)),
      [](const Case &x) { return (x.a & 0x80000000) | (x.b & 0x7fffffff); });
  const uint64_t sign = uint64_t(1) << 63;
  checkTable("copysign.f64 %d, %a, %b;", "64 64 64", pairsOf(floatsOf(64)),
             [=](const Case &x) { return (x.a & sign) | (x.b & ~sign); });
}
