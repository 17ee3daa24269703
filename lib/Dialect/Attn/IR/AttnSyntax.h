//===- AttnSyntax.h - Syntax that attributes and clauses share --*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `attn.sdpa … causal(x)` and `#attn.causal<x>` spell x the same way; so do
// `window(x)` and `#attn.window<x>`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ATTNSYNTAX_H
#define ATTN_LIB_DIALECT_ATTN_IR_ATTNSYNTAX_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Parse what stands between the brackets of `causal` and of `window`. They
/// return null after an error, which has been reported.
CausalAttr parseCausalBody(mlir::AsmParser &parser);
WindowAttr parseWindowBody(mlir::AsmParser &parser);

void printCausalBody(mlir::AsmPrinter &printer, CausalAttr causal);
void printWindowBody(mlir::AsmPrinter &printer, WindowAttr window);

mlir::ParseResult parsePairing(mlir::OpAsmParser &parser, PairingAttr &pairing);
void printPairing(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                  PairingAttr pairing);
mlir::ParseResult parseLayout(mlir::OpAsmParser &parser, LayoutAttr &layout);
void printLayout(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                 LayoutAttr layout);

mlir::ParseResult parseNormKind(mlir::OpAsmParser &parser, NormKindAttr &kind);
void printNormKind(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   NormKindAttr kind);
/// The types of rows that are mapped, and of what they are mapped to where that
/// is another: `tensor<…xbf16> -> tensor<…xf32>`.
mlir::ParseResult parseRowTypes(mlir::OpAsmParser &parser, mlir::Type &input,
                                mlir::Type &output);
void printRowTypes(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   mlir::Type input, mlir::Type output);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ATTNSYNTAX_H
