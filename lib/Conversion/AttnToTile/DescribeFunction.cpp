//===- DescribeFunction.cpp - What a package says of a function -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionLowering.h"

#include "attn/Dialect/Attn/Transforms/GradientOf.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Target/TargetRegistry.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace attn;

namespace {

/// Writes the dictionaries whose keys attnrt/PackageFormat.h explains.
class Description {
public:
  explicit Description(FunctionLowering &lowering)
      : lowering(lowering), function(lowering.getFunction()),
        builder(function.getContext()) {}

  ArrayAttr arguments();
  ArrayAttr results();

private:
  NamedAttribute number(StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  Attribute edge(const EdgeRow &row);
  Attribute judge(CompilableOp op, OpResult result);

  FunctionLowering &lowering;
  func::FuncOp function;
  Builder builder;
};

} // namespace

/// Returns true if another operation reads a result of this one. The role that
/// the main source has for that reader then says more than the role it has
/// here.
static bool feedsOthers(CompilableOp op) {
  return llvm::any_of(op->getUsers(), llvm::IsaPred<CompilableOp>);
}

/// Gives each argument the roles that it has for the operations that read it,
/// in their order. One tensor may be both key and value.
ArrayAttr Description::arguments() {
  SmallVector<SmallVector<StringRef>> roles(function.getNumArguments());
  function.walk([&](CompilableOp op) {
    for (const OpSource &source : op.getSources()) {
      if (!source.value ||
          (source.value == op.getMainSource() && feedsOthers(op)))
        continue;
      unsigned number = lowering.rootOf(source.value).getArgNumber();
      if (!llvm::is_contained(roles[number], source.name))
        roles[number].push_back(source.name);
    }
  });
  SmallVector<Attribute> args;
  for (const SmallVector<StringRef> &names : roles)
    args.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("roles", builder.getStrArrayAttr(names))));
  return builder.getArrayAttr(args);
}

/// A row index as constant plus multiples of dimensions of arguments.
Attribute Description::edge(const EdgeRow &row) {
  SmallVector<Attribute> terms;
  for (const EdgeRow::Term &term : row.terms)
    terms.push_back(builder.getDictionaryAttr(
        {number("arg", lowering.rootOf(term.tensor).getArgNumber()),
         number("dim", term.dim), number("coef", term.coefficient)}));
  return builder.getDictionaryAttr(
      {number("const", row.constant),
       builder.getNamedAttr("terms", builder.getArrayAttr(terms))});
}

/// Says how a result is judged: which dimensions count its rows, how many MMA
/// steps stand behind a value, and which rows are of interest.
Attribute Description::judge(CompilableOp op, OpResult result) {
  const TargetDesc *target = lookupTarget(targetOf(op));
  bool chops = target && !target->isProcessor();
  SmallVector<Attribute> edges;
  for (const EdgeRow &row : op.getEdgeRows())
    edges.push_back(edge(row));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("rows",
                            builder.getI64ArrayAttr(op.getRowDims(result))),
       number("chain", op.getChainLength(result, chops)),
       builder.getNamedAttr("edges", builder.getArrayAttr(edges))});
}

ArrayAttr Description::results() {
  SmallVector<Attribute> results;
  for (Value value : function.front().getTerminator()->getOperands()) {
    auto result = cast<OpResult>(value);
    auto op = cast<CompilableOp>(result.getOwner());
    StringRef role = op.getResultRole(result);
    results.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("role", builder.getStringAttr(role)),
         builder.getNamedAttr("judge", judge(op, result))}));
  }
  return builder.getArrayAttr(results);
}

/// Marks the arguments that nobody reads but element by element.
static void markReadByElement(FunctionLowering &lowering) {
  func::FuncOp function = lowering.getFunction();
  llvm::SmallSetVector<unsigned, 8> byElement, otherwise;
  function.walk([&](CompilableOp op) {
    for (const OpSource &source : op.getSources()) {
      if (!source.value)
        continue;
      unsigned number = lowering.rootOf(source.value).getArgNumber();
      (source.isReadByElement ? byElement : otherwise).insert(number);
    }
  });
  SmallVector<int64_t> numbers;
  for (unsigned number : byElement)
    if (!otherwise.contains(number))
      numbers.push_back(number);
  llvm::sort(numbers);
  if (!numbers.empty())
    function->setAttr(tile::kByElementAttr,
                      DenseI64ArrayAttr::get(function.getContext(), numbers));
}

/// Whether a result may have any sizes: the gradient of what scores read, or a
/// sum of tensors that are no rows.
static bool isWrittenByElement(OpResult result) {
  if (auto sum = dyn_cast<SumOp>(result.getOwner()))
    return !sum.hasRows();
  if (auto norm = dyn_cast<NormGradOp>(result.getOwner()))
    return result != norm.getInputGrad();
  auto grad = dyn_cast<SdpaGradOp>(result.getOwner());
  return grad && grad.getTensorOf(result);
}

/// Marks the results that are written element by element.
static void markWrittenByElement(func::FuncOp function) {
  SmallVector<int64_t> numbers;
  for (OpOperand &returned : function.front().getTerminator()->getOpOperands())
    if (isWrittenByElement(cast<OpResult>(returned.get())))
      numbers.push_back(returned.getOperandNumber());
  if (!numbers.empty())
    function->setAttr(tile::kResultsByElementAttr,
                      DenseI64ArrayAttr::get(function.getContext(), numbers));
}

void attn::describeFunction(FunctionLowering &lowering) {
  markReadByElement(lowering);
  markWrittenByElement(lowering.getFunction());
  Description description(lowering);
  func::FuncOp function = lowering.getFunction();
  if (Attribute of = function->getAttr(kGradientOfAttr))
    function->setAttr(tile::kGradientOfAttr, of);
  function->setAttr(tile::kArgsAttr, description.arguments());
  function->setAttr(tile::kResultsAttr, description.results());
}
