//===- MergeKernel.cpp - Parts of a walk become results -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the KV tiles of a query tile are split among CTAs, each stores the state
// of its softmax. This kernel walks over the parts as the other walks over KV
// tiles, and ends as that one does. A part without a kept key has the maximum
// -inf, and weighs nothing.
//
//===----------------------------------------------------------------------===//

#include "MergeKernel.h"

#include "SoftmaxBuilder.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Of the values' tiles, which threads share evenly.
static int64_t tileColumns(SdpaOp op) {
  return op.getOutput().use_empty() ? 1
                                    : llvm::PowerOf2Ceil(op.getHeadDimV());
}

/// One row for each thread.
ScheduleAttr attn::mergeSchedule(SdpaOp op) {
  constexpr int64_t kWarps = 4, kAccess = 4; // f32 columns of a thread
  int64_t threadsOfRow = llvm::divideCeil(tileColumns(op), kAccess);
  int64_t rows = kWarps * ScheduleAttr::kWarpSize / threadsOfRow;
  return ScheduleAttr::get(op.getContext(), rows, /*kv=*/0, kWarps,
                           /*stages=*/1);
}

namespace {

class MergeKernel : SoftmaxBuilder {
public:
  MergeKernel(KernelOp kernel, SdpaOp op, const MergeArguments &arguments)
      : SoftmaxBuilder(kernel, op, tileColumns(op)), arguments(arguments) {}
  void emit();

private:
  SoftmaxState emitPart(Value part);
  SoftmaxState emitMerged(SoftmaxState state, SoftmaxState part);
  SoftmaxState emitLoop();

  MergeArguments arguments;
  Value batch, head, firstRow, batches;
};

} // namespace

SoftmaxState MergeKernel::emitPart(Value part) {
  Value entry = arith::MulIOp::create(builder, loc, part, batches);
  entry = arith::AddIOp::create(builder, loc, entry, batch);
  auto load = [&](Value memref, int64_t tileColumns) -> Value {
    return LoadOp::create(builder, loc, type(rows, tileColumns, f32), memref,
                          ValueRange{entry, head, firstRow});
  };
  const SoftmaxParts &parts = arguments.parts;
  Value acc =
      parts.acc ? load(parts.acc, columns) : splat(0, rows, columns);
  return {acc, load(parts.max, 1), load(parts.sums, 1)};
}

SoftmaxState MergeKernel::emitMerged(SoftmaxState state, SoftmaxState part) {
  Value max = arith::MaxNumFOp::create(builder, loc, state.max, part.max);
  Value shift = multiply(emitOrigin(max), splat(-toLog2, rows, 1));
  Value rescale = emitRescale(state.max, shift);
  Value weight = emitRescale(part.max, shift);
  return {fma(part.acc, broadcast(weight, columns),
              multiply(state.acc, broadcast(rescale, columns))),
          max, fma(part.sums, weight, multiply(state.sums, rescale))};
}

SoftmaxState MergeKernel::emitLoop() {
  auto loop = scf::ForOp::create(
      builder, loc, index(0), arguments.splits, index(1),
      ValueRange{splat(0, rows, columns), splat(-INFINITY, rows, 1),
                 splat(0, rows, 1)});
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ValueRange carried = loop.getRegionIterArgs();
  SoftmaxState next = emitMerged({carried[0], carried[1], carried[2]},
                                 emitPart(loop.getInductionVar()));
  scf::YieldOp::create(builder, loc,
                       ValueRange{next.acc, next.max, next.sums});
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

void MergeKernel::emit() {
  Value block = BlockIdOp::create(builder, loc, GridDim::x);
  head = BlockIdOp::create(builder, loc, GridDim::y);
  batch = BlockIdOp::create(builder, loc, GridDim::z);
  firstRow = arith::MulIOp::create(builder, loc, block, index(rows));
  batches = arith::DivUIOp::create(
      builder, loc, dim(arguments.parts.max, 0), arguments.splits);
  SoftmaxState state = emitLoop();
  SmallVector<Value> indices = {batch, head, firstRow};
  if (arguments.output)
    emitOutput(state, state.sums, arguments.output, indices);
  if (arguments.lse)
    emitLse(state, state.sums, arguments.lse, indices);
  ReturnOp::create(builder, loc);
}

void attn::emitMergeKernel(KernelOp kernel, SdpaOp op,
                           const MergeArguments &arguments) {
  MergeKernel(kernel, op, arguments).emit();
}
