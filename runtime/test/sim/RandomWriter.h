//===- RandomWriter.h - Draws programs --------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_RANDOMWRITER_H
#define ATTNRT_TEST_SIM_RANDOMWRITER_H

#include "Harness.h"

#include <random>

namespace attnrt::sim {

inline constexpr unsigned kRegisters = 12;

/// Writes one program. %r0 to %r11 hold values, of which some were never
/// written; %p0 to %p3 conditions.
class RandomWriter {
public:
  RandomWriter(uint64_t seed, bool isHopper)
      : random(seed), isHopper(isHopper) {}
  /// `writesAll`: everything is written first, with the bits that it has where
  /// nobody writes it.
  std::string program(bool writesAll = false);

private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random() % n); }
  std::string reg() { return "%r" + std::to_string(below(kRegisters)); }
  std::string pred() { return "%p" + std::to_string(below(4)); }
  std::string guard() {
    unsigned which = below(4);
    return which == 0   ? "@" + pred() + " "
           : which == 1 ? "@!" + pred() + " "
                        : "";
  }
  /// An address in shared memory: within bounds, or whatever a register holds.
  std::string address(unsigned align);
  void line(const std::string &text) { body += text + "\n"; }
  void statement();
  void arithmetic();
  void conditions();
  void memory();
  void lanes();
  void copies();
  void branch();
  void barrier();
  void call();
  void engines();
  void writeAll();

  std::mt19937_64 random;
  bool isHopper;
  std::string body;
  unsigned labels = 0, depth = 0;
};

inline std::string RandomWriter::address(unsigned align) {
  if (below(6) == 0) {
    line("add.u32 %r20, " + reg() + ", buffer;");
  } else {
    line("and.b32 %r20, " + reg() + ", " + std::to_string(1024 - align) + ";");
    line("add.u32 %r20, %r20, buffer;");
  }
  return "[%r20]";
}

inline void RandomWriter::arithmetic() {
  const char *const two[] = {
      "add.u32",    "sub.s32", "mul.lo.u32", "and.b32",  "or.b32",  "xor.b32",
      "shl.b32",    "shr.u32", "shr.s32",    "min.u32",  "max.s32", "div.u32",
      "mul.hi.u32", "add.f32", "mul.f32",    "add.f16x2"};
  const char *const three[] = {
      "mad.lo.u32",     "bfe.u32",         "bfe.s32", "prmt.b32",
      "shf.l.wrap.b32", "shf.r.clamp.b32", "sad.u32", "fma.rn.f32"};
  std::string a = reg(), b = reg(), c = reg(), d = reg();
  switch (below(6)) {
  case 0:
    return line(guard() + three[below(8)] + " " + d + ", " + a + ", " + b +
                ", " + c + ";");
  case 1:
    return line(guard() + "lop3.b32 " + d + ", " + a + ", " + b + ", " + c +
                ", " + std::to_string(below(256)) + ";");
  case 2:
    return line("selp.b32 " + d + ", " + a + ", " + b + ", " + pred() + ";");
  case 3:
    line("mov.b32 {%rs0, %rs1}, " + a + ";");
    return line("mov.b32 " + d + ", {%rs1, %rs0};");
  default:
    return line(guard() + two[below(16)] + " " + d + ", " + a + ", " + b + ";");
  }
}

inline void RandomWriter::conditions() {
  const char *const how[] = {"eq.u32", "ne.u32",     "lt.s32",
                             "ge.u32", "lt.and.s32", "gt.or.u32"};
  unsigned which = below(6);
  std::string third = which > 3 ? ", " + pred() : "";
  if (below(3) == 0)
    return line((below(2) ? "and.pred " : "xor.pred ") + pred() + ", " +
                pred() + ", " + pred() + ";");
  line(std::string("setp.") + how[which] + " " + pred() + ", " + reg() + ", " +
       (below(2) ? reg() : std::to_string(below(64))) + third + ";");
}

inline void RandomWriter::memory() {
  std::string a = reg(), b = reg();
  switch (below(9)) {
  case 0:
    return line(guard() + "ld.shared.u32 " + a + ", " + address(4) + ";");
  case 1:
    return line("ld.shared.s8 " + a + ", " + address(1) + ";");
  case 2:
    return line("st.shared.u32 " + address(4) + ", " + b + ";");
  case 3:
    return line("st.shared.u16 " + address(2) + ", " + b + ";");
  case 4:
    return line("atom.shared.add.u32 " + a + ", " + address(4) + ", " + b +
                ";");
  case 5:
    return line("atom.shared.cas.b32 " + a + ", " + address(4) + ", " + b +
                ", " + reg() + ";");
  case 6: // of its own input, or beyond it
    line("cvt.u64.u32 %rd5, " + a + ";");
    line(std::string("and.b64 %rd5, %rd5, ") + (below(5) ? "12;" : "8191;"));
    line("add.s64 %rd5, %rd5, %rd2;");
    return line("ld.global.u32 " + b + ", [%rd5];");
  case 7: // its own output
    line("cvt.u64.u32 %rd5, " + a + ";");
    line("and.b64 %rd5, %rd5, 12;\nadd.s64 %rd5, %rd5, %rd3;");
    return line(guard() + "st.global.u32 [%rd5], " + b + ";");
  default:
    return line("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {" + a + "}, " +
                address(16) + ";");
  }
}

inline void RandomWriter::lanes() {
  std::string a = reg(), d = reg();
  std::string members = below(8) ? "-1" : reg();
  switch (below(6)) {
  case 0:
    return line("shfl.sync.idx.b32 " + d + ", " + a + ", " + reg() + ", 31, " +
                members + ";");
  case 1:
    return line("shfl.sync.up.b32 " + d + "|%p0, " + a + ", " + reg() +
                ", 0, " + members + ";");
  case 2:
    return line("vote.sync.ballot.b32 " + d + ", " + pred() + ", " + members +
                ";");
  case 3:
    return line("redux.sync.xor.b32 " + d + ", " + a + ", " + members + ";");
  case 4:
    return line("match.any.sync.b32 " + d + ", " + a + ", " + members + ";");
  default:
    return line("vote.sync.any.pred " + pred() + ", " + pred() + ", " +
                members + ";");
  }
}

inline void RandomWriter::copies() {
  std::string where = address(16);
  if (below(2)) {
    line("cp.async.ca.shared.global " + where + ", [%rd2], 16, " + reg() + ";");
  } else {
    line("cvt.u64.u32 %rd5, " + reg() + ";\nand.b64 %rd5, %rd5, 4092;");
    line("add.s64 %rd5, %rd5, %rd0;");
    line("cp.async.ca.shared.global " + where + ", [%rd5], 4;");
  }
  if (below(2))
    line("cp.async.commit_group;");
  if (below(2))
    line(below(2) ? "cp.async.wait_all;" : "cp.async.wait_group 1;");
}

inline void RandomWriter::branch() {
  std::string label = "L" + std::to_string(labels++);
  ++depth;
  if (below(4) == 0) {
    line("T" + label + ": .branchtargets " + label + "A, " + label + "B;");
    line(below(2) ? "and.b32 %r21, " + reg() + ", 1;"
                  : "mov.b32 %r21, " + reg() + ";");
    line("brx.idx %r21, T" + label + ";");
    line(label + "A:");
    statement();
    line("bra " + label + ";\n" + label + "B:");
    statement();
    line(label + ":");
  } else {
    line((below(2) ? "@" : "@!") + pred() + " bra " + label + ";");
    for (unsigned n = 1 + below(3); n; --n)
      statement();
    if (below(12) == 0)
      line("exit;");
    line(label + ":");
  }
  --depth;
}

inline void RandomWriter::barrier() {
  const char *const counts[] = {"", ", 64", ", 32"};
  switch (below(5)) {
  case 0:
    return line("bar.red.popc.u32 " + reg() + ", 0, " + pred() + ";");
  case 1:
    return line("bar.red.or.pred " + pred() + ", 0, " + pred() + ";");
  case 2:
    return line("and.b32 %r22, " + reg() + ", 3;\nbar.sync %r22;");
  case 3:
    return line(std::string("bar.sync 0") + counts[below(3)] + ";");
  default:
    return line("barrier.sync 0;");
  }
}

/// By name or through a table; the functions are below.
inline void RandomWriter::call() {
  std::string prototype = "P" + std::to_string(labels++);
  line("{\n.param .b32 x; .param .b32 y;\nst.param.b32 [x], " + reg() + ";");
  if (below(2)) {
    line("call (y), again, (x);");
  } else {
    line("and.b32 %r21, " + reg() +
         ", 1;\nmul.wide.u32 %rd5, %r21, 8;\n"
         "mov.u64 %rd8, table;\nadd.u64 %rd5, %rd5, %rd8;\n"
         "ld.global.u64 %rd5, [%rd5];");
    line(prototype + ": .callprototype (.param .b32 _) _ (.param .b32 _);\n" +
         "call (y), %rd5, (x), " + prototype + ";");
  }
  line("ld.param.b32 " + reg() + ", [y];\n}");
}

/// One calls itself, up to sixteen times.
inline const char *const kFunctions =
    ".func (.param .b32 y) again(.param .b32 x)\n{\n"
    ".reg .b32 %a<4>; .reg .pred %q; .param .b32 p; .param .b32 r;\n"
    "ld.param.u32 %a0, [x];\nand.b32 %a1, %a0, 3;\n"
    "setp.eq.u32 %q, %a1, 0;\n@%q bra DONE;\nshr.u32 %a2, %a0, 2;\n"
    "st.param.b32 [p], %a2;\ncall (r), again, (p);\n"
    "ld.param.b32 %a3, [r];\nxor.b32 %a0, %a0, %a3;\n"
    "DONE: st.param.b32 [y], %a0;\nret;\n}\n"
    ".func (.param .b32 y) other(.param .b32 x)\n{\n.reg .b32 %a;\n"
    "ld.param.u32 %a, [x];\nnot.b32 %a, %a;\n"
    "st.param.b32 [y], %a;\nret;\n}\n"
    ".global .align 8 .u64 table[2] = {again, other};\n";

/// What Hopper has besides. Sizes, counts and addresses may be anything.
inline void RandomWriter::engines() {
  std::string size = reg();
  if (below(2)) {
    line("and.b32 %r23, " + size + ", 240;");
    size = "%r23";
  }
  line("setp.eq.u32 %p4, %r24, 0;"); // thread 0
  switch (below(5)) {
  case 0:
    line("@%p4 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
         "bytes " +
         address(16) + ", [%rd0], " + size + ", [bar];");
    return;
  case 1:
    line("@%p4 cp.async.bulk.global.shared::cta.bulk_group [%rd1], " +
         address(16) + ", " + size + ";");
    line("cp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;");
    return;
  case 2:
    line("@%p4 mbarrier.arrive.expect_tx.shared.b64 _, [bar], " + size + ";");
    return;
  case 3:
    line("and.b32 %r23, " + reg() + ", 8;\nadd.u32 %r23, %r23, bar;");
    line("@%p4 mbarrier.arrive.shared.b64 %rd7, [%r23], " + reg() + ";");
    return line("cvt.u32.u64 " + reg() + ", %rd7;");
  default:
    line("and.b32 %r23, " + reg() + ", 8;\nadd.u32 %r23, %r23, bar;");
    line("mbarrier.test_wait.parity.shared.b64 " + pred() + ", [%r23], " +
         reg() + ";");
    return;
  }
}

inline void RandomWriter::statement() {
  unsigned which = below(27);
  if (which < 8)
    return arithmetic();
  if (which < 11)
    return conditions();
  if (which < 16)
    return memory();
  if (which < 18)
    return lanes();
  if (which < 20)
    return copies();
  if (which < 22 && depth < 3)
    return branch();
  if (which == 22)
    return barrier();
  if (which > 24)
    return call();
  if (isHopper)
    return engines();
  arithmetic();
}

inline void RandomWriter::writeAll() {
  for (unsigned r = 0; r < 25; ++r)
    if (r)
      line("mov.u32 %r" + std::to_string(r) + ", -1;");
  for (unsigned p = 0; p < 5; ++p)
    line("setp.ne.u32 %p" + std::to_string(p) + ", 0, 0;");
  line("mov.b32 {%rs0, %rs1}, %r1;");
  line("shl.b32 %r20, %r0, 4;\nadd.u32 %r20, %r20, buffer;\n"
       "st.shared.v4.u32 [%r20], {%r1, %r1, %r1, %r1};\n"
       "mov.u32 %r20, -1;");
}

inline std::string RandomWriter::program(bool writesAll) {
  if (writesAll)
    writeAll();
  line("bar.sync 0;");
  line("mov.u32 %r24, %r0;\nmov.u32 %r1, %laneid;\nmov.u32 %r2, 12;");
  line("ld.global.v2.u32 {%r3, %r4}, [%rd2];\nsetp.lt.u32 %p0, %r0, 40;");
  line("shl.b32 %r20, %r0, 2;\nadd.u32 %r20, %r20, buffer;");
  line("st.shared.u32 [%r20+256], %r3;");
  if (isHopper)
    line("mov.u64 %rd7, 0;\nsetp.eq.u32 %p4, %r0, 0;\n"
         "@%p4 mbarrier.init.shared.b64 [bar], 2;\n"
         "@%p4 mbarrier.init.shared.b64 [bar+8], 3;\n"
         "bar.sync 0;");
  for (unsigned n = 20 + below(30); n; --n)
    statement();
  line("mul.wide.u32 %rd6, %r24, 64;\nadd.s64 %rd6, %rd6, %rd1;");
  for (unsigned r = 0; r < kRegisters; ++r)
    line("st.global.u32 [%rd6+" + std::to_string(1024 + 4 * r) + "], %r" +
         std::to_string(r) + ";");
  for (unsigned p = 0; p < 4; ++p)
    line("selp.u32 %r20, 1, 0, %p" + std::to_string(p) +
         ";\nst.global.u32 [%rd6+" + std::to_string(1072 + 4 * p) + "], %r20;");
  std::string text = kernelOf(body, std::string(kFunctions) +
                                        ".shared .align 16 .b8 buffer[1024];\n"
                                        ".shared .align 8 .b8 bar[16];\n");
  if (isHopper)
    text.replace(0, std::strlen(kHeader), kHopperHeader);
  return text;
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_RANDOMWRITER_H
