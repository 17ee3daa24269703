//===- CopyTableTest.cpp - cp.async in all sizes --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace attnrt::sim;

namespace {

/// Sixteen bytes of 0xee for each thread, of which one copy replaces some; the
/// lower or the upper half comes back.
std::string copying(const std::string &copy, const std::string &wait,
                    int half) {
  return ".shared .align 16 .b8 places[4096];\nmul.lo.u32 %x, %t, 16;\n"
         "mov.u32 %y, places;\nadd.u32 %x, %x, %y;\n"
         "mov.u64 %u, 0xeeeeeeeeeeeeeeee;\nst.shared.v2.b64 [%x], {%u, %u};\n" +
         copy + "\n" + wait + "\nld.shared.b64 %d, [%x+" +
         std::to_string(half) + "];";
}

const char *const kWaits[] = {"cp.async.wait_all;",
                              "cp.async.commit_group;\ncp.async.wait_group 0;"};

/// c is the number of the case.
std::vector<Case> words() {
  std::mt19937_64 draw(71);
  std::vector<Case> out;
  for (int n = 0; n < 64; ++n)
    out.push_back({draw(), draw(), uint64_t(n)});
  return out;
}

/// The half that comes back, of which `given` bytes are from memory and those
/// up to `bytes` zero.
uint64_t expectedOf(const Case &x, int half, int bytes, int given) {
  uint64_t out = 0;
  for (int n = 0; n < 8; ++n) {
    int at = half + n;
    uint64_t byte = at >= bytes   ? 0xee
                    : at >= given ? 0
                    : at < 8      ? x.a >> 8 * at
                                  : x.b >> 8 * (at - 8);
    out |= (byte & 0xff) << 8 * n;
  }
  return out;
}

const char *const kHints[] = {"", ".L2::64B", ".L2::128B", ".L2::256B",
                              ".L2::cache_hint.L2::128B"};
const char *policyOf(const char *hint) {
  return std::strstr(hint, "cache_hint") ? ", %u;" : ";";
}

struct Size {
  const char *name;
  int bytes;
};
const Size kSizes[] = {{"ca", 4}, {"ca", 8}, {"ca", 16}, {"cg", 16}};

/// Only threads whose source is aligned copy: cases are 24 bytes apart.
std::string guarded(const std::string &copy) {
  return "and.b64 %v, %in, 15;\nsetp.ne.u64 %p, %v, 0;\n@%p bra SKIP;\n" +
         copy + "\nSKIP:";
}

bool isCopied(const Case &x, int bytes) { return bytes < 16 || x.c % 2 == 0; }

} // namespace

TEST(CopyTable, SizesAndHints) {
  for (const Size &form : kSizes)
    for (const char *space : {"shared", "shared::cta"})
      for (const char *hint : kHints)
        for (int given = -1; given <= form.bytes; given += given < 0 ? 1 : 3)
          for (const char *wait : kWaits)
            for (int half : {0, 8}) {
              std::string copy = std::string("cp.async.") + form.name + "." +
                                 space + ".global" + hint + " [%x], [%in], " +
                                 std::to_string(form.bytes);
              copy += given < 0 ? "" : ", " + std::to_string(given);
              copy += policyOf(hint);
              if (form.bytes == 16)
                copy = guarded(copy);
              checkTable(copying(copy, wait, half), "64 64 64 64", words(),
                         [&](const Case &x) {
                           int bytes = isCopied(x, form.bytes) ? form.bytes : 0;
                           return expectedOf(x, half, bytes,
                                             given < 0 ? bytes : given);
                         });
            }
}

TEST(CopyTable, SourceThatIsIgnored) {
  for (const Size &form : kSizes)
    for (const char *space : {"shared", "shared::cta"})
      for (const char *hint : kHints)
        for (int half : {0, 8}) {
          // Of every third thread.
          std::string copy = "rem.u64 %v, %c, 3;\nsetp.eq.u64 %q, %v, 0;\n" +
                             std::string("cp.async.") + form.name + "." +
                             space + ".global" + hint + " [%x], [%in], " +
                             std::to_string(form.bytes) + ", %q" +
                             policyOf(hint);
          if (form.bytes == 16)
            copy = guarded(copy);
          checkTable(copying(copy, kWaits[0], half), "64 64 64 64", words(),
                     [&](const Case &x) {
                       int bytes = isCopied(x, form.bytes) ? form.bytes : 0;
                       return expectedOf(x, half, bytes,
                                         x.c % 3 == 0 ? 0 : bytes);
                     });
        }
}

TEST(CopyTable, ArrivalsBehindCopies) {
  // One thread of each block waits for its own copies by an mbarrier.
  for (const char *how : {".noinc", ""})
    for (const char *space : {".shared", ".shared::cta", ""}) {
      bool isGeneric = !*space, isAdded = !*how;
      std::string bar = isGeneric ? "%v" : "bar";
      std::string copy =
          ".shared .align 8 .b8 bar[8];\nsetp.ne.u32 %p, %t, 0;\n"
          "@!%p mbarrier.init.shared.b64 [bar], 256;\nbar.sync 0;\n"
          "mov.u64 %v, bar;\ncvta.shared.u64 %v, %v;\n"
          "cp.async.ca.shared.global [%x], [%in], 8;\n"
          "cp.async.mbarrier.arrive" +
          std::string(how) + space + ".b64 [" + bar + "];\n" +
          (isAdded ? "mbarrier.arrive.shared.b64 _, [bar];\n" : "");
      std::string wait = "W: mbarrier.test_wait.parity.shared.b64 %q, [bar], "
                         "0;\n@!%q bra W;\n";
      checkTable(copying(copy, wait, 0), "64 64 64 64", words(),
                 [&](const Case &x) { return expectedOf(x, 0, 8, 8); });
    }
}
