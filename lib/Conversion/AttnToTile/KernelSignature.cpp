//===- KernelSignature.cpp - The named arguments of a kernel --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelSignature.h"

#include "attn/Dialect/Tile/IR/Origins.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The tensor as kernels see it: any strides but an innermost one of 1, and
/// elements of i1 as the bytes that they are in memory.
static MemRefType memrefOf(RankedTensorType tensor) {
  SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(),
                                       ShapedType::kDynamic, strides);
  Type element = tensor.getElementType();
  if (element.isInteger(1))
    element = IntegerType::get(tensor.getContext(), 8);
  return MemRefType::get(tensor.getShape(), element, layout);
}

static Type typeInKernel(Value operand) {
  auto tensor = dyn_cast<RankedTensorType>(operand.getType());
  return tensor ? Type(memrefOf(tensor)) : operand.getType();
}

KernelOp attn::createKernel(FunctionLowering &lowering, Operation *op,
                            StringRef suffix, KernelSchedule schedule,
                            ValueRange inputs, ValueRange outputs) {
  SmallVector<Type> types;
  for (Value value : llvm::concat<Value>(inputs, outputs))
    types.push_back(typeInKernel(value));
  OpBuilder builder(lowering.getFunction());
  Location loc = op->getLoc();
  auto kernel = KernelOp::create(builder, loc, lowering.makeKernelName(suffix),
                                 builder.getFunctionType(types, {}), schedule,
                                 targetOf(op));
  lowering.insert(kernel);
  if (std::string source = sourceOf(loc); !source.empty())
    kernel->setAttr(kSourceAttr, builder.getStringAttr(source));
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : types)
    body.addArgument(type, loc);
  return kernel;
}

LaunchOp attn::createLaunch(HostBuilder &b, KernelOp kernel, Grid grid,
                            ValueRange inputs, ValueRange outputs) {
  return LaunchOp::create(b, outputs.getTypes(),
                          SymbolRefAttr::get(kernel.getSymNameAttr()), grid.x,
                          grid.y, grid.z, inputs, outputs);
}
