//===- ClauseSyntax.h - Clauses of attention as text ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `attn.sdpa` and `attn.sdpa_grad` have the same clauses behind operands of
// their own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_CLAUSESYNTAX_H
#define ATTN_LIB_DIALECT_ATTN_IR_CLAUSESYNTAX_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The operands that clauses name, in the order of the ops.
enum ClauseOperand {
  kCaptures,
  kAlibi,
  kRelativeBias,
  kBias,
  kSinks,
  kPrefixLengths,
  kQueryDocuments,
  kKeyDocuments,
  kMask,
  kSeed,
  kOffset,
  kClauseOperands
};

/// The operands of a clause, with their types.
struct ClauseOperands {
  mlir::SMLoc loc;
  llvm::SmallVector<mlir::OpAsmParser::UnresolvedOperand, 2> names;
  llvm::SmallVector<mlir::Type, 2> types;
};

/// A region, by the word in front of it.
using NamedRegion = std::pair<llvm::StringRef, mlir::Region *>;

/// What the clauses of an op say.
struct Clauses {
  llvm::SmallVector<NamedRegion, 4> regions;
  ClauseOperands operands[kClauseOperands];
  /// Those of `gradients_of`; null where the op has no such clause.
  ClauseOperands *differentiated = nullptr;
  mlir::FloatAttr scale, softcap, dropout;
  mlir::IntegerAttr maxDistance, prefix, chunked;
  mlir::UnitAttr bidirectional;
  CausalAttr causal;
  WindowAttr window;
  LayoutAttr layout;
  MaskedRowAttr maskedRow;
  PrecisionAttr precision;

  template <typename PropertiesT>
  void moveTo(PropertiesT &properties) const {
    properties.scale = scale;
    properties.softcap = softcap;
    properties.dropout = dropout;
    properties.max_distance = maxDistance;
    properties.prefix = prefix;
    properties.chunked = chunked;
    properties.bidirectional = bidirectional;
    properties.causal = causal;
    properties.window = window;
    properties.precision = precision;
    if (layout)
      properties.layout = layout;
    if (maskedRow)
      properties.masked_row = maskedRow;
  }
};

/// Parses clauses in any order, each at most once.
mlir::ParseResult parseClauses(mlir::OpAsmParser &parser, Clauses &clauses);
/// Prints clauses in the order of the ops, without those that have defaults.
void printClauses(mlir::OpAsmPrinter &printer, AttentionOp op,
                  llvm::ArrayRef<NamedRegion> regions);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_CLAUSESYNTAX_H
