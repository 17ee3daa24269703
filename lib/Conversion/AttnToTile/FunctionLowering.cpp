//===- FunctionLowering.cpp - What launches of a function share -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionLowering.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

FunctionLowering::FunctionLowering(func::FuncOp function, SymbolTable &symbols)
    : function(function), symbols(symbols) {
  function.walk([&](CompilableOp op) {
    BlockArgument root = rootOf(op.getMainSource());
    for (Value result : op->getResults())
      roots[result] = root;
  });
}

BlockArgument FunctionLowering::rootOf(Value tensor) const {
  auto argument = dyn_cast<BlockArgument>(tensor);
  return argument ? argument : roots.at(tensor);
}

std::string FunctionLowering::nameOf(Value tensor) const {
  return llvm::formatv("argument {0}", rootOf(tensor).getArgNumber());
}

std::string FunctionLowering::makeKernelName(StringRef suffix) {
  return llvm::formatv("{0}_{1}{2}", function.getSymName(), finished, suffix);
}

void FunctionLowering::replace(OpResult result, Value filled) {
  roots[filled] = rootOf(result);
  roots.erase(result);
  result.replaceAllUsesWith(filled);
}

void FunctionLowering::finish(Operation *op) {
  for (Value result : op->getResults())
    roots.erase(result);
  op->erase();
  ++finished;
}

KernelSchedule attn::scheduleOf(Operation *op) {
  return op->getAttrOfType<KernelSchedule>(kScheduleAttr);
}

StringRef attn::targetOf(Operation *op) {
  auto target = op->getAttrOfType<StringAttr>(kTargetAttr);
  return target ? target.getValue() : StringRef();
}
