//===- DescribeFunction.cpp - What a package says of a function -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostSide.h"

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"

using namespace mlir;
using namespace attn;

/// A query index at which a constraint starts or stops to bind, for the key at
/// one end of the keys: constant plus multiples of dimensions of arguments.
static DictionaryAttr edgeRow(Builder &builder, SdpaOp op,
                              const KeepConstraint &constraint, bool atEnd) {
  // j * J + i * I + … + constant = 0 at J = 0 or J = Sk - 1, solved for I.
  int64_t sign = -constraint.i;
  int64_t constant = constraint.constant - (atEnd ? constraint.j : 0);
  int64_t keyLength = constraint.keyLength + (atEnd ? constraint.j : 0);
  auto term = [&](Value tensor, int64_t coefficient) {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr(
             "arg", builder.getI64IntegerAttr(rootOf(tensor).getArgNumber())),
         builder.getNamedAttr("dim", builder.getI64IntegerAttr(op.lengthDim())),
         builder.getNamedAttr("coef", builder.getI64IntegerAttr(coefficient))});
  };
  SmallVector<Attribute> terms;
  if (constraint.queryLength)
    terms.push_back(term(op.getQuery(), constraint.queryLength * sign));
  if (keyLength)
    terms.push_back(term(op.getKey(), keyLength * sign));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("const",
                            builder.getI64IntegerAttr(constant * sign)),
       builder.getNamedAttr("terms", builder.getArrayAttr(terms))});
}

static ArrayAttr edgeRows(Builder &builder, SdpaOp op) {
  SmallVector<Attribute> rows;
  if (op.getKeep().empty())
    return builder.getArrayAttr({});
  auto constraints = deriveKeepConstraints(op.getKeep());
  if (failed(constraints))
    return builder.getArrayAttr({});
  for (const KeepConstraint &constraint : *constraints)
    if (std::abs(constraint.i) == 1)
      for (bool atEnd : {false, true})
        rows.push_back(edgeRow(builder, op, constraint, atEnd));
  return builder.getArrayAttr(rows);
}

/// `attn.result` of a returned value: which dimensions count its rows, and the
/// MMA steps behind a value.
static DictionaryAttr describeResult(Builder &builder, OpResult result) {
  if (auto rope = dyn_cast<RopeOp>(result.getOwner()))
    return builder.getDictionaryAttr(
        {builder.getNamedAttr(
             "rows", builder.getI64ArrayAttr(
                         {rope.batchDim(), rope.headDim(), rope.lengthDim()})),
         builder.getNamedAttr("mma_steps", builder.getI64IntegerAttr(0))});
  auto op = cast<SdpaOp>(result.getOwner());
  SmallVector<int64_t> rows = {0, 1, 2};
  if (result == op.getOutput())
    rows = {op.batchDim(), op.headDim(), op.lengthDim()};
  int64_t steps = llvm::divideCeil(op.getHeadDimQK(), 16);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("rows", builder.getI64ArrayAttr(rows)),
       builder.getNamedAttr("mma_steps", builder.getI64IntegerAttr(steps))});
}

void attn::describeFunction(func::FuncOp function) {
  Builder builder(function.getContext());
  SmallVector<Attribute> results, edges;
  for (Value value : function.front().getTerminator()->getOperands())
    results.push_back(describeResult(builder, cast<OpResult>(value)));
  function.walk(
      [&](SdpaOp op) { llvm::append_range(edges, edgeRows(builder, op)); });
  function->setAttr("attn.results", builder.getArrayAttr(results));
  function->setAttr("attn.edge_rows", builder.getArrayAttr(edges));
}
