//===- HostEntry.cpp - The entry and the shape function -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "HostEntry.h"

#include "attnrt/PackageFormat.h"

using namespace mlir;
using namespace attn;

HostEntry::HostEntry(func::FuncOp function, Purpose purpose,
                     SymbolTable &symbols)
    : function(function), purpose(purpose),
      writer(symbols, function.getLoc(),
             function.getSymName() +
                 (purpose == Purpose::Shapes ? attnrt::kShapesSuffix : ""),
             SmallVector<Type>(purpose == Purpose::Shapes ? 2 : 3,
                               abi::pointerType(function.getContext()))),
      memory(*this, function) {}

LogicalResult HostEntry::write() {
  memory.addArguments(writer.getArgument(isLaunching() ? 1 : 0));
  if (isLaunching()) {
    memory.addResults(writer.getArgument(2));
    findDevice();
  }
  for (Operation &op : function.front().without_terminator()) {
    auto step = dyn_cast<HostStep>(op);
    if (!step)
      return op.emitOpError(
          "is not expected in a function that launches kernels");
    if (failed(step.emitStep(*this)))
      return failure();
  }
  writer.returnOk();
  return success();
}

void HostEntry::findDevice() {
  Value slot = writer.emitSlot(writer.getPointerType());
  writer.callRuntime("attnrtDeviceOf",
                     {writer.getArgument(1),
                      writer.constant(32, function.getNumArguments()),
                      writer.getArgument(2),
                      writer.constant(32, function.getNumResults()), slot});
  device = writer.load(writer.getPointerType(), slot);
}

LogicalResult HostEntry::emitWork(HostWork work) {
  for (OpResult result : work->getResults())
    if (memoryOf(result) == result) // else known since earlier work
      memory.provide(result);
  return isLaunching() ? work.emitWork(*this) : success();
}
