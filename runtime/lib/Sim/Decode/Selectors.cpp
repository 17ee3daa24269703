//===- Selectors.cpp - Parts of registers ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/BodyDecoder.h"

using namespace attnrt::sim;
using ptx::Operand;

/// Selectors lie in `imm`, 20 bits each, the destination's lowest: the letter,
/// the number of digits and these, four bits each.
bool OperandDecoder::selector(const Operand &op, const OperandSpec &spec) {
  uint64_t bits = 0;
  if (op.kind == Operand::Reg && !op.name.empty()) {
    if (!spec.selects)
      return fail("unexpected selector `." + op.name + "`");
    bits = op.name[0] == 'b' ? 1 : 2;
    bits = bits << 2 | (op.name.size() - 2);
    uint64_t digits = 0;
    for (char c : op.name.substr(1))
      digits = digits << 4 | static_cast<uint64_t>(c - '0');
    bits = bits << 16 | digits;
  }
  if (spec.selects)
    draft.op.imm |=
        static_cast<int64_t>(bits << (20 * (spec.kind == 'd' ? 0 : srcs + 1)));
  return true;
}
