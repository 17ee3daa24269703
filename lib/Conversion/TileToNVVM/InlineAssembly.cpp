//===- InlineAssembly.cpp - Instructions that registers go through --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM keeps statements of assembly in order, and computes everything else as
// late as it likes. What must be computed before a statement goes through it: in
// as an operand, and out as a result in the same register.
//
// ptxas looks at instructions, not at statements, and takes waits as early as it
// can. What must be computed before a wait is made an operand of an instruction
// that it keeps in order with waits.
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn::tile;

SmallVector<Value> attn::tile::emitAssembly(OpBuilder &builder, Location loc,
                                            const Twine &text,
                                            TypeRange results, ValueRange tied,
                                            ValueRange inputs) {
  auto codeOf = [](Type type) {
    return type.isF32() ? "f" : type.isInteger(64) ? "l" : "r";
  };
  std::string constraints;
  auto add = [&](const Twine &constraint) {
    constraints += (constraints.empty() ? "" : ",") + constraint.str();
  };
  for (Type type : results)
    add(Twine("=") + codeOf(type));
  for (size_t i = 0; i < tied.size(); ++i)
    add(Twine(i));
  for (Value input : inputs)
    add(codeOf(input.getType()));
  SmallVector<Value> operands(tied);
  llvm::append_range(operands, inputs);
  SmallVector<Type> type(results);
  if (results.size() > 1)
    type = {LLVM::LLVMStructType::getLiteral(builder.getContext(), type)};
  auto assembly = LLVM::InlineAsmOp::create(
      builder, loc, type, operands, text.str(), constraints,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  if (results.size() <= 1)
    return SmallVector<Value>(assembly->getResults());
  SmallVector<Value> values;
  for (size_t i = 0; i < results.size(); ++i)
    values.push_back(
        LLVM::ExtractValueOp::create(builder, loc, assembly.getResult(0), i));
  return values;
}

SmallVector<SmallVector<Value>>
attn::tile::emitPast(OpBuilder &builder, Location loc, StringRef text,
                     ArrayRef<ValueRange> tiles, ValueRange inputs) {
  SmallVector<Value> words;
  for (ValueRange tile : tiles)
    for (Value value : tile)
      words.push_back(isa<VectorType>(value.getType())
                          ? LLVM::BitcastOp::create(
                                builder, loc, builder.getI32Type(), value)
                          : value);
  SmallVector<Type> types(ValueRange(words).getTypes());
  words = emitAssembly(builder, loc, text, types, words, inputs);
  SmallVector<SmallVector<Value>> past;
  auto next = words.begin();
  for (ValueRange tile : tiles) {
    SmallVector<Value> &values = past.emplace_back();
    for (Value value : tile) {
      Value word = *next++;
      values.push_back(word.getType() == value.getType()
                           ? word
                           : LLVM::BitcastOp::create(builder, loc,
                                                     value.getType(), word));
    }
  }
  return past;
}

std::string attn::tile::choosePredicate(size_t first, size_t count) {
  // A NaN that no instruction gives.
  constexpr unsigned kNever = 0x7fa5a5a5;
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += llvm::formatv("setp.eq.{0}b32 q, ${1}, {2}{3};\n", i ? "or." : "",
                          first + i, kNever, i ? ", q" : "");
  return text;
}
