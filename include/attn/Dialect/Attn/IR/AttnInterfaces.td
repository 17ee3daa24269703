//===- AttnInterfaces.td - What can be compiled ------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD
#define ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD

include "mlir/IR/Interfaces.td"

def Attn_CompilableOp : OpInterface<"CompilableOp"> {
  let cppNamespace = "::attn";
  let description = [{
    An operation that the compiler turns into kernels. The interface holds what
    every component may ask of such an operation without knowing which one it is:
    what it reads, what is refused, and how its results are judged. Components that
    build something from the operation (kernels, the judge) add interfaces of their
    own.
  }];
  let methods = [
    InterfaceMethod<[{
      The operands, each with the name that messages use.
    }], "::llvm::SmallVector<::attn::OpSource>", "getSources">,
    InterfaceMethod<[{
      The operand that the first result is computed from, row by row. Following it
      leads to the argument of the function that messages about shapes name.
    }], "::mlir::Value", "getMainSource">,
    InterfaceMethod<[{
      Whether other operations may read the results.
    }], "bool", "mayFeedOthers", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{
      Refuses what the dialect can express and the compiler does not support,
      beyond what holds for every operation.
    }], "::llvm::LogicalResult", "checkSupport", (ins), [{}],
    [{ return ::mlir::success(); }]>,
    InterfaceMethod<[{
      The dimensions of a result that count its rows: the judge recomputes single
      rows.
    }], "::llvm::SmallVector<int64_t>", "getRowDims",
    (ins "::mlir::OpResult":$result)>,
    InterfaceMethod<[{
      The name of a result in what a package says of a function.
    }], "::llvm::StringRef", "getResultRole", (ins "::mlir::OpResult":$result)>,
    InterfaceMethod<[{
      The number of errors of up to 2^-23, relative to the largest value, that
      add up behind a value of the result and that the baseline does not make:
      MMA steps of a score, roundings of an angle. `chops` says that products are
      those of matrix instructions, which cut f32 sums off.
    }], "int64_t", "getChainLength",
    (ins "::mlir::OpResult":$result, "bool":$chops)>,
    InterfaceMethod<[{
      Rows that a sampling judge must not miss: those at which a mask starts or
      stops to bind.
    }], "::llvm::SmallVector<::attn::EdgeRow>", "getEdgeRows", (ins), [{}],
    [{ return {}; }]>
  ];
}

def Attn_DifferentiableOp : OpInterface<"DifferentiableOp"> {
  let cppNamespace = "::attn";
  let description = [{
    An operation with a rule of differentiation. `attn-differentiate` copies it,
    and asks the copy for the gradients of its operands when the cotangents of its
    results are known.
  }];
  let methods = [
    InterfaceMethod<[{
      Reports what of the operation has no derivative.
    }], "::llvm::LogicalResult", "checkDifferentiable", (ins), [{}],
    [{ return ::mlir::success(); }]>,
    InterfaceMethod<[{
      The operation with all results that its gradients are computed from; it
      takes the place of this one where that has fewer.
    }], "::mlir::Operation *", "completeForGradients",
    (ins "::mlir::OpBuilder &":$builder), [{}], [{ return $_op; }]>,
    InterfaceMethod<[{
      Whether gradients take results that the function returned, where these are
      given, and do not compute them again.
    }], "bool", "isSaved", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{
      Writes the gradients of the operands, null for one that has none. `results`
      stand for those of the operation; a cotangent is null where it is zero.
    }], "::llvm::SmallVector<::mlir::Value>", "buildGradients",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$results,
         "::mlir::ValueRange":$cotangents)>
  ];
}

def Attn_RowOp : OpInterface<"RowOp"> {
  let cppNamespace = "::attn";
  let description = [{
    An operation that maps each row of a tensor of rank 4 to a row as long: norms
    and rotary positions. Attention reads what a chain of them makes of query and
    key, and a kernel may compute such a chain where it loads the rows.
  }];
  let methods = [
    InterfaceMethod<[{ The tensor whose rows are mapped. }],
                    "::mlir::Value", "getInput">,
    InterfaceMethod<[{ The tensor of the mapped rows. }],
                    "::mlir::Value", "getOutput">,
    InterfaceMethod<[{ The order of the dimensions of both. }],
                    "::attn::Layout", "getLayout">,
    InterfaceMethod<[{ Sets that; types are the caller's. }], "void",
                    "setLayout", (ins "::attn::Layout":$layout)>,
    InterfaceMethod<[{
      Whether the kernel of what reads the result computes it.
    }], "bool", "getFused">,
    InterfaceMethod<[{ Sets that. }], "void", "setFused", (ins "bool":$fused)>
  ];
  let extraSharedClassDeclaration = [{
    /// Both tensors have this type, but for their elements.
    ::mlir::RankedTensorType getRowsType() {
      return ::llvm::cast<::mlir::RankedTensorType>($_op.getInput().getType());
    }
    ::mlir::FloatType getInputElement() {
      return ::llvm::cast<::mlir::FloatType>(getRowsType().getElementType());
    }
    ::mlir::FloatType getOutputElement() {
      return ::llvm::cast<::mlir::FloatType>(
          ::mlir::getElementTypeOrSelf($_op.getOutput()));
    }
    int64_t getFeatures() { return getRowsType().getShape().back(); }
    // Positions of the dimensions.
    int64_t batchDim() { return 0; }
    int64_t headDim() { return $_op.getLayout() == ::attn::Layout::BHSD ? 1 : 2; }
    int64_t lengthDim() {
      return $_op.getLayout() == ::attn::Layout::BHSD ? 2 : 1;
    }
  }];
}

/// A method that the op has by its definition.
class Attn_Getter<string type, string name, dag arguments = (ins)>
    : InterfaceMethod<"", type, name, arguments>;

/// The accessors of an optional tensor.
class Attn_Tensor<string name> {
  list<InterfaceMethod> methods = [
    Attn_Getter<"::mlir::TypedValue<::mlir::RankedTensorType>", "get" # name>,
    Attn_Getter<"::mlir::MutableOperandRange", "get" # name # "Mutable">];
}
/// The accessors of an optional number.
class Attn_Optional<string name, string value, string attribute> {
  list<InterfaceMethod> methods = [
    Attn_Getter<"std::optional<" # value # ">", "get" # name>,
    Attn_Getter<attribute, "get" # name # "Attr">,
    Attn_Getter<"::mlir::Attribute", "remove" # name # "Attr">];
}
class Attn_Count<string name>
    : Attn_Optional<name, "uint64_t", "::mlir::IntegerAttr">;
class Attn_Real<string name>
    : Attn_Optional<name, "::llvm::APFloat", "::mlir::FloatAttr">;
class Attn_Word<string name>
    : Attn_Optional<name, "::attn::" # name # "Attr", "::attn::" # name # "Attr">;

def Attn_AttentionOp : OpInterface<"AttentionOp"> {
  let cppNamespace = "::attn";
  let description = [{
    `attn.sdpa`, and what computes its gradients: query, key and value with the
    clauses that say what a score is and which keys a row keeps. Whoever reads or
    rewrites clauses and their regions works on this interface.
  }];
  defvar tensor = "::mlir::TypedValue<::mlir::RankedTensorType>";
  let methods = [
    Attn_Getter<tensor, "getQuery">,
    Attn_Getter<tensor, "getKey">,
    Attn_Getter<tensor, "getValue">,
    Attn_Getter<"::mlir::Operation::operand_range", "getCaptures">,
    Attn_Getter<"::mlir::MutableOperandRange", "getCapturesMutable">,
    Attn_Getter<"::mlir::Value", "getSeed">,
    Attn_Getter<"::mlir::Value", "getOffset">,
    Attn_Getter<"std::optional<::llvm::APFloat>", "getDropout">,
    Attn_Getter<"int64_t", "getDropThreshold">,
    Attn_Getter<"double", "getDropFactor">,
    Attn_Getter<"bool", "getBidirectional">,
    Attn_Getter<"void", "setBidirectional", (ins "bool":$value)>,
    Attn_Getter<"void", "setCausalAttr", (ins "::attn::CausalAttr":$value)>,
    Attn_Getter<"void", "setWindowAttr", (ins "::attn::WindowAttr":$value)>,
    Attn_Getter<"::attn::Layout", "getLayout">,
    Attn_Getter<"::attn::MaskedRow", "getMaskedRow">,
    Attn_Getter<"::attn::Precision", "getPrecisionOrDefault">,
    Attn_Getter<"::mlir::Region &", "getScore">,
    Attn_Getter<"::mlir::Region &", "getKeep">,
    Attn_Getter<"::mlir::Region &", "getRange">,
    Attn_Getter<"int64_t", "batchDim">,
    Attn_Getter<"int64_t", "headDim">,
    Attn_Getter<"int64_t", "lengthDim">,
    Attn_Getter<"int64_t", "featureDim">,
    Attn_Getter<"int64_t", "getHeadDimQK">,
    Attn_Getter<"int64_t", "getHeadDimV">,
    Attn_Getter<"::mlir::FloatType", "getElementType">,
    Attn_Getter<"float", "getScaleOrDefault">,
    Attn_Getter<"int64_t", "getMaxDistanceOrDefault">,
    Attn_Getter<"bool", "hasMaskClause">,
    Attn_Getter<"bool", "hasScoreClause">
  ] # Attn_Tensor<"Alibi">.methods # Attn_Tensor<"RelativeBias">.methods
    # Attn_Tensor<"Bias">.methods # Attn_Tensor<"Sinks">.methods
    # Attn_Tensor<"PrefixLengths">.methods
    # Attn_Tensor<"QueryDocuments">.methods
    # Attn_Tensor<"KeyDocuments">.methods # Attn_Tensor<"Mask">.methods
    # Attn_Real<"Scale">.methods # Attn_Real<"Softcap">.methods
    # Attn_Count<"MaxDistance">.methods # Attn_Count<"Prefix">.methods
    # Attn_Count<"Chunked">.methods # Attn_Word<"Causal">.methods
    # Attn_Word<"Window">.methods
    # Attn_Optional<"Precision", "::attn::Precision",
                    "::attn::PrecisionAttr">.methods;
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD
