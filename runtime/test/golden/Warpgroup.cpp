//===- Warpgroup.cpp - One wgmma, as text ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Warpgroup.h"

namespace attnrt::golden {

uint64_t Layout::descriptor(unsigned rows, unsigned at) const {
  unsigned leading = 16, stride = 8 * swizzle;
  if (!swizzle) {
    leading = mnMajor ? 128 : rows * 16;
    stride = mnMajor ? 256 : 128;
  } else if (mnMajor) {
    leading = 16 * swizzle; // from panel to panel of sixteen rows
  }
  uint64_t kind = swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle ? 3 : 0;
  return uint64_t(at + startBytes) >> 4 | uint64_t(leading >> 4) << 16 |
         uint64_t(stride >> 4) << 32 | uint64_t(baseOffset) << 49 | kind << 62;
}

static std::string number(uint64_t value) {
  return std::to_string(static_cast<int64_t>(value));
}

/// `count` words of a thread from [%from] into %stem0 and on.
static std::string loads(const char *stem, unsigned count, const char *from) {
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += "ld.global.b32 " + (stem + std::to_string(i)) + ", [" + from + "+" +
            std::to_string(4 * i) + "];\n";
  return text;
}

static std::string listOf(const char *stem, unsigned count) {
  std::string out = "{";
  for (unsigned i = 0; i < count; ++i)
    out += (i ? ", " : "") + (stem + std::to_string(i));
  return out + "}";
}

static std::string instruction(const Warpgroup &w) {
  std::string text =
      "wgmma.mma_async.sync.aligned.m64n" + std::to_string(w.columns) + "k" +
      std::to_string(w.depth()) + "." + w.result.name + "." + w.a.name + "." +
      w.b.name + " " + listOf("%d", w.accumulators()) + ", " +
      (w.fromRegisters ? "{%a0, %a1, %a2, %a3}" : "%adesc") +
      ", %bdesc, %accumulate, 1, 1";
  bool hasTransposes = w.a.bits() == 16;
  if (hasTransposes && !w.fromRegisters)
    text += w.aLayout.mnMajor ? ", 1" : ", 0";
  if (hasTransposes)
    text += w.bLayout.mnMajor ? ", 1" : ", 0";
  return text + ";\n";
}

std::string Warpgroup::text() const {
  std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n"
      ".visible .entry probe(.param .u64 in, .param .u64 out)\n"
      ".maxntid 128\n{\n"
      ".shared .align 1024 .b8 tile[" +
      std::to_string(imageBytes) +
      "];\n"
      ".reg .b32 %d<128>, %a<4>, %w<4>, %thread, %cta, %tile, %to;\n"
      ".reg .b64 %in, %out, %by, %from, %tile64, %adesc, %bdesc;\n"
      ".reg .pred %accumulate;\n"
      "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
      "cvta.to.global.u64 %in, %in;\ncvta.to.global.u64 %out, %out;\n"
      "mov.u32 %cta, %ctaid.x;\nmov.u32 %thread, %tid.x;\n"
      "mul.wide.u32 %by, %cta, " +
      number(4 * inputWords()) +
      ";\nadd.s64 %in, %in, %by;\nmul.wide.u32 %by, %cta, " +
      number(4 * outputWords()) +
      ";\nadd.s64 %out, %out, %by;\n"
      "mov.u32 %tile, tile;\nmad.lo.u32 %to, %thread, 16, %tile;\n"
      "mul.wide.u32 %by, %thread, 16;\nadd.s64 %from, %in, %by;\n";
  for (unsigned at = 0; at < imageBytes; at += 16 * kThreads)
    text += loads("%w", 4, ("%from+" + std::to_string(at)).c_str()) +
            "st.shared.v4.b32 [%to+" + std::to_string(at) +
            "], {%w0, %w1, %w2, %w3};\n";
  text += "add.s64 %from, %from, " + number(imageBytes) + ";\n" +
          loads("%a", 4, "%from") + "mul.wide.u32 %by, %thread, " +
          number(4 * accumulators()) +
          ";\nadd.s64 %out, %out, %by;\nadd.s64 %from, %in, " +
          number(imageBytes + 16 * kThreads) +
          ";\nadd.s64 %from, %from, %by;\n" +
          loads("%d", accumulators(), "%from") +
          "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
          "and.b32 %tile, %tile, 0x3ffff;\nshr.u32 %tile, %tile, 4;\n"
          "cvt.u64.u32 %tile64, %tile;\nadd.s64 %adesc, %tile64, " +
          number(aLayout.descriptor(64, 0)) + ";\nadd.s64 %bdesc, %tile64, " +
          number(bLayout.descriptor(columns, bAt)) +
          ";\nsetp.eq.u32 %accumulate, 0, 0;\nwgmma.fence.sync.aligned;\n" +
          instruction(*this) +
          "wgmma.commit_group.sync.aligned;\n"
          "wgmma.wait_group.sync.aligned 0;\n";
  for (unsigned i = 0; i < accumulators(); ++i)
    text += "st.global.b32 [%out+" + std::to_string(4 * i) + "], %d" +
            std::to_string(i) + ";\n";
  return text + "ret;\n}\n";
}

Probe probeOf(const Warpgroup &warpgroup, const std::string &name,
              unsigned ctas) {
  Probe probe;
  probe.name = name;
  probe.chips = {90, 90};
  probe.ptx = warpgroup.text();
  probe.shape.grid.x = ctas;
  probe.shape.block.x = Warpgroup::kThreads;
  probe.outputWords = size_t(ctas) * warpgroup.outputWords();
  probe.element = warpgroup.result.bits() == 16 ? Element::F16 : Element::F32;
  return probe;
}

} // namespace attnrt::golden
