//===- MachineProbes.cpp - What depends on the machine --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Told, not compared: no program may rely on it, and the simulator chooses what
// is worst for one.
//
//===----------------------------------------------------------------------===//

#include "Probe.h"

#include <iterator>

namespace attnrt::golden {

namespace {

const char *const kEntry =
    ".visible .entry probe(.param .u64 in, .param .u64 out)\n";
const char *const kBegin =
    ".reg .b32 %r<16>; .reg .b64 %rd<8>, %out, %by; .reg .pred %p<4>;\n"
    "ld.param.u64 %out, [out];\ncvta.to.global.u64 %out, %out;\n"
    "mov.u32 %r0, %tid.x;\nsetp.eq.u32 %p0, %r0, 0;\n";

Probe probeOf(const char *name, const char *about, const std::string &text,
              std::vector<std::string> labels, LaunchShape shape) {
  Probe probe;
  probe.name = std::string("machine.") + name;
  probe.about = about;
  probe.chips.least = 90;
  probe.ptx = ".version 8.0\n.target sm_90\n.address_size 64\n" + text;
  probe.shape = shape;
  probe.demand = Demand::Shown;
  probe.inputs = [](Random &) { return Words(1); };
  probe.outputWords = labels.size();
  probe.place = [labels](const Words &, size_t word) { return labels[word]; };
  return probe;
}

LaunchShape oneBlock(uint32_t threads, uint32_t dynamicBytes = 0) {
  LaunchShape shape;
  shape.block.x = threads;
  shape.dynamicSharedBytes = dynamicBytes;
  return shape;
}

/// Of all lanes, of the upper ones, of two.
Probe elected() {
  std::string text = std::string(kEntry) + "{\n" + kBegin;
  struct Row {
    const char *mask, *isMember;
  };
  const Row rows[] = {{"0xffffffff", "setp.ge.u32 %p1, %r0, 0;\n"},
                      {"0xffff0000", "setp.ge.u32 %p1, %r0, 16;\n"},
                      {"0x80000001", "and.b32 %r1, %r0, 31;\nsetp.eq.u32 %p1, "
                                     "%r1, 0;\nsetp.eq.u32 %p2, %r1, 31;\n"
                                     "or.pred %p1, %p1, %p2;\n"}};
  for (size_t i = 0; i < std::size(rows); ++i) {
    std::string skip = "SKIP" + std::to_string(i);
    text += rows[i].isMember + ("@!%p1 bra " + skip) +
            ";\nelect.sync %r2|%p3, " + rows[i].mask +
            ";\n@%p3 st.global.b32 [%out+" + std::to_string(4 * i) +
            "], %r0;\n" + skip + ": bar.warp.sync 0xffffffff;\n";
  }
  return probeOf("elect", "which lane elect.sync takes", text + "ret;\n}\n",
                 {"leader of all lanes", "leader of lanes 16 to 31",
                  "leader of lanes 0 and 31"},
                 oneBlock(32));
}

Probe addresses() {
  std::string text =
      std::string(".extern .shared .align 1024 .b8 dynamic[];\n") + kEntry +
      "{\n.shared .align 16 .b8 first[48];\n.shared .align 128 .b8 "
      "second[256];\n" +
      kBegin +
      "mov.u32 %r1, first;\nmov.u32 %r2, second;\nmov.u32 %r3, dynamic;\n"
      "@!%p0 bra END;\nst.global.b32 [%out], %r1;\n"
      "st.global.b32 [%out+4], %r2;\nst.global.b32 [%out+8], %r3;\n"
      "END: ret;\n}\n";
  return probeOf("shared_addresses", "where shared memory begins", text,
                 {"variable of alignment 16", "variable of alignment 128",
                  "dynamic shared memory of alignment 1024"},
                 oneBlock(32, 4096));
}

Probe ranks() {
  std::string text =
      std::string(kEntry) + "{\n.shared .align 16 .b8 own[16];\n" + kBegin +
      "mov.u32 %r1, own;\nmapa.shared::cluster.u32 %r2, %r1, 0;\n"
      "mapa.shared::cluster.u32 %r3, %r1, 1;\nmov.u32 %r4, %cluster_ctarank;\n"
      "mul.wide.u32 %by, %r4, 12;\nadd.s64 %out, %out, %by;\n"
      "@!%p0 bra END;\nst.global.b32 [%out], %r1;\n"
      "st.global.b32 [%out+4], %r2;\nst.global.b32 [%out+8], %r3;\n"
      "END: ret;\n}\n";
  LaunchShape shape = oneBlock(32);
  shape.grid.x = shape.cluster.x = 2;
  return probeOf("ranks", "the rank in shared::cluster addresses", text,
                 {"own address in rank 0", "that of rank 0 from rank 0",
                  "that of rank 1 from rank 0", "own address in rank 1",
                  "that of rank 0 from rank 1", "that of rank 1 from rank 1"},
                 shape);
}

/// Warp 1 arrives after some 200000 cycles; meanwhile warp 0 asks.
Probe tries() {
  std::string text =
      std::string(kEntry) + "{\n.shared .align 8 .b8 bar[8];\n" + kBegin +
      "@%p0 mbarrier.init.shared::cta.b64 [bar], 1;\n"
      "@%p0 st.global.b32 [%out+8], 0;\nbar.sync 0;\n"
      "setp.eq.u32 %p1, %r0, 32;\n@%p1 bra LATE;\n@!%p0 bra END;\n"
      "mov.u32 %r1, 0;\nmov.u64 %rd0, %clock64;\nmov.u64 %rd3, %rd0;\n"
      "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p2, [bar], 0;\n"
      "mov.u64 %rd1, %clock64;\n@%p2 bra CAME;\n"
      "add.u32 %r1, %r1, 1;\nsetp.eq.u32 %p3, %r1, 1;\n"
      "sub.s64 %rd2, %rd1, %rd3;\ncvt.u32.u64 %r2, %rd2;\n"
      "@%p3 st.global.b32 [%out+8], %r2;\nbra WAIT;\n"
      "CAME: st.global.b32 [%out], %r1;\nsub.s64 %rd2, %rd1, %rd0;\n"
      "cvt.u32.u64 %r2, %rd2;\nst.global.b32 [%out+4], %r2;\nbra END;\n"
      "LATE: mov.u64 %rd0, %clock64;\n"
      "SPIN: mov.u64 %rd1, %clock64;\nsub.s64 %rd2, %rd1, %rd0;\n"
      "setp.lt.u64 %p3, %rd2, 200000;\n@%p3 bra SPIN;\n"
      "mbarrier.arrive.shared::cta.b64 %rd4, [bar];\nEND: ret;\n}\n";
  return probeOf("try_wait", "how long a try_wait waits", text,
                 {"waits that came back empty-handed",
                  "cycles until the phase was over",
                  "cycles of the first empty-handed one"},
                 oneBlock(64));
}

} // namespace

std::vector<Probe> machineProbes() {
  return {elected(), addresses(), ranks(), tries()};
}

} // namespace attnrt::golden
