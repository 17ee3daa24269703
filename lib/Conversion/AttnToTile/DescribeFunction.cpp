//===- DescribeFunction.cpp - What a package says of a function -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostSide.h"

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"

using namespace mlir;
using namespace attn;

static NamedAttribute integer(Builder &builder, StringRef name, int64_t value) {
  return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
}

//===----------------------------------------------------------------------===//
// Rows of interest
//===----------------------------------------------------------------------===//

/// A row at which a constraint starts or stops to bind, for the key at one end
/// of the keys: a constant plus multiples of dimensions of arguments.
static DictionaryAttr edgeRow(Builder &builder, SdpaOp op,
                              const KeepConstraint &constraint, bool atEnd) {
  // j * J + i * I + … + constant = 0 at J = 0 or J = Sk - 1, solved for I.
  int64_t sign = -constraint.i;
  int64_t constant = constraint.constant - (atEnd ? constraint.j : 0);
  int64_t keyLength = constraint.keyLength + (atEnd ? constraint.j : 0);
  SmallVector<Attribute> terms;
  auto addTerm = [&](Value tensor, int64_t coefficient) {
    terms.push_back(builder.getDictionaryAttr(
        {integer(builder, "arg", rootOf(tensor).getArgNumber()),
         integer(builder, "dim", op.lengthDim()),
         integer(builder, "coef", coefficient)}));
  };
  if (constraint.queryLength)
    addTerm(op.getQuery(), constraint.queryLength * sign);
  if (keyLength)
    addTerm(op.getKey(), keyLength * sign);
  return builder.getDictionaryAttr(
      {integer(builder, "const", constant * sign),
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

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// `rows` are the dimensions that count rows, `chain` the MMA steps behind a
/// value, `edges` the rows of interest.
static DictionaryAttr describeResult(Builder &builder, StringRef role,
                                     ArrayRef<int64_t> rows, int64_t chain,
                                     ArrayAttr edges) {
  auto judge = builder.getDictionaryAttr(
      {builder.getNamedAttr("rows", builder.getI64ArrayAttr(rows)),
       integer(builder, "chain", chain),
       builder.getNamedAttr("edges", edges)});
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("role", builder.getStringAttr(role)),
       builder.getNamedAttr("judge", judge)});
}

static DictionaryAttr describeResult(Builder &builder, OpResult result) {
  if (auto rope = dyn_cast<RopeOp>(result.getOwner()))
    return describeResult(builder, "rotated",
                          {rope.batchDim(), rope.headDim(), rope.lengthDim()},
                          /*chain=*/0, builder.getArrayAttr({}));
  auto op = cast<SdpaOp>(result.getOwner());
  int64_t chain = llvm::divideCeil(op.getHeadDimQK(), 16);
  ArrayAttr edges = edgeRows(builder, op);
  if (result == op.getOutput())
    return describeResult(builder, "output",
                          {op.batchDim(), op.headDim(), op.lengthDim()}, chain,
                          edges);
  return describeResult(builder, "lse", {0, 1, 2}, chain, edges);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {

/// What each argument of a function is to the operations that read it, in the
/// order of the operations. One tensor may be both key and value.
class ArgumentRoles {
public:
  explicit ArgumentRoles(func::FuncOp function)
      : roles(function.getNumArguments()) {
    function.walk([&](SdpaOp op) {
      add(op.getQuery(), "query");
      add(op.getKey(), "key");
      add(op.getValue(), "value");
    });
    function.walk([&](RopeOp op) {
      if (roles[rootOf(op.getInput()).getArgNumber()].empty())
        add(op.getInput(), "input");
      add(op.getPositions(), "positions");
      add(op.getOffsets(), "offsets");
    });
  }

  ArrayAttr describe(Builder &builder) const {
    SmallVector<Attribute> args;
    for (const SmallVector<StringRef> &names : roles)
      args.push_back(builder.getDictionaryAttr(
          builder.getNamedAttr("roles", builder.getStrArrayAttr(names))));
    return builder.getArrayAttr(args);
  }

private:
  void add(Value operand, StringRef role) {
    if (!operand)
      return;
    SmallVector<StringRef> &names = roles[rootOf(operand).getArgNumber()];
    if (!llvm::is_contained(names, role))
      names.push_back(role);
  }

  SmallVector<SmallVector<StringRef>> roles;
};

} // namespace

void attn::describeFunction(func::FuncOp function) {
  Builder builder(function.getContext());
  SmallVector<Attribute> results;
  for (Value value : function.front().getTerminator()->getOperands())
    results.push_back(describeResult(builder, cast<OpResult>(value)));
  function->setAttr(tile::kArgsAttr,
                    ArgumentRoles(function).describe(builder));
  function->setAttr(tile::kResultsAttr, builder.getArrayAttr(results));
}
