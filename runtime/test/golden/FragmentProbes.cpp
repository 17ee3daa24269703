//===- FragmentProbes.cpp - Matrices between shared memory and registers --===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements say where they are: 16 bits each, so a word names two places.
//
//===----------------------------------------------------------------------===//

#include "Probe.h"

namespace attnrt::golden {

namespace {

constexpr unsigned kLanes = 32;

const char *const kHead =
    "\n.address_size 64\n"
    ".visible .entry probe(.param .u64 in, .param .u64 out)\n{\n"
    ".shared .align 128 .b8 tile[512];\n"
    ".reg .b32 %r<4>, %w<4>, %lane, %tile, %at, %row; .reg .b64 %in, %out, "
    "%by; .reg .pred %p;\n"
    "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
    "cvta.to.global.u64 %in, %in;\ncvta.to.global.u64 %out, %out;\n"
    "mov.u32 %lane, %tid.x;\nmul.wide.u32 %by, %lane, 16;\n"
    "add.s64 %in, %in, %by;\nadd.s64 %out, %out, %by;\n"
    "ld.global.v4.b32 {%w0, %w1, %w2, %w3}, [%in];\n"
    "mov.u32 %tile, tile;\nmad.lo.u32 %at, %lane, 16, %tile;\n"
    // Rows in no order that a lane could have by itself.
    "mul.lo.u32 %row, %lane, 5;\nadd.u32 %row, %row, 3;\n"
    "and.b32 %row, %row, 31;\nmad.lo.u32 %row, %row, 16, %tile;\n";

const char *const kFill = "st.shared.v4.b32 [%at], {%w0, %w1, %w2, %w3};\n"
                          "bar.sync 0;\n";
const char *const kClear =
    "mov.b32 %r0, 0;\nst.shared.v4.b32 [%at], {%r0, %r0, %r0, %r0};\n"
    "bar.sync 0;\n";
const char *const kEmpty = "mov.b32 %r0, 0;\nmov.b32 %r1, 0;\n"
                           "mov.b32 %r2, 0;\nmov.b32 %r3, 0;\n";
const char *const kTake = "bar.sync 0;\n"
                          "ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%at];\n";
const char *const kGive =
    "st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3};\nret;\n}\n";

Words counted(Random &) {
  Words out(4 * kLanes);
  for (uint32_t i = 0; i < out.size(); ++i)
    out[i] = (2 * i + 1) << 16 | 2 * i;
  return out;
}

Probe probeOf(const std::string &name, const char *about, int chip,
              const std::string &body) {
  Probe probe;
  probe.name = "fragments." + name;
  probe.about = about;
  probe.chips.least = chip;
  probe.ptx = ".version 8.0\n.target sm_" + std::to_string(chip) + kHead + body;
  probe.shape.block.x = kLanes;
  probe.inputs = counted;
  probe.outputWords = 4 * kLanes;
  probe.place = [](const Words &, size_t word) {
    return "word " + std::to_string(word % 4) + " of lane " +
           std::to_string(word / 4);
  };
  return probe;
}

std::string listOf(const char *stem, unsigned count) {
  std::string out = "{";
  for (unsigned i = 0; i < count; ++i)
    out += (i ? ", " : "") + (stem + std::to_string(i));
  return out + "}";
}

} // namespace

std::vector<Probe> fragmentProbes() {
  std::vector<Probe> out;
  for (unsigned count : {1, 2, 4})
    for (std::string trans : {"", ".trans"}) {
      std::string end = ".sync.aligned.m8n8.x" + std::to_string(count) + trans +
                        ".shared.b16 ";
      std::string name = ".x" + std::to_string(count) + trans;
      out.push_back(probeOf("ldmatrix" + name, "which element goes where", 80,
                            std::string(kFill) + kEmpty + "ldmatrix" + end +
                                listOf("%r", count) + ", [%row];\n" + kGive));
      out.push_back(probeOf("stmatrix" + name, "which element goes where", 90,
                            std::string(kClear) + "stmatrix" + end +
                                "[%row], " + listOf("%w", count) + ";\n" +
                                kTake + kGive));
    }
  out.push_back(
      probeOf("movmatrix", "which element goes where", 80,
              std::string(kEmpty) +
                  "movmatrix.sync.aligned.m8n8.trans.b16 %r0, %w0;\n" + kGive));
  // Of 16 bytes half as many as the lane has lanes before it; the rest is zero.
  out.push_back(
      probeOf("cp_async", "cp.async of fewer bytes than it writes", 80,
              std::string(kFill) +
                  "shr.u32 %w0, %lane, 1;\n"
                  "cp.async.cg.shared.global [%row], [%in], 16, %w0;\n"
                  "cp.async.commit_group;\ncp.async.wait_group 0;\n" +
                  kTake + kGive));
  return out;
}

} // namespace attnrt::golden
