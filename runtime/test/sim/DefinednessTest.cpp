//===- DefinednessTest.cpp - Which bits of results are undefined ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An instruction is run on all values that undefined bits of its operands may
// have. The bits of the result that come out differently depend on them; these
// must be undefined where the operands are, and, where an operation goes bit by
// bit, no others.
//
//===----------------------------------------------------------------------===//

#include "Check/HazardLog.h"
#include "Harness.h"

#include <random>

using namespace attnrt;
using namespace attnrt::sim;

namespace {

constexpr unsigned kOperands = 3, kFreeBits = 6, kFillings = 1 << kFreeBits;

/// $d is the result, $a to $c are operands, of the kinds given: r (32 bits), d
/// (64), h (16), p (predicate). `free` names the operands that may be undefined.
struct Case {
  const char *text;
  const char *kinds; // of $d, $a, $b, $c
  const char *free;
  bool exact;
};

const Case kExact[] = {
    {"and.b32 $d, $a, $b;", "rrr", "ab", true},
    {"or.b32 $d, $a, $b;", "rrr", "ab", true},
    {"xor.b32 $d, $a, $b;", "rrr", "ab", true},
    {"xor.b32 $d, $a, $a;", "rr", "a", true},
    {"not.b32 $d, $a;", "rr", "a", true},
    {"cnot.b32 $d, $a;", "rr", "a", true},
    {"and.b16 $d, $a, $b;", "hhh", "ab", true},
    {"or.b16 $d, $a, $b;", "hhh", "ab", true},
    {"xor.b16 $d, $a, $b;", "hhh", "ab", true},
    {"not.b16 $d, $a;", "hh", "a", true},
    {"cnot.b16 $d, $a;", "hh", "a", true},
    {"and.b64 $d, $a, $b;", "ddd", "ab", true},
    {"or.b64 $d, $a, $b;", "ddd", "ab", true},
    {"xor.b64 $d, $a, $b;", "ddd", "ab", true},
    {"not.b64 $d, $a;", "dd", "a", true},
    {"cnot.b64 $d, $a;", "dd", "a", true},
    {"and.pred $d, $a, $b;", "ppp", "ab", true},
    {"or.pred $d, $a, $b;", "ppp", "ab", true},
    {"xor.pred $d, $a, $b;", "ppp", "ab", true},
    {"and.pred $d, $a, !$b;", "ppp", "ab", true},
    {"or.pred $d, !$a, $b;", "ppp", "ab", true},
    {"not.pred $d, $a;", "pp", "a", true},
    {"mov.pred $d, $a;", "pp", "a", true},
    {"lop3.b32 $d, $a, $b, $c, 0x96;", "rrrr", "abc", true},
    {"lop3.b32 $d, $a, $b, $c, 0xe8;", "rrrr", "abc", true},
    {"lop3.b32 $d, $a, $b, $c, 0xca;", "rrrr", "abc", true},
    {"lop3.b32 $d, $a, $b, $c, 0x01;", "rrrr", "abc", true},
    {"lop3.b32 $d, $a, $b, $c, 0x38;", "rrrr", "abc", true},
    {"shl.b32 $d, $a, 5;", "rr", "a", true},
    {"shl.b32 $d, $a, $b;", "rrs", "a", true},
    {"shl.b64 $d, $a, $b;", "dds", "a", true},
    {"shl.b16 $d, $a, $b;", "hhs", "a", true},
    {"shr.u32 $d, $a, $b;", "rrs", "a", true},
    {"shr.s32 $d, $a, $b;", "rrs", "a", true},
    {"shr.u64 $d, $a, $b;", "dds", "a", true},
    {"shr.s64 $d, $a, $b;", "dds", "a", true},
    {"shr.u16 $d, $a, $b;", "hhs", "a", true},
    {"shr.s16 $d, $a, $b;", "hhs", "a", true},
    {"shf.l.wrap.b32 $d, $a, $b, $c;", "rrrs", "ab", true},
    {"shf.l.clamp.b32 $d, $a, $b, $c;", "rrrs", "ab", true},
    {"shf.r.wrap.b32 $d, $a, $b, $c;", "rrrs", "ab", true},
    {"shf.r.clamp.b32 $d, $a, $b, $c;", "rrrs", "ab", true},
    {"bfe.u32 $d, $a, $b, $c;", "rrss", "a", true},
    {"bfe.s32 $d, $a, $b, $c;", "rrss", "a", true},
    {"bfe.u64 $d, $a, $b, $c;", "ddss", "a", true},
    {"bfe.s64 $d, $a, $b, $c;", "ddss", "a", true},
    {"bfi.b32 $d, $a, $b, $c, 9;", "rrrs", "ab", true},
    {"bfi.b64 $d, $a, $b, $c, 21;", "ddds", "ab", true},
    {"prmt.b32 $d, $a, $b, $c;", "rrrr", "ab", true},
    {"prmt.b32.f4e $d, $a, $b, $c;", "rrrr", "ab", true},
    {"prmt.b32.rc8 $d, $a, $b, $c;", "rrrr", "ab", true},
    {"prmt.b32.ecl $d, $a, $b, $c;", "rrrr", "ab", true},
    {"brev.b32 $d, $a;", "rr", "a", true},
    {"brev.b64 $d, $a;", "dd", "a", true},
    {"selp.b32 $d, $a, $b, $c;", "rrrp", "abc", true},
    {"selp.b64 $d, $a, $b, $c;", "dddp", "abc", true},
    {"mov.b32 $d, $a;", "rr", "a", true},
    {"mov.b64 $d, $a;", "dd", "a", true},
    {"mov.b32 $d, {$a, $b};", "rhh", "ab", true},
    {"mov.b64 $d, {$a, $b};", "drr", "ab", true},
    {"mov.b32 {$d, %rs15}, $a;", "hr", "a", true},
    {"mov.b32 {%rs15, $d}, $a;", "hr", "a", true},
    {"mov.b64 {%r31, $d}, $a;", "rd", "a", true},
    {"cvt.u64.u32 $d, $a;", "dr", "a", true},
    {"cvt.s64.s32 $d, $a;", "dr", "a", true},
    {"cvt.u32.u64 $d, $a;", "rd", "a", true},
    {"cvt.u32.u16 $d, $a;", "rh", "a", true},
    {"cvt.s32.s16 $d, $a;", "rh", "a", true},
    {"cvt.u32.u8 $d, $a;", "rr", "a", true},
    {"cvt.s32.s8 $d, $a;", "rr", "a", true},
    {"cvt.u16.u32 $d, $a;", "hr", "a", true},
    {"cvt.u16.u64 $d, $a;", "hd", "a", true},
    {"add.u32 $d, $a, $b;", "rrr", "ab", true},
    {"add.s64 $d, $a, $b;", "ddd", "ab", true},
    {"add.s16 $d, $a, $b;", "hhh", "ab", true},
    {"sub.s32 $d, $a, $b;", "rrr", "ab", true},
    {"sub.s64 $d, $a, $b;", "ddd", "ab", true},
    {"sub.s32 $d, $a, $a;", "rr", "a", true},
    {"neg.s32 $d, $a;", "rr", "a", true},
    {"setp.eq.s32 $d, $a, $b;", "prr", "ab", true},
    {"setp.ne.u64 $d, $a, $b;", "pdd", "ab", true},
    {"setp.lt.s32 $d, $a, $b;", "prr", "ab", true},
    {"setp.ge.u32 $d, $a, $b;", "prr", "ab", true},
    {"setp.gt.s16 $d, $a, $b;", "phh", "ab", true},
    {"setp.le.s64 $d, $a, $b;", "pdd", "ab", true},
    {"setp.le.s64 $d, $a, $a;", "pd", "a", true},
    {"setp.lt.and.s32 $d, $a, 5, $b;", "prp", "ab", true},
    {"setp.lt.or.s32 $d, $a, 5, $b;", "prp", "ab", true},
    {"setp.lt.xor.s32 $d, $a, 5, !$b;", "prp", "ab", true},
};

/// Some bits may count as undefined that no value shows to be.
const Case kSafe[] = {
    {"shl.b32 $d, $a, $b;", "rrs", "ab", false},
    {"shr.s32 $d, $a, $b;", "rrs", "ab", false},
    {"shf.l.wrap.b32 $d, $a, $b, $c;", "rrrr", "abc", false},
    {"shf.r.clamp.b32 $d, $a, $b, $c;", "rrrs", "abc", false},
    {"bfe.s32 $d, $a, $b, $c;", "rrss", "abc", false},
    {"bfi.b32 $d, $a, $b, $c, 9;", "rrrs", "abc", false},
    {"prmt.b32 $d, $a, $b, $c;", "rrrr", "abc", false},
    {"prmt.b32.b4e $d, $a, $b, $c;", "rrrr", "abc", false},
    {"popc.b32 $d, $a;", "rr", "a", false},
    {"clz.b64 $d, $a;", "rd", "a", false},
    {"bfind.u32 $d, $a;", "rr", "a", false},
    {"bfind.s32 $d, $a;", "rr", "a", false},
    {"mul.lo.u32 $d, $a, $b;", "rrr", "ab", false},
    {"mul.lo.u64 $d, $a, $b;", "ddd", "ab", false},
    {"mul.wide.s32 $d, $a, $b;", "drr", "ab", false},
    {"mul.hi.u32 $d, $a, $b;", "rrr", "ab", false},
    {"mad.lo.s32 $d, $a, $b, $c;", "rrrr", "abc", false},
    {"mad.wide.u32 $d, $a, $b, $c;", "drrd", "abc", false},
    {"min.s32 $d, $a, $b;", "rrr", "ab", false},
    {"abs.s32 $d, $a;", "rr", "a", false},
    {"div.u32 $d, $a, $b;", "rrr", "ab", false},
    {"sad.u32 $d, $a, $b, $c;", "rrrr", "abc", false},
    {"cvt.sat.u8.s32 $d, $a;", "rr", "a", false},
    {"cvt.rn.f32.s32 $d, $a;", "rr", "a", false},
    {"add.rn.f16x2 $d, $a, $b;", "rrr", "ab", false},
    {"shfl.sync.bfly.b32 $d, $a, 0, 31, -1;", "rr", "a", true},
};

/// Operands of 32 lanes: values, and which bits are free.
struct Operands {
  uint64_t value[32][kOperands], free[32][kOperands];
};

unsigned widthOf(char kind) {
  return kind == 'd' ? 64 : kind == 'h' ? 16 : kind == 'p' ? 1 : 32;
}

Operands draw(const Case &which, std::mt19937_64 &random) {
  Operands out = {};
  std::string kinds = which.kinds, free = which.free;
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned o = 0; o + 1 < kinds.size(); ++o) {
      char kind = kinds[o + 1];
      uint64_t low = ~uint64_t(0) >> (64 - widthOf(kind));
      uint64_t value = random();
      if (random() % 3 == 0) // neighbours, and runs of ones or zeros
        value = lane % 2 ? value % 5 : ~(value % 5);
      out.value[lane][o] = kind == 's' ? random() % 40 : value & low;
    }
    for (unsigned bit = 0; bit < kFreeBits; ++bit) {
      unsigned o = free[random() % free.size()] - 'a';
      out.free[lane][o] |= uint64_t(1) << random() % widthOf(kinds[o + 1]);
    }
  }
  return out;
}

std::string registerOf(char kind, unsigned index) {
  const char *name = kind == 'd'   ? "%rd"
                     : kind == 'h' ? "%rs"
                     : kind == 'p' ? "%p"
                                   : "%r";
  unsigned first = kind == 'd' ? 10 : kind == 'h' ? 4 : kind == 'p' ? 2 : 10;
  return name + std::to_string(first + index);
}

/// From or to the 64 bits of %rd<index>.
std::string widen(char kind, const std::string &reg, const std::string &to) {
  if (kind == 'p')
    return "selp.u64 " + to + ", 1, 0, " + reg + ";\n";
  return kind == 'd' ? "mov.b64 " + to + ", " + reg + ";\n"
                     : "cvt.u64.u" + std::to_string(widthOf(kind)) + " " + to +
                           ", " + reg + ";\n";
}
std::string narrow(char kind, const std::string &reg, const std::string &from) {
  if (kind == 'p')
    return "and.b64 %rd25, " + from + ", 1;\nsetp.ne.u64 " + reg +
           ", %rd25, 0;\n";
  return kind == 'd' ? "mov.b64 " + reg + ", " + from + ";\n"
                     : "cvt.u" + std::to_string(widthOf(kind)) + ".u64 " + reg +
                           ", " + from + ";\n";
}

std::string instructionOf(const Case &which) {
  std::string text = which.text, kinds = which.kinds;
  for (unsigned k = 0; k < kinds.size(); ++k) {
    std::string name = {'$', "dabc"[k]};
    for (size_t at; (at = text.find(name)) != text.npos;)
      text.replace(at, 2, registerOf(kinds[k], k));
  }
  return text + "\n";
}

/// Each thread has a record of 64 bytes in the input: values and masks of what
/// is undefined, and at last a mask for what it stores of the result.
std::string kernelFor(const Case &which) {
  std::string kinds = which.kinds;
  std::string text = "mov.u32 %r1, %ctaid.x;\nmad.lo.u32 %r2, %r1, 32, %r0;\n"
                     "mul.wide.u32 %rd5, %r2, 64;\nadd.s64 %rd5, %rd5, %rd0;\n"
                     "mul.wide.u32 %rd6, %r2, 8;\nadd.s64 %rd6, %rd6, %rd1;\n"
                     "ld.shared.u64 %rd7, [fresh];\n";
  for (unsigned o = 0; o + 1 < kinds.size(); ++o) {
    std::string at = "[%rd5+" + std::to_string(8 * o);
    text += "ld.global.u64 %rd8, " + at + "];\n" //
            "ld.global.u64 %rd9, " + at + "+24];\n"
            "and.b64 %rd9, %rd9, %rd7;\nxor.b64 %rd8, %rd8, %rd9;\n" +
            narrow(kinds[o + 1], registerOf(kinds[o + 1], o + 1), "%rd8");
  }
  return text + instructionOf(which) +
         widen(kinds[0], registerOf(kinds[0], 0), "%rd8") +
         "ld.global.u64 %rd9, [%rd5+48];\nand.b64 %rd8, %rd8, %rd9;\n"
         "st.global.u64 [%rd6], %rd8;";
}

struct Result {
  Outcome outcome;
  uint64_t of(unsigned filling, unsigned lane) const {
    unsigned at = 2 * (32 * filling + lane);
    return uint64_t(outcome.word(at + 1)) << 32 | outcome.word(at);
  }
};

Result evaluate(const Case &which, const std::vector<uint64_t> &records) {
  LaunchOf how;
  how.grid = static_cast<uint32_t>(records.size() / 8 / 32);
  how.options.threads = 1;
  how.outBytes = records.size();
  std::vector<uint32_t> words(2 * records.size());
  std::memcpy(words.data(), records.data(), 8 * records.size());
  return {runBody(kernelFor(which), words, how,
                  ".shared .align 8 .b8 fresh[8];\n")};
}

/// Bits of each lane's result that depend on free bits.
std::vector<uint64_t> dependent(const Case &which, const Operands &operands) {
  std::vector<uint64_t> records(size_t(kFillings) * 32 * 8);
  for (unsigned f = 0; f < kFillings; ++f)
    for (unsigned lane = 0; lane < 32; ++lane) {
      uint64_t *record = &records[8 * (32 * f + lane)];
      unsigned next = 0;
      for (unsigned o = 0; o < kOperands; ++o) {
        record[o] = operands.value[lane][o];
        for (uint64_t free = operands.free[lane][o]; free; free &= free - 1)
          if (f >> next++ & 1)
            record[o] ^= free & (0 - free);
      }
      record[6] = ~uint64_t(0);
    }
  Result all = evaluate(which, records);
  EXPECT_EQ(all.outcome.kinds(), "") << all.outcome.messages();
  std::vector<uint64_t> out(32);
  for (unsigned f = 1; f < kFillings; ++f)
    for (unsigned lane = 0; lane < 32; ++lane)
      out[lane] |= all.of(f, lane) ^ all.of(0, lane);
  return out;
}

/// Stores of each lane's result the bits that `stored` names.
Outcome store(const Case &which, const Operands &operands,
              const std::vector<uint64_t> &stored) {
  std::vector<uint64_t> records(32 * 8);
  for (unsigned lane = 0; lane < 32; ++lane) {
    uint64_t *record = &records[8 * lane];
    for (unsigned o = 0; o < kOperands; ++o) {
      record[o] = operands.value[lane][o];
      record[3 + o] = operands.free[lane][o];
    }
    record[6] = stored[lane];
  }
  return evaluate(which, records).outcome;
}

void check(const Case &which, uint64_t seed) {
  SCOPED_TRACE(std::string(which.text) + " seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Operands operands = draw(which, random);
  std::vector<uint64_t> depends = dependent(which, operands);
  std::vector<uint64_t> others(32), one(32);
  uint32_t guilty = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    others[lane] = ~depends[lane];
    for (uint64_t rest = depends[lane]; rest; rest &= rest - 1)
      if (!one[lane] || random() % 2) // any of them
        one[lane] = rest & (0 - rest);
    guilty |= uint32_t(depends[lane] != 0) << lane;
  }
  Outcome o = store(which, operands, one);
  if (guilty) {
    ASSERT_EQ(o.kinds(), "uninit") << o.messages();
    EXPECT_NE(o.messages().find("stored value by " + describeLanes(guilty) +
                                " ("),
              std::string::npos)
        << o.messages() << describeLanes(guilty);
  } else {
    EXPECT_EQ(o.kinds(), "") << o.messages();
  }
  if (which.exact) {
    o = store(which, operands, others);
    EXPECT_EQ(o.kinds(), "") << o.messages();
  }
}

} // namespace

TEST(Definedness, BitByBit) {
  for (const Case &which : kExact)
    for (uint64_t seed = 0; seed < 4; ++seed)
      check(which, seed);
}

TEST(Definedness, AtLeastWhatDepends) {
  for (const Case &which : kSafe)
    for (uint64_t seed = 0; seed < 4; ++seed)
      check(which, seed);
}

static const char *const kFresh = ".shared .align 16 .b8 fresh[512];\n";

/// What of a register counts where it is used in part.
TEST(Definedness, PartsOfRegisters) {
  std::string half = "ld.shared.u32 %r1, [fresh];\nmov.u32 %r2, 7;\n"
                     "prmt.b32 %r3, %r1, %r2, 0x5410;\n"; // the low half is not
  auto kinds = [&](const std::string &use) {
    return runBody(half + use, {}, {}, kFresh).kinds();
  };
  EXPECT_EQ(kinds("shr.u32 %r4, %r3, 16;\nst.global.u8 [%rd3], %r4;"), "");
  EXPECT_EQ(kinds("prmt.b32 %r4, %r3, 0, 0x1032;\nst.global.u16 [%rd3], %r4;"),
            "");
  EXPECT_EQ(kinds("st.global.u16 [%rd3], %r3;"), "uninit");
  EXPECT_EQ(kinds("st.global.u32 [%rd3], %r3;"), "uninit");
  // Pairs of halves are computed with one by one.
  std::string pair = "add.rn.f16x2 %r4, %r3, %r3;\n"
                     "mov.b32 {%rs1, %rs2}, %r4;\n";
  EXPECT_EQ(kinds(pair + "st.global.u16 [%rd3], %rs2;"), "");
  EXPECT_EQ(kinds(pair + "st.global.u16 [%rd3], %rs1;"), "uninit");
  EXPECT_EQ(kinds("setp.lt.f16x2 %p1|%p2, %r3, %r2;\n@%p2 trap;"), "");
  EXPECT_EQ(kinds("setp.lt.f16x2 %p1|%p2, %r3, %r2;\n@%p1 bra L;\nL:"),
            "uninit");
  std::string packed = "mov.b32 %f1, %r1;\ncvt.rn.f16x2.f32 %r4, %f1, 0f40000000;"
                       "\nmov.b32 {%rs1, %rs2}, %r4;\n";
  EXPECT_EQ(kinds(packed + "st.global.u16 [%rd3], %rs1;"), "");
  EXPECT_EQ(kinds(packed + "st.global.u16 [%rd3], %rs2;"), "uninit");
}

/// Loads see byte by byte what was written.
TEST(Definedness, BytesOfLoads) {
  std::string two = "st.shared.u16 [fresh+2], 7;\n";
  auto kinds = [&](const std::string &use) {
    return runBody(two + use, {}, {}, kFresh).kinds();
  };
  EXPECT_EQ(kinds("ld.shared.u32 %r1, [fresh];\nshr.u32 %r1, %r1, 16;\n"
                  "st.global.u32 [%rd3], %r1;"),
            "");
  EXPECT_EQ(kinds("ld.shared.u32 %r1, [fresh];\nshr.u32 %r1, %r1, 15;\n"
                  "st.global.u32 [%rd3], %r1;"),
            "uninit");
  EXPECT_EQ(kinds("ld.shared.u64 %rd5, [fresh];\nbfe.u64 %rd5, %rd5, 16, 16;\n"
                  "st.global.u64 [%rd3], %rd5;"),
            "");
  EXPECT_EQ(kinds("ld.shared.u8 %r1, [fresh];\nand.b32 %r1, %r1, 0xff00;\n"
                  "st.global.u32 [%rd3], %r1;"),
            "");
  EXPECT_EQ(kinds("ld.shared.s8 %r1, [fresh];\nand.b32 %r1, %r1, 0xff00;\n"
                  "st.global.u32 [%rd3], %r1;"),
            "uninit");
  // The odd halves of a matrix.
  std::string rows = "shl.b32 %r1, %r0, 4;\nmov.u32 %r2, fresh;\n"
                     "add.u32 %r1, %r1, %r2;\nst.shared.u16 [%r1+2], 1;\n"
                     "st.shared.u16 [%r1+6], 1;\nst.shared.u16 [%r1+10], 1;\n"
                     "st.shared.u16 [%r1+14], 1;\nbar.sync 0;\n";
  std::string load = "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r3}, [%r1];\n";
  EXPECT_EQ(kinds(rows + load + "mov.b32 {%rs1, %rs2}, %r3;\n"
                                "st.global.u16 [%rd3], %rs2;"),
            "");
  EXPECT_EQ(kinds(rows + load + "mov.b32 {%rs1, %rs2}, %r3;\n"
                                "st.global.u16 [%rd3], %rs1;"),
            "uninit");
}

/// Of several lanes one may decide.
TEST(Definedness, Votes) {
  // %p1 is undefined in lanes 16 to 31, true in lane 0, false in the others.
  std::string lanes = "setp.eq.u32 %p1, %r0, 0;\nsetp.gt.u32 %p2, %r0, 15;\n"
                      "ld.shared.u32 %r9, [fresh];\n"
                      "@%p2 setp.eq.u32 %p1, %r9, 0;\nselp.u32 %r1, 5, 0, %p1;\n";
  auto kinds = [&](const std::string &use) {
    return runBody(lanes + use, {}, {}, kFresh).kinds();
  };
  const char *const store = "selp.u32 %r5, 1, 0, %p3;\n"
                            "st.global.u32 [%rd3], %r5;";
  EXPECT_EQ(kinds(std::string("vote.sync.any.pred %p3, %p1, -1;\n") + store),
            "");
  EXPECT_EQ(kinds(std::string("vote.sync.all.pred %p3, %p1, -1;\n") + store),
            "");
  EXPECT_EQ(kinds(std::string("vote.sync.uni.pred %p3, %p1, -1;\n") + store),
            "");
  EXPECT_EQ(kinds(std::string("@%p2 vote.sync.any.pred %p3, %p1, 0xffff0000;"
                              "\n@%p2 ") +
                  "bra L;\nL:"),
            "");
  EXPECT_EQ(kinds("vote.sync.ballot.b32 %r2, %p1, -1;\n"
                  "and.b32 %r2, %r2, 0xffff;\nst.global.u32 [%rd3], %r2;"),
            "");
  EXPECT_EQ(kinds("vote.sync.ballot.b32 %r2, %p1, -1;\n"
                  "st.global.u32 [%rd3], %r2;"),
            "uninit");
  EXPECT_EQ(kinds("redux.sync.or.b32 %r2, %r1, -1;\n"
                  "st.global.u32 [%rd3], %r2;"),
            "");
  EXPECT_EQ(kinds("redux.sync.xor.b32 %r2, %r1, -1;\nand.b32 %r2, %r2, 2;\n"
                  "st.global.u32 [%rd3], %r2;"),
            "");
  EXPECT_EQ(kinds("redux.sync.xor.b32 %r2, %r1, -1;\n"
                  "st.global.u32 [%rd3], %r2;"),
            "uninit");
  EXPECT_EQ(kinds(std::string("bar.red.or.pred %p3, 0, %p1;\n") + store), "");
  EXPECT_EQ(kinds(std::string("bar.red.and.pred %p3, 0, %p1;\n") + store), "");
  EXPECT_EQ(kinds("bar.red.popc.u32 %r2, 0, %p1;\nst.global.u32 [%rd3], %r2;"),
            "uninit");
}

/// An undefined condition that cannot be true is no condition.
TEST(Definedness, PredicatesThatDoNotMatter) {
  Outcome o = runBody("ld.shared.u32 %r1, [fresh];\nsetp.lt.s32 %p1, %r1, 5;\n"
                      "setp.lt.s32 %p2, %r0, 100;\nor.pred %p3, %p1, %p2;\n"
                      "not.pred %p4, %p2;\nand.pred %p4, %p4, %p1;\n"
                      "mov.u32 %r5, 0;\n@%p4 bra A;\nadd.s32 %r5, %r5, 1;\n"
                      "A:\n@%p3 add.s32 %r5, %r5, 2;\n"
                      "st.global.u32 [%rd3], %r5;",
                      {}, {}, kFresh);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(9), 3u);
}
