//===- Forward.cpp - The forward pass of attention ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One CTA computes `q` rows: queries of one head, or fewer queries of several
// heads that share a key head. It walks over their keys and normalises what the
// walk leaves. A persistent CTA does so for one query tile after the other.
//
// Where there are too few rows to fill the chip, the key tiles of a query tile
// are split among several CTAs, which store their states as partial results for
// the merge kernel.
//
//===----------------------------------------------------------------------===//

#include "Forward.h"

#include "../Index/TileOrder.h"
#include "../Parts/Epilogue.h"
#include "BlockMap.h"
#include "KeyWalk.h"
#include "ProductTypes.h"

#include <optional>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Argument = ForwardArgument;

class ForwardKernel {
public:
  ForwardKernel(KernelOp kernel, SdpaOp op, ArrayRef<RowOp> queryOps,
                const ForwardSignature &signature)
      : b(kernel), op(op), queryOps(queryOps),
        arguments(signature.bind(kernel)),
        schedule(kernel.getAttentionSchedule()), scale(op),
        groups(b, schedule.getQ(), schedule.getHeads()) {}
  void emit();

private:
  // The kernel, in order.
  void emitTile(TileIndex tile);
  void locate(TileIndex tile);
  KeyRange emitRange();
  BlockList listOf(Value memory);
  QueryChain queryChain();
  void storeState(const SoftmaxState &state);
  void storeResults(const SoftmaxState &state, Value total, Value firstQuery);
  void storeParts(const SoftmaxState &state, Value total, Value firstQuery);

  // Small pieces.
  Value firstQueryIf(arith::CmpIPredicate predicate);

  TileBuilder b;
  SdpaOp op;
  ArrayRef<RowOp> queryOps;
  NamedValues<Argument> arguments;
  ScheduleAttr schedule;
  ScoreScale scale;
  HeadGroups groups;
  std::optional<Sequences> sequences;
  Value batch, block, firstQuery;
  Value split; // which of `Splits`
};

} // namespace

//===----------------------------------------------------------------------===//
// The tile
//===----------------------------------------------------------------------===//

void ForwardKernel::locate(TileIndex tile) {
  sequences.emplace(b, op.getLayout(), groups, arguments[Argument::Query],
                    arguments[Argument::Key], arguments[Argument::Value]);
  if (Value splits = arguments[Argument::Splits]) {
    split = b.rem(tile.block, splits);
    tile.block = b.div(tile.block, splits);
  }
  batch = tile.batch;
  block = tile.block;
  firstQuery = b.mul(block, b.index(groups.queries()));
  groups.select(tile.head, arguments[Argument::TilesPerKeyHead],
                sequences->queryView());
}

/// The list is that of the entry and the head where the predicate depends on
/// them.
BlockList ForwardKernel::listOf(Value memory) {
  Value zero = b.index(0);
  return {memory, keepDependsOnBatch(op) ? batch : zero,
          keepDependsOnHead(op) ? groups.head() : zero, block};
}

KeyRange ForwardKernel::emitRange() {
  if (Value lists = arguments[Argument::BlockLists])
    return emitListedTiles(b, listOf(lists));
  QueryTile tile = {batch,
                    groups.head(),
                    firstQuery,
                    groups.queries(),
                    sequences->queryLength(),
                    sequences->keyLength()};
  KeyRange range = emitKeyRange(b, op, tile, schedule.getKv());
  return split ? emitShare(b, range, split, arguments[Argument::Splits])
               : range;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void ForwardKernel::storeParts(const SoftmaxState &state, Value total,
                               Value firstQuery) {
  Value batches = b.div(b.dim(arguments[Argument::PartMax], 0),
                        arguments[Argument::Splits]);
  Value entry = b.add(b.mul(split, batches), batch);
  auto store = [&](Value tile, Value memref) {
    b.store(tile, groups.view(memref, Layout::BHSD),
            groups.indices(entry, firstQuery), groups.box());
  };
  store(state.max, arguments[Argument::PartMax]);
  store(total, arguments[Argument::PartSums]);
  if (Value acc = arguments[Argument::PartAcc])
    store(state.acc, acc);
}

void ForwardKernel::storeResults(const SoftmaxState &keys, Value keysTotal,
                                 Value firstQuery) {
  SoftmaxState state = keys;
  state.sums = keysTotal;
  if (Value sinks = arguments[Argument::Sinks])
    state =
        emitSinks(b, scale, state,
                  b.clampBelow(groups.rowHeads(), groups.numHeads()), sinks);
  Value total = state.sums;
  SmallVector<Value> indices = groups.indices(batch, firstQuery);
  if (Value output = arguments[Argument::Output]) {
    Value rounded = emitOutput(b, op, state, total);
    b.store(rounded, groups.view(output, op.getLayout()), indices,
            groups.box());
  }
  if (Value lse = arguments[Argument::Lse])
    b.store(emitLogSumExp(b, scale, state, total),
            groups.view(lse, Layout::BHSD), indices, groups.box());
}

/// Queries at the end are outside, and what is stored there is dropped.
Value ForwardKernel::firstQueryIf(arith::CmpIPredicate predicate) {
  Value condition = arith::CmpIOp::create(
      b, predicate, arguments[Argument::Splits], b.index(1));
  return arith::SelectOp::create(b, condition, firstQuery,
                                 sequences->queryLength());
}

/// Stores the results where there is one split, and partial results where there
/// are more. Where there certainly are more, the kernel has no results to
/// store.
void ForwardKernel::storeState(const SoftmaxState &state) {
  Value total =
      ReduceOp::create(b, b.tileType(groups.rows(), 1, b.getF32Type()),
                       Combiner::add, state.sums);
  bool hasResults = arguments[Argument::Output] || arguments[Argument::Lse];
  if (!split)
    return storeResults(state, total, firstQuery);
  if (!hasResults)
    return storeParts(state, total, firstQuery);
  storeParts(state, total, firstQueryIf(arith::CmpIPredicate::ne));
  storeResults(state, total, firstQueryIf(arith::CmpIPredicate::eq));
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

QueryChain ForwardKernel::queryChain() {
  QueryChain chain;
  chain.ops.assign(queryOps.begin(), queryOps.end());
  size_t captures = op.getCaptures().size();
  for (size_t i = 0; i < queryOps.size(); ++i)
    chain.sides.emplace_back(arguments[queryArgument(captures, i, 0)],
                             arguments[queryArgument(captures, i, 1)]);
  return chain;
}

void ForwardKernel::emitTile(TileIndex tile) {
  locate(tile);
  KeyRange range = emitRange();
  SmallVector<Value> captures;
  for (size_t i = 0; i < op.getCaptures().size(); ++i)
    captures.push_back(arguments[captureArgument(i)]);
  Dropout dropout(b, op, arguments[Argument::Seed],
                  arguments[Argument::Offset]);
  KeyWalk walk(b, op, schedule, groups, *sequences, captures, queryChain(),
               dropout, batch, firstQuery);
  storeState(walk.emit(range));
}

void ForwardKernel::emit() {
  TileCounts counts = {arguments[Argument::Blocks], arguments[Argument::Heads],
                       arguments[Argument::Batches],
                       arguments[Argument::Section]};
  if (schedule.isPersistent())
    emitTileLoop(b, counts,
                 schedule.getPersistent() == Persistence::LongestFirst
                     ? TileOrder::Alternating
                     : TileOrder::ByHead,
                 [&](TileIndex tile) { emitTile(tile); });
  else if (schedule.getLongest())
    emitTile(tileInOrder(b, counts, TileOrder::LongestFirst,
                         BlockIdOp::create(b, GridDim::x)));
  else
    emitTile(
        tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]));
  ReturnOp::create(b);
}

void attn::emitForwardKernel(KernelOp kernel, SdpaOp op,
                             ArrayRef<RowOp> queryOps,
                             const ForwardSignature &signature) {
  ForwardKernel(kernel, op, queryOps, signature).emit();
  setProductParts(kernel, op);
  // Without this, LLVM would keep whole masks from one query tile to the next.
  ScheduleAttr schedule = kernel.getAttentionSchedule();
  if (schedule.isPersistent() || schedule.getHeads() != 1)
    kernel.walk([](IotaOp iota) { iota.setRecomputed(true); });
}
