//===- LaunchRope.cpp - Launches in the place of rotary positions ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostSide.h"
#include "RopeKernel.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Origins.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// What the types leave open about the shapes of positions and offsets.
static void emitRopeAsserts(OpBuilder &builder, RopeOp op) {
  Location loc = op.getLoc();
  auto dim = [&](Value tensor, int64_t i) -> Value {
    return tensor::DimOp::create(builder, loc, tensor, i);
  };
  auto assertThat = [&](arith::CmpIPredicate predicate, Value a, Value b,
                        const Twine &message) {
    Value holds = arith::CmpIOp::create(builder, loc, predicate, a, b);
    cf::AssertOp::create(builder, loc, holds, builder.getStringAttr(message));
  };
  auto assertAtMost = [&](int64_t i, int64_t bound, const Twine &what) {
    Value limit = arith::ConstantIndexOp::create(builder, loc, bound);
    assertThat(arith::CmpIPredicate::ule, dim(op.getInput(), i), limit,
               "expected " + what + " of argument " +
                   Twine(rootOf(op.getInput()).getArgNumber()) +
                   " to be at most " + Twine(bound));
  };
  auto assertEqual = [&](Value tensor, int64_t i, int64_t inputDim,
                         const Twine &what) {
    if (tensor)
      assertThat(arith::CmpIPredicate::eq, dim(tensor, i),
                 dim(op.getInput(), inputDim),
                 "expected " + what + " of argument " +
                     Twine(rootOf(tensor).getArgNumber()) +
                     " to match argument " +
                     Twine(rootOf(op.getInput()).getArgNumber()));
  };
  assertEqual(op.getPositions(), 0, op.batchDim(), "batch");
  assertEqual(op.getPositions(), 1, op.lengthDim(), "length");
  assertEqual(op.getOffsets(), 0, op.batchDim(), "batch");
  assertAtMost(op.lengthDim(), SdpaOp::kMaxLength - 1, "length");
  assertAtMost(op.headDim(), kMaxGrid, "heads");
  assertAtMost(op.batchDim(), kMaxGrid, "batch");
}

static KernelOp makeRopeKernel(OpBuilder &builder, RopeOp op,
                               func::FuncOp function, StringRef name) {
  SmallVector<Type> types;
  for (Value operand : op->getOperands())
    types.push_back(memrefOf(cast<RankedTensorType>(operand.getType())));
  types.push_back(memrefOf(op.getOutput().getType()));
  auto atModule = OpBuilder(function);
  auto kernel = KernelOp::create(
      atModule, op.getLoc(), name, builder.getFunctionType(types, {}),
      op->getAttrOfType<ScheduleAttr>(kScheduleAttr),
      op->getAttrOfType<StringAttr>(kTargetAttr).getValue());
  if (std::string source = sourceOf(op.getLoc()); !source.empty())
    kernel->setAttr(kSourceAttr, builder.getStringAttr(source));
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : types)
    body.addArgument(type, op.getLoc());
  RopeArguments arguments;
  unsigned next = 0;
  arguments.input = body.getArgument(next++);
  if (op.getPositions())
    arguments.positions = body.getArgument(next++);
  if (op.getOffsets())
    arguments.offsets = body.getArgument(next++);
  arguments.output = body.getArgument(next);
  emitRopeKernel(kernel, op, arguments);
  return kernel;
}

LogicalResult attn::launchRope(RopeOp op, func::FuncOp function,
                               StringRef name) {
  if (!op->hasAttr(kScheduleAttr) || !op->hasAttr(kTargetAttr))
    return op.emitOpError("has no schedule; run attn-select-schedule first");
  OpBuilder builder(op);
  Location loc = op.getLoc();
  emitRopeAsserts(builder, op);
  KernelOp kernel = makeRopeKernel(builder, op, function, name);
  auto dim = [&](int64_t i) -> Value {
    return tensor::DimOp::create(builder, loc, op.getInput(), i);
  };
  SmallVector<Value> dynamic;
  RankedTensorType type = op.getOutput().getType();
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(dim(i));
  Value empty = tensor::EmptyOp::create(builder, loc, type, dynamic);
  Value rows =
      arith::ConstantIndexOp::create(builder, loc, kernel.getSchedule().getQ());
  Value blocks =
      arith::CeilDivUIOp::create(builder, loc, dim(op.lengthDim()), rows);
  auto launch = LaunchOp::create(
      builder, loc, type, SymbolRefAttr::get(kernel.getSymNameAttr()), blocks,
      dim(op.headDim()), dim(op.batchDim()), op->getOperands(), empty);
  op.getOutput().replaceAllUsesWith(launch.getResult(0));
  op.erase();
  return success();
}
