//===- DescribeFunction.cpp - What a package says of a function -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionLowering.h"

using namespace mlir;
using namespace attn;

/// A row index as constant plus multiples of dimensions of arguments.
static DictionaryAttr describe(Builder &builder,
                               const FunctionLowering &lowering,
                               const EdgeRow &row) {
  SmallVector<Attribute> terms;
  for (const EdgeRow::Term &term : row.terms) {
    unsigned argument = lowering.rootOf(term.tensor).getArgNumber();
    terms.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("arg", builder.getI64IntegerAttr(argument)),
         builder.getNamedAttr("dim", builder.getI64IntegerAttr(term.dim)),
         builder.getNamedAttr("coef",
                              builder.getI64IntegerAttr(term.coefficient))}));
  }
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("const", builder.getI64IntegerAttr(row.constant)),
       builder.getNamedAttr("terms", builder.getArrayAttr(terms))});
}

/// Which dimensions of a returned value count its rows, and the MMA steps
/// behind a value.
static DictionaryAttr describe(Builder &builder, OpResult result) {
  auto op = cast<CompilableOp>(result.getOwner());
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("rows",
                            builder.getI64ArrayAttr(op.getRowDims(result))),
       builder.getNamedAttr(
           "mma_steps", builder.getI64IntegerAttr(op.getChainLength(result)))});
}

void attn::describeFunction(FunctionLowering &lowering) {
  func::FuncOp function = lowering.getFunction();
  Builder builder(function.getContext());
  SmallVector<Attribute> results, edges;
  for (Value value : function.front().getTerminator()->getOperands())
    results.push_back(describe(builder, cast<OpResult>(value)));
  function.walk([&](CompilableOp op) {
    for (const EdgeRow &row : op.getEdgeRows())
      edges.push_back(describe(builder, lowering, row));
  });
  function->setAttr("attn.results", builder.getArrayAttr(results));
  function->setAttr("attn.edge_rows", builder.getArrayAttr(edges));
}
