//===- Classes.h - How instructions are counted -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_CLASSES_H
#define ATTNRT_SIM_DECODE_CLASSES_H

#include "Decode/Forms.h"
#include "attnrt/Counters.h"

namespace attnrt::sim {

/// A kind of matrix product.
struct ProductKind {
  Sem sem;
  std::string shape, types; // "m16n8k16", "f32.bf16.bf16.f32"
  bool fromRegisters;       // A
  uint64_t flops;
  uint32_t sharedBytes; // that operands have there

  bool operator==(const ProductKind &other) const {
    return sem == other.sem && shape == other.shape && types == other.types &&
           fromRegisters == other.fromRegisters;
  }
};

/// Facts about an operation that are counted each time it runs.
struct OpFacts {
  static constexpr uint16_t kNoProduct = 0xffff;
  Sem sem = Sem::Mov;
  InstructionClass kind = InstructionClass::Move;
  uint8_t perLane = 1;           // results, of a pair two
  uint16_t product = kNoProduct; // of the kernel's
};

InstructionClass classOf(const Match &match);
/// The modifiers as they are written; a product that is new joins `products`.
OpFacts factsOf(const Match &match, const std::vector<std::string> &modifiers,
                std::vector<ProductKind> &products);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_CLASSES_H
