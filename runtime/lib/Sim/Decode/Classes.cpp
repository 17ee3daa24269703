//===- Classes.cpp - How instructions are counted -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Opcodes.def gives each opcode a rule. Most are classes; the others ask for
// the type or the space:
//
//   Arithmetic  Integer, Half, Single or Double
//   Select      Integer or Half, else Compare: no multiplier takes part
//   Special     Integer where the type is one, as that of a div
//   Memory      the space that is named, else Generic
//   Tensor      products; what orders wgmmas is a Barrier
//
//===----------------------------------------------------------------------===//

#include "Decode/Classes.h"

#include <algorithm>
#include <cstdio>

using namespace attnrt;
using namespace attnrt::sim;
using ptx::Type;

namespace {
/// The classes, in their order, and rules that are none.
enum class Rule : uint8_t {
#define X(name, key) name,
  ATTNRT_INSTRUCTION_CLASSES(X)
#undef X
      Arithmetic,
  Select,
  Memory,
};
} // namespace

static constexpr Rule kRules[] = {
#define OPCODE(sem, name, rule) Rule::rule,
#include "Decode/Opcodes.def"
};

static InstructionClass classOf(Type type) {
  switch (type) {
  case Type::F16:
  case Type::F16x2:
  case Type::BF16:
  case Type::BF16x2:
    return InstructionClass::Half;
  case Type::TF32:
  case Type::F32:
    return InstructionClass::Single;
  case Type::F64:
    return InstructionClass::Double;
  default:
    return InstructionClass::Integer;
  }
}

static InstructionClass spaceOf(const Match &match) {
  for (std::string_view word : match.modifiers) {
    if (word == "global" || word == "const")
      return InstructionClass::Global;
    if (word.substr(0, 6) == "shared")
      return InstructionClass::Shared;
    if (word == "local")
      return InstructionClass::Local;
    if (word.substr(0, 5) == "param")
      return InstructionClass::Param;
  }
  return match.sem() == Sem::Ldu ? InstructionClass::Global
                                 : InstructionClass::Generic;
}

InstructionClass attnrt::sim::classOf(const Match &match) {
  Rule rule = kRules[static_cast<int>(match.sem())];
  InstructionClass byType =
      match.types.empty() ? InstructionClass::Integer : ::classOf(match.type());
  bool isInteger = byType == InstructionClass::Integer;
  switch (rule) {
  case Rule::Arithmetic:
    return byType;
  case Rule::Select:
    return isInteger || byType == InstructionClass::Half
               ? byType
               : InstructionClass::Compare;
  case Rule::Special:
    return isInteger ? byType : InstructionClass::Special;
  case Rule::Memory:
    return spaceOf(match);
  case Rule::Tensor:
    if (match.sem() == Sem::Wmma && !match.has("mma"))
      return spaceOf(match);
    return match.sem() != Sem::Wgmma || match.has("mma_async")
               ? InstructionClass::Tensor
               : InstructionClass::Barrier;
  default:
    return static_cast<InstructionClass>(rule);
  }
}

/// M, N and K of `m16n8k16`.
static bool readShape(const std::string &text, unsigned (&sizes)[3]) {
  return std::sscanf(text.c_str(), "m%un%uk%u", &sizes[0], &sizes[1],
                     &sizes[2]) == 3;
}

static ProductKind productOf(const Match &match,
                             const std::vector<std::string> &modifiers) {
  ProductKind product = {};
  product.sem = match.sem();
  bool isWgmma = match.sem() == Sem::Wgmma;
  product.fromRegisters =
      !isWgmma || match.form->operands.find("s32*4") != std::string_view::npos;
  unsigned sizes[3] = {};
  for (const std::string &word : modifiers) {
    if (readShape(word, sizes)) {
      product.shape = word;
      continue;
    }
    if (product.shape.empty() || word == "row" || word == "col")
      continue;
    product.types += (product.types.empty() ? "" : ".") + word;
  }
  product.flops = uint64_t(2) * sizes[0] * sizes[1] * sizes[2];
  // A row of either operand has 32 bytes along K.
  if (isWgmma)
    product.sharedBytes =
        32 * (sizes[1] + (product.fromRegisters ? 0 : sizes[0]));
  return product;
}

OpFacts attnrt::sim::factsOf(const Match &match,
                             const std::vector<std::string> &modifiers,
                             std::vector<ProductKind> &products) {
  OpFacts facts;
  facts.sem = match.sem();
  facts.kind = classOf(match);
  bool isPair = !match.types.empty() &&
                (match.type() == Type::F16x2 || match.type() == Type::BF16x2);
  facts.perLane = isPair ? 2 : 1;
  if (facts.kind != InstructionClass::Tensor)
    return facts;
  ProductKind product = productOf(match, modifiers);
  auto known = std::find(products.begin(), products.end(), product);
  facts.product = static_cast<uint16_t>(known - products.begin());
  if (known == products.end())
    products.push_back(std::move(product));
  return facts;
}
