//===- MemoryTableTest.cpp - ld, st, mov and address spaces ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sixteen bytes of each thread, a and b, are put somewhere, read or written in
// parts, and taken back: little-endian, extended by the type's sign.
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

namespace {

struct Type {
  const char *name;
  int bytes;
  bool isSigned;
};
const Type kTypes[] = {{"u8", 1, false},  {"s8", 1, true},  {"b8", 1, false},
                       {"u16", 2, false}, {"s16", 2, true}, {"b16", 2, false},
                       {"u32", 4, false}, {"s32", 4, true}, {"b32", 4, false},
                       {"u64", 8, false}, {"s64", 8, true}, {"b64", 8, false},
                       {"f32", 4, false}, {"f64", 8, false}};

/// A place of 16 bytes for each thread, and its address in %u.
struct Space {
  const char *name, *prepare;
};
const char *const kShared =
    ".shared .align 16 .b8 places[4096];\nmov.u64 %u, places;\n"
    "mul.wide.u32 %v, %t, 16;\nadd.u64 %u, %u, %v;\n";
const char *const kSharedGeneric =
    ".shared .align 16 .b8 places[4096];\nmov.u64 %u, places;\n"
    "mul.wide.u32 %v, %t, 16;\nadd.u64 %u, %u, %v;\ncvta.shared.u64 %u, %u;\n";
const char *const kLocal =
    ".local .align 16 .b8 place[16];\nmov.u64 %u, place;\n";
const char *const kLocalGeneric =
    ".local .align 16 .b8 place[16];\n"
    "mov.u64 %u, place;\ncvta.local.u64 %u, %u;\n";
const Space kSpaces[] = {{".shared", kShared},
                         {".shared::cta", kShared},
                         {".local", kLocal},
                         {"", kSharedGeneric},
                         {"", kLocalGeneric}};

std::vector<Case> words() {
  std::mt19937_64 draw(61);
  std::vector<Case> out = {{0x8081828384858687u, 0xf0e0d0c0b0a09080u, 0}};
  for (int n = 0; n < 40; ++n)
    out.push_back({draw(), draw(), draw()});
  return out;
}

/// `bytes` of a and b as they lie in memory, from `offset` on.
uint64_t partOf(const Case &x, int offset, int bytes) {
  uint64_t out = 0;
  for (int n = 0; n < bytes; ++n) {
    int at = offset + n;
    uint64_t byte = (at < 8 ? x.a >> 8 * at : x.b >> 8 * (at - 8)) & 0xff;
    out |= byte << 8 * n;
  }
  return out;
}

uint64_t extended(const Type &type, uint64_t part) {
  return type.isSigned ? asSigned(part, 8 * type.bytes) : part;
}

bool isFloat(const Type &type) { return type.name[0] == 'f'; }

std::string put(const Space &space) {
  return std::string(space.prepare) + "st" + space.name +
         ".v2.b64 [%u], {%a, %b};\n";
}

/// Register kinds that hold a value of the type in %d; floats take no wider.
std::string kindsFor(const Type &type) {
  return isFloat(type) && type.bytes == 4 ? "32 64 64 64" : "64 64 64 64";
}

} // namespace

TEST(MemoryTable, LoadsOfEveryTypeAndPlace) {
  for (const Space &space : kSpaces)
    for (const Type &type : kTypes)
      for (int offset = 0; offset < 16; offset += type.bytes)
        checkTable(put(space) + "ld" + space.name + "." + type.name +
                       " %d, [%u+" + std::to_string(offset) + "];",
                   kindsFor(type), words(), [&](const Case &x) {
                     return extended(type, partOf(x, offset, type.bytes));
                   });
}

TEST(MemoryTable, VectorLoads) {
  for (const Space &space : kSpaces)
    for (const Type &type : kTypes)
      for (int count : {2, 4})
        for (int element = 0; element < count; ++element) {
          int whole = count * type.bytes;
          if (whole > 16)
            continue;
          // The other elements go to the sink.
          std::string list;
          for (int n = 0; n < count; ++n)
            list += std::string(n ? ", " : "") + (n == element ? "%d" : "_");
          for (int offset = 0; offset < 16; offset += whole)
            checkTable(put(space) + "ld" + space.name + ".v" +
                           std::to_string(count) + "." + type.name + " {" +
                           list + "}, [%u+" + std::to_string(offset) + "];",
                       kindsFor(type), words(), [&](const Case &x) {
                         return extended(
                             type, partOf(x, offset + element * type.bytes,
                                          type.bytes));
                       });
        }
}

TEST(MemoryTable, StoresOfEveryTypeAndPlace) {
  for (const Space &space : kSpaces)
    for (const Type &type : kTypes)
      for (int count : {1, 2, 4})
        for (int offset = 0; offset < 16; offset += count * type.bytes) {
          if (count * type.bytes > 16 || (isFloat(type) && type.bytes == 4))
            continue;
          std::string list = count == 1 ? "%c" : "{%c, %b, %a, %b}";
          if (count == 2)
            list = "{%c, %b}";
          std::string vector = count == 1 ? "" : ".v" + std::to_string(count);
          for (int half : {0, 8})
            checkTable(put(space) + "st" + space.name + vector + "." +
                           type.name + " [%u+" + std::to_string(offset) +
                           "], " + list + ";\nld" + space.name +
                           ".b64 %d, [%u+" + std::to_string(half) + "];",
                       "64 64 64 64", words(), [&](const Case &x) {
                         uint64_t stored[] = {x.c, x.b, x.a, x.b}, out = 0;
                         for (int n = 0; n < 8; ++n) {
                           int at = half + n - offset;
                           bool isStored = at >= 0 && at < count * type.bytes;
                           uint64_t byte = isStored ? stored[at / type.bytes] >>
                                                          8 * (at % type.bytes)
                                                    : partOf(x, half + n, 1);
                           out |= (byte & 0xff) << 8 * n;
                         }
                         return out;
                       });
        }
}

TEST(MemoryTable, GlobalMemory) {
  // The cases lie 24 bytes apart: a at [%in], b at [%in+8].
  for (const char *space : {".global", ".global.nc", ""})
    for (const Type &type : kTypes)
      for (int offset = 0; offset < 16; offset += type.bytes)
        checkTable(std::string("ld") + space + "." + type.name + " %d, [%in+" +
                       std::to_string(offset) + "];",
                   kindsFor(type), words(), [&](const Case &x) {
                     return extended(type, partOf(x, offset, type.bytes));
                   });
  for (const Type &type : kTypes)
    checkTable(std::string("ldu.global.") + type.name + " %d, [%in+8];",
               kindsFor(type), words(), [&](const Case &x) {
                 return extended(type, partOf(x, 8, type.bytes));
               });
  checkTable("ldu.global.v2.u32 {_, %d}, [%in];", "32 64 64", words(),
             [](const Case &x) { return x.a >> 32; });
  checkTable("ldu.global.v4.u16 {_, _, %d, _}, [%in];", "16 64 64", words(),
             [](const Case &x) { return x.a >> 32 & 0xffff; });
  checkTable("mov.u64 %u, in;\ncvta.param.u64 %u, %u;\nld.u64 %u, [%u];\n"
             "ld.param::entry.u64 %v, [in];\nsub.u64 %d, %u, %v;",
             "64 64", words(), [](const Case &) { return 0; });
  checkTable("ld.param.u64 %u, [in];\nld.param.b64 %v, [out];\n"
             "sub.u64 %d, %v, %u;\nst.global.b64 [%out], %a;\n"
             "ld.global.v2.b32 {_, %x}, [%out];\ncvt.u64.u32 %d, %x;",
             "64 64 64", words(), [](const Case &x) { return x.a >> 32; });
}

TEST(MemoryTable, HintsAndOrdersChangeNoValue) {
  auto check = [](const std::string &load, const std::string &store) {
    checkTable("st.global" + store + ".b64 [%out], %a;\nld.global" + load +
                   ".b64 %d, [%out];",
               "64 64", words(), [](const Case &x) { return x.a; });
  };
  for (const char *hint : {".ca", ".cg", ".cs", ".lu", ".cv"})
    check(hint, "");
  for (const char *hint : {".wb", ".cg", ".cs", ".wt"})
    check("", hint);
  for (const char *hint :
       {".L1::evict_normal", ".L1::evict_unchanged", ".L1::evict_first",
        ".L1::evict_last", ".L1::no_allocate"})
    check(hint, hint);
  for (const char *hint : {".L2::64B", ".L2::128B", ".L2::256B"})
    check(hint, "");
  check(".cs.L1::evict_first.L2::256B", "");
  for (const char *scope : {".cta", ".gpu", ".sys"}) {
    check(std::string(".relaxed") + scope, std::string(".relaxed") + scope);
    check(std::string(".acquire") + scope, std::string(".release") + scope);
  }
  for (const char *primary : {"last", "normal", "first", "unchanged"})
    for (const char *secondary :
         {"", ".L2::evict_first", ".L2::evict_unchanged"})
      for (const char *fraction : {"", ", 0.5"})
        checkTable(std::string("createpolicy.fractional.L2::evict_") + primary +
                       secondary + ".b64 %u" + fraction +
                       ";\nst.global.L2::cache_hint.b64 [%out], %a, %u;\n"
                       "ld.global.cg.L2::cache_hint.L2::128B.v2.b32 {%x, %y}, "
                       "[%out], %u;\nst.L2::cache_hint.v2.b32 [%out], {%y, "
                       "%x}, %u;\nld.L2::cache_hint.b64 %d, [%out], 0;",
                   "64 64", words(),
                   [](const Case &x) { return x.a << 32 | x.a >> 32; });
  check(".volatile", ".volatile");
  check(".weak", ".weak");
  check("", "");
}

TEST(MemoryTable, FencesAndPrefetchesChangeNoValue) {
  for (const char *instruction :
       {"membar.cta;", "membar.gl;", "membar.sys;", "fence.cta;",
        "fence.sc.gpu;", "fence.acq_rel.sys;", "fence.acquire.gpu;",
        "fence.release.gpu;", "prefetch.global.L1 [%out];",
        "prefetch.global.L2 [%out];", "prefetch.L1 [%out];",
        ".local .b32 place;\nprefetch.local.L1 [place];",
        "prefetch.global.L2::evict_last [%out];",
        "prefetch.global.L2::evict_normal [%out];", "prefetchu.L1 [%out];",
        "nanosleep.u32 20;"})
    checkTable(std::string("st.global.b64 [%out], %a;\n") + instruction +
                   "\nld.global.b64 %d, [%out];",
               "64 64", words(), [](const Case &x) { return x.a; });
}

TEST(MemoryTable, WhichSpaceAnAddressIsOf) {
  const char *shared = ".shared .b8 s[8];\nmov.u64 %u, s;\n"
                       "cvta.shared::cta.u64 %u, %u;\n";
  struct {
    const char *name, *address;
  } spaces[] = {
      {"shared::cta", shared},
      {"shared", ".shared .b8 s[8];\nmov.u64 %u, s;\n"
                 "cvta.shared.u64 %u, %u;\n"},
      {"local", ".local .b8 l[8];\nmov.u64 %u, l;\n"
                "cvta.local.u64 %u, %u;\n"},
      {"shared::cluster", ".shared .b8 s[8];\nmov.u64 %u, s;\n"
                          "cvta.shared::cluster.u64 %u, %u;\n"},
      {"param", "mov.u64 %u, in;\ncvta.param.u64 %u, %u;\n"},
      {"param::entry", "mov.u64 %u, in;\ncvta.param::entry.u64 %u, %u;\n"},
      {"global", "mov.u64 %u, %out;\ncvta.global.u64 %u, %u;\n"}};
  for (auto &of : spaces)
    for (const char *asked :
         {"shared", "shared::cta", "shared::cluster", "local", "global",
          "const", "param", "param::entry"})
      checkTable(std::string(of.address) + "isspacep." + asked + " %d, %u;",
                 "p 64", {{1, 0, 0}}, [&](const Case &) {
                   auto plain = [](std::string name) {
                     return name.substr(0, name.find(':'));
                   };
                   return plain(asked) == plain(of.name);
                 });
  std::string ask;
  for (const char *asked : {"const", "global"})
    for (const char *variable : {"fixed", "open"})
      ask += "mov.u64 %rd5, " + std::string(variable) + ";\ncvta." +
             (variable[0] == 'f' ? "const" : "global") +
             ".u64 %rd5, %rd5;\nisspacep." + asked +
             " %p1, %rd5;\nselp.u32 %r1, 1, 0, %p1;\nshl.b32 %r2, %r2, 1;\n"
             "or.b32 %r2, %r2, %r1;\n";
  Outcome o = runBody("mov.u32 %r2, 0;\n" + ask + "st.global.u32 [%rd3], %r2;",
                      {}, {}, ".const .u32 fixed = 1;\n.global .u32 open;\n");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0), 9u); // const of fixed alone, global of open alone
  // There and back again.
  for (auto &of : spaces)
    checkTable(std::string(of.address) + "cvta.to." + of.name +
                   ".u64 %v, %u;\ncvta." + of.name +
                   ".u64 %v, %v;\nsub.u64 %d, %v, %u;",
               "64 64", {{1, 0, 0}}, [](const Case &) { return 0; });
}

TEST(MemoryTable, MovesPackAndUnpack) {
  std::vector<Case> cases = words();
  for (int bits : {16, 32, 64})
    for (const char *type : {"b", "u", "s", "f"}) {
      if (bits == 16 && type[0] == 'f')
        continue;
      std::string k = std::to_string(bits);
      checkTable("mov." + (type + k) + " %d, %a;", k + " " + k, cases,
                 [=](const Case &x) { return lowBits(x.a, bits); });
    }
  for (bool value : {false, true})
    checkTable(std::string("mov.pred %d, ") + (value ? "%a;" : "!%a;"), "p p",
               {{0, 0, 0}, {1, 0, 0}},
               [=](const Case &x) { return (x.a != 0) == value; });
  checkTable("mov.b32 %d, {%a, %b};", "32 16 16", cases, [](const Case &x) {
    return (x.b & 0xffff) << 16 | (x.a & 0xffff);
  });
  checkTable("mov.b64 %d, {%a, %b};", "64 32 32", cases,
             [](const Case &x) { return x.b << 32 | lowBits(x.a, 32); });
  checkTable(
      "mov.b64 %d, {%a, %b, %c, %a};", "64 16 16 16", cases, [](const Case &x) {
        auto low = [](uint64_t v) { return v & 0xffff; };
        return low(x.a) << 48 | low(x.c) << 32 | low(x.b) << 16 | low(x.a);
      });
  checkTable("mov.b32 {%h, %d}, %a;", "16 32", cases,
             [](const Case &x) { return x.a >> 16 & 0xffff; });
  checkTable("mov.b64 {%d, _}, %a;", "32 64", cases,
             [](const Case &x) { return lowBits(x.a, 32); });
  for (int n = 0; n < 4; ++n) {
    std::string list = "{%h, %l, %h, %l}";
    list.replace(1 + 4 * n, 2, "%d");
    checkTable("mov.b64 " + list + ", %a;", "16 64", cases,
               [=](const Case &x) { return x.a >> 16 * n & 0xffff; });
  }
}

TEST(MemoryTable, SpecialRegisters) {
  constexpr uint32_t kThreads = 96;
  struct {
    const char *name;
    uint32_t (*expected)(uint32_t thread);
  } registers[] = {
      {"%tid.x", [](uint32_t t) { return t; }},
      {"%tid.y", [](uint32_t) { return 0u; }},
      {"%ntid.x", [](uint32_t) { return kThreads; }},
      {"%ntid.z", [](uint32_t) { return 1u; }},
      {"%nctaid.x", [](uint32_t) { return 1u; }},
      {"%ctaid.x", [](uint32_t) { return 0u; }},
      {"%laneid", [](uint32_t t) { return t % 32; }},
      {"%warpid", [](uint32_t t) { return t / 32; }},
      {"%nwarpid", [](uint32_t) { return kThreads / 32; }},
      {"%lanemask_eq", [](uint32_t t) { return 1u << t % 32; }},
      {"%lanemask_lt", [](uint32_t t) { return (1u << t % 32) - 1; }},
      {"%lanemask_le",
       [](uint32_t t) { return uint32_t((uint64_t(2) << t % 32) - 1); }},
      {"%lanemask_gt",
       [](uint32_t t) { return uint32_t(-(uint64_t(2) << t % 32)); }},
      {"%lanemask_ge", [](uint32_t t) { return uint32_t(-(1u << t % 32)); }},
  };
  for (auto &reg : registers) {
    LaunchOf how;
    how.threads = kThreads;
    Outcome o = runBody(std::string("mov.u32 %r1, ") + reg.name +
                            ";\nst.global.u32 [%rd3], %r1;",
                        {}, how);
    ASSERT_EQ(o.kinds(), "") << o.messages();
    for (uint32_t t = 0; t < kThreads; ++t)
      EXPECT_EQ(o.at(t), reg.expected(t)) << reg.name << " of thread " << t;
  }
}
