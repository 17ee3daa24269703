//===- Attn.h - The attn dialect --------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one header of the dialect: its attributes and its operations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTN_H
#define ATTN_DIALECT_ATTN_IR_ATTN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/Dialect/Attn/IR/AttnDialect.h.inc"
#include "attn/Dialect/Attn/IR/AttnEnums.h.inc"

namespace attn {
/// A number without a type, as an f64.
llvm::FailureOr<llvm::APFloat> parseNumber(mlir::AsmParser &parser);
} // namespace attn

#include "attn/Dialect/Attn/IR/AttnAttrInterfaces.h.inc"

namespace attn {

/// An operand of a compilable operation. `value` is null where the operation
/// lacks it.
struct OpSource {
  llvm::StringRef name;
  mlir::Value value;
  /// Whether another operation may compute it.
  bool mayBeComputed = false;
  /// Whether it is read element by element, wherever these lie.
  bool isReadByElement = false;
  /// Whether attention may compute it, or gradients of attention.
  bool mayBeAttention = false, mayBeGradient = false;
};

/// A row index of a result: `constant` plus multiples of dimensions of tensors.
struct EdgeRow {
  struct Term {
    mlir::Value tensor;
    int64_t dim, coefficient;
  };
  int64_t constant = 0;
  llvm::SmallVector<Term, 2> terms;
};

} // namespace attn

#define GET_ATTRDEF_CLASSES
#include "attn/Dialect/Attn/IR/AttnAttrs.h.inc"

#include "attn/Dialect/Attn/IR/AttnOpInterfaces.h.inc"

namespace attn {
/// Whether a source is absent, an argument of the function, or the result of an
/// operation that may compute it.
bool isSupportedSource(const OpSource &source);

/// The scale, or 1/sqrt(dqk).
float scaleOrDefault(std::optional<llvm::APFloat> scale, int64_t dqk);

/// What 16 random bits are compared with under a rate of dropout, and the
/// factor of the weights that are left.
int64_t dropThreshold(std::optional<llvm::APFloat> rate);
double dropFactor(std::optional<llvm::APFloat> rate);
} // namespace attn

#define GET_OP_CLASSES
#include "attn/Dialect/Attn/IR/AttnOps.h.inc"

namespace attn {
/// The operations behind a tensor that what reads it computes, in order: those
/// that are marked as fused, back to the first that is not.
llvm::SmallVector<RowOp, 2> fusedRowOps(mlir::Value tensor);
} // namespace attn

#endif // ATTN_DIALECT_ATTN_IR_ATTN_H
