//===- Merge.cpp - From partial results to results ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the key tiles of a query tile are split among CTAs, each stores the
// state of its softmax. This kernel walks over those states as the forward
// kernel walks over key tiles, and has the same epilogue. A state without a
// kept key has the maximum -inf, and weighs nothing.
//
//===----------------------------------------------------------------------===//

#include "Merge.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"
#include "../Parts/Epilogue.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

class MergeKernel {
public:
  MergeKernel(KernelOp kernel, SdpaOp op, const MergeSignature &signature)
      : b(kernel), op(op), arguments(signature.bind(kernel)), scale(op),
        rows(kernel.getSchedule().getTileRows()), columns(mergeTileColumns(op)),
        groups(b, rows, /*heads=*/1), softmax(b, scale, rows) {}
  void emit();

private:
  SoftmaxState loadPart(Value split);
  SoftmaxState emitLoop();
  void storeResults(const SoftmaxState &state);

  TileBuilder b;
  SdpaOp op;
  NamedValues<MergeArgument> arguments;
  ScoreScale scale;
  int64_t rows, columns;
  HeadGroups groups;
  OnlineSoftmax softmax;
  TileIndex tile;
  Value firstRow, batches;
};

} // namespace

SoftmaxState MergeKernel::loadPart(Value split) {
  Value entry = b.add(b.mul(split, batches), tile.batch);
  auto load = [&](Value memref, int64_t tileColumns) -> Value {
    return b.load(b.tileType(rows, tileColumns, b.getF32Type()), memref,
                  {entry, tile.head, firstRow});
  };
  Value partAcc = arguments[MergeArgument::PartAcc];
  Value acc = partAcc ? load(partAcc, columns) : b.splat(0, rows, columns);
  Value max = load(arguments[MergeArgument::PartMax], 1);
  return {acc, max, load(arguments[MergeArgument::PartSums], 1)};
}

SoftmaxState MergeKernel::emitLoop() {
  Value zero = b.index(0), one = b.index(1);
  SoftmaxState state = softmax.initialState(columns, /*partialSums=*/1);
  auto loop = scf::ForOp::create(b, zero, arguments[MergeArgument::Splits], one,
                                 ValueRange{state.acc, state.max, state.sums});
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  ValueRange carried = loop.getRegionIterArgs();
  SoftmaxState next = softmax.merge({carried[0], carried[1], carried[2]},
                                    loadPart(loop.getInductionVar()));
  scf::YieldOp::create(b, ValueRange{next.acc, next.max, next.sums});
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

void MergeKernel::storeResults(const SoftmaxState &keys) {
  SoftmaxState state = keys;
  if (Value sinks = arguments[MergeArgument::Sinks])
    state = emitSinks(b, scale, state, b.toI32(tile.head), sinks);
  SmallVector<Value> indices = {tile.batch, tile.head, firstRow};
  if (Value output = arguments[MergeArgument::Output]) {
    Value rounded = emitOutput(b, op, state, state.sums);
    b.store(rounded, groups.view(output, op.getLayout()), indices);
  }
  if (Value lse = arguments[MergeArgument::Lse])
    b.store(emitLogSumExp(b, scale, state, state.sums),
            groups.view(lse, Layout::BHSD), indices);
}

void MergeKernel::emit() {
  tile = tileOfGrid(b, arguments[MergeArgument::Blocks],
                    arguments[MergeArgument::Heads]);
  firstRow = b.mul(tile.block, b.index(rows));
  batches = b.div(b.dim(arguments[MergeArgument::PartMax], 0),
                  arguments[MergeArgument::Splits]);
  storeResults(emitLoop());
  ReturnOp::create(b);
}

void attn::emitMergeKernel(KernelOp kernel, SdpaOp op,
                           const MergeSignature &signature) {
  MergeKernel(kernel, op, signature).emit();
}
