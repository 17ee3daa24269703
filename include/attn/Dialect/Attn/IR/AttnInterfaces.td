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
      MMA steps of a score, roundings of an angle.
    }], "int64_t", "getChainLength", (ins "::mlir::OpResult":$result)>,
    InterfaceMethod<[{
      Rows that a sampling judge must not miss: those at which a mask starts or
      stops to bind.
    }], "::llvm::SmallVector<::attn::EdgeRow>", "getEdgeRows", (ins), [{}],
    [{ return {}; }]>
  ];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD
