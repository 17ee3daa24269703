//===- Elementwise.cpp - One instruction on many operands -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"

namespace attnrt::golden {

static constexpr uint32_t kThreads = 256;

static std::string textOf(const Elementwise &row, size_t count) {
  std::string load;
  for (unsigned i = 0; i < row.operands; ++i)
    load += std::string("ld.global.b32 %") + "abc"[i] + ", [%in+" +
            std::to_string(4 * i) + "];\n";
  return std::string(".version 8.0\n.target ") + row.target +
         "\n.address_size 64\n"
         ".visible .entry probe(.param .u64 in, .param .u64 out)\n{\n"
         ".reg .b32 %a, %b, %c, %d, %x, %y, %i, %n, %t; .reg .pred %p;\n"
         ".reg .b16 %h, %l; .reg .b64 %in, %out, %by;\n"
         "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
         "cvta.to.global.u64 %in, %in;\ncvta.to.global.u64 %out, %out;\n"
         "mov.u32 %i, %ctaid.x;\nmov.u32 %n, %ntid.x;\nmov.u32 %t, %tid.x;\n"
         "mad.lo.u32 %i, %i, %n, %t;\nsetp.ge.u32 %p, %i, " +
         std::to_string(count) + ";\n@%p bra END;\nmul.wide.u32 %by, %i, " +
         std::to_string(4 * row.operands) +
         ";\nadd.s64 %in, %in, %by;\nmul.wide.u32 %by, %i, 4;\n"
         "add.s64 %out, %out, %by;\n" +
         load + row.instructions +
         "\nst.global.b32 [%out], %d;\nEND: ret;\n}\n";
}

Chips chipsOf(const std::string &target) {
  int chip = std::stoi(target.substr(3));
  return {chip, target.back() == 'a' ? chip : Chips().most};
}

Probe probeOf(const Elementwise &row, const std::string &name, size_t count,
              std::function<Words(Random &)> inputs) {
  Probe probe;
  probe.name = name;
  probe.about = row.about;
  probe.chips = chipsOf(row.target);
  probe.ptx = textOf(row, count);
  probe.shape.grid.x = static_cast<uint32_t>((count + kThreads - 1) / kThreads);
  probe.shape.block.x = kThreads;
  probe.inputs = std::move(inputs);
  probe.outputWords = count;
  probe.element = row.element;
  probe.demand = row.demand;
  probe.bound = row.bound;
  probe.place = [operands = row.operands](const Words &inputs, size_t word) {
    std::string text = "of ";
    for (unsigned i = 0; i < operands; ++i)
      text += (i ? ", " : "") + hex(inputs[word * operands + i]);
    return text;
  };
  return probe;
}

Probe probeOf(const Elementwise &row, std::function<Words(Random &)> inputs) {
  Random any(0);
  size_t count = inputs(any).size() / row.operands;
  return probeOf(row, row.name, count, std::move(inputs));
}

} // namespace attnrt::golden
