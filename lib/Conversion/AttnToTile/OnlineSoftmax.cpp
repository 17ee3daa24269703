//===- OnlineSoftmax.cpp - The body of an attention kernel ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One CTA computes `q` rows: queries of one head, or fewer queries of several heads
// that share a key head. Over KV tiles it keeps, for each row,
//
//   m    the largest score so far,
//   l    sum over its keys of exp(s - m), four partial sums a row,
//   acc  sum over its keys of exp(s - m) * v,
//
// and rescales l and acc by exp(m - m') when the maximum grows to m'.
//
// KV tiles before and behind those that every row keeps whole are masked; the
// three runs of tiles are the segments of a walk.
//
// A persistent CTA does so for one query tile after the other.
//
// Where there are too few rows to fill the chip, the KV tiles of a CTA are split
// among several, which store their states as parts for MergeKernel.
//
//===----------------------------------------------------------------------===//

#include "OnlineSoftmax.h"

#include "Masking.h"
#include "SoftmaxBuilder.h"
#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "attn/Dialect/Tile/Analysis/Registers.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

constexpr int64_t kMmaStep = 16;
/// What products of a step are called in `#tile.turns`.
constexpr int64_t kScoresGroup = 0, kValuesGroup = 1;
/// Of a row, one for each of the lanes that share it.
constexpr int64_t kPartialSums = 4;

class ForwardKernel : SoftmaxBuilder {
public:
  ForwardKernel(KernelOp kernel, SdpaOp op, const KernelArguments &arguments);
  void emit();

private:
  // The kernel, in order.
  void emitTiles();
  void emitTile(Value block, Value head, Value batch);
  void emitPosition(Value block, Value head, Value batch);
  void emitHeads(Value headTile);
  void emitTileRange();
  void emitTileRangeOfPart();
  void emitQuery();
  SoftmaxState emitInitialState();
  SoftmaxState emitWalk(SoftmaxState state);
  SoftmaxState emitStep(Value tile, bool isMasked, SoftmaxState state);
  Value emitScores(Value firstKey, bool isMasked);
  Value emitMask(Value scores, Value firstKey);
  void emitResults(SoftmaxState state);
  void emitParts(SoftmaxState state, Value total, Value firstQuery);

  // Small pieces.
  Value clampTile(Value tile, Value low, Value high);
  Value firstQueryIf(Value condition);
  SmallVector<Value> rowsFrom(Value entry, Value firstQuery);

  TurnsAttr turns();

  KernelArguments arguments;
  CtaAttr cta;
  ScheduleAttr schedule;
  int64_t keys, dimQK, heads, queries;

  Value queryView, keyView, valueView;
  TilePosition position;
  Value part; // which, of `arguments.splits`
  Value keyHead, query;
  Value firstHead; // of the group; null where the rows are of one head
  /// Tiles [first, full), [full, fullEnd), [fullEnd, last).
  Value first, full, fullEnd, last;
};

} // namespace

ForwardKernel::ForwardKernel(KernelOp kernel, SdpaOp op,
                             const KernelArguments &arguments)
    : SoftmaxBuilder(kernel, op, llvm::alignTo(op.getHeadDimV(), kMmaStep)),
      arguments(arguments), cta(kernel.getCta()), schedule(kernel.getSchedule()),
      keys(schedule.getKv()),
      dimQK(llvm::alignTo(op.getHeadDimQK(), kMmaStep)),
      heads(schedule.getHeads()), queries(schedule.getQueries()) {
  if (heads != 1)
    box = builder.getDenseI64ArrayAttr({1, 1, queries, heads});
}

void ForwardKernel::emitPosition(Value block, Value head, Value batch) {
  queryView = queryRows(arguments.query, op.getLayout());
  keyView = bhsd(arguments.key);
  valueView = bhsd(arguments.value);
  position.queryLength = dim(queryView, 2);
  position.keyLength = dim(keyView, 2);
  if (arguments.splits) {
    part = arith::RemUIOp::create(builder, loc, block, arguments.splits);
    block = arith::DivUIOp::create(builder, loc, block, arguments.splits);
  }
  position.head = head;
  position.batch = batch;
  position.firstQuery =
      arith::MulIOp::create(builder, loc, block, index(queries));
  keyHead = arith::DivUIOp::create(builder, loc, head, arguments.group);
  if (heads != 1)
    emitHeads(arith::RemUIOp::create(builder, loc, head, arguments.group));
}

/// `headTile` counts the tiles of heads that share a key head.
void ForwardKernel::emitHeads(Value headTile) {
  firstHead = arith::MulIOp::create(builder, loc, headTile, index(heads));
  Value firstOfGroup = arith::MulIOp::create(builder, loc, keyHead,
                                             dim(queryView, /*index=*/3));
  position.head = arith::AddIOp::create(builder, loc, firstOfGroup, firstHead);
  position.heads = heads;
}

Value ForwardKernel::clampTile(Value tile, Value low, Value high) {
  Value raised = arith::MaxSIOp::create(builder, loc, tile, low);
  return arith::MinSIOp::create(builder, loc, raised, high);
}

/// From the keys that `range` gives for the CTA's rows to whole tiles.
void ForwardKernel::emitTileRange() {
  Value end = arith::AddIOp::create(builder, loc, position.firstQuery,
                                    index(queries));
  end = arith::MinSIOp::create(builder, loc, end, position.queryLength);
  SmallVector<Value> range = {index(0), index(0), position.keyLength,
                              position.keyLength};
  if (!op.getRange().empty())
    range = inlineMaskRegion(
        builder, op.getRange(),
        {position.batch, position.head, position.firstQuery, end},
        position.queryLength, position.keyLength);

  auto tilesBefore = [&](Value key) -> Value {
    return arith::DivUIOp::create(builder, loc, key, index(keys));
  };
  auto tilesThrough = [&](Value key) -> Value {
    Value padded =
        arith::AddIOp::create(builder, loc, key, index(keys - 1));
    return tilesBefore(padded);
  };
  first = tilesBefore(range[0]);
  last = tilesThrough(range[3]);
  full = matchPattern(range[1], m_Zero())
             ? first
             : clampTile(tilesThrough(range[1]), first, last);
  fullEnd = clampTile(tilesBefore(range[2]), full, last);
  if (arguments.splits)
    emitTileRangeOfPart();
}

/// An equal share of the tiles, none for the last parts where there are few.
void ForwardKernel::emitTileRangeOfPart() {
  Value tiles = arith::SubIOp::create(builder, loc, last, first);
  tiles = arith::MaxSIOp::create(builder, loc, tiles, index(0));
  Value others =
      arith::SubIOp::create(builder, loc, arguments.splits, index(1));
  Value padded = arith::AddIOp::create(builder, loc, tiles, others);
  Value share =
      arith::DivUIOp::create(builder, loc, padded, arguments.splits);
  Value before = arith::MulIOp::create(builder, loc, part, share);
  Value from = arith::AddIOp::create(builder, loc, first, before);
  from = arith::MinSIOp::create(builder, loc, from, last);
  Value to = arith::AddIOp::create(builder, loc, from, share);
  to = arith::MinSIOp::create(builder, loc, to, last);
  full = full == first ? from : clampTile(full, from, to);
  fullEnd = clampTile(fullEnd, full, to);
  first = from;
  last = to;
}

void ForwardKernel::emitQuery() {
  RankedTensorType tile = type(rows, dimQK, element);
  auto load = LoadOp::create(builder, loc, tile, queryView,
                             rowsFrom(position.batch, position.firstQuery), box);
  if (schedule.getPrefetch())
    load.setSlots(2);
  load.setHeld(
      fitsRegisters(cta, tile, type(rows, std::max(keys, columns), f32)));
  query = load;
}

SoftmaxState ForwardKernel::emitInitialState() {
  return {splat(0, rows, columns), splat(-INFINITY, rows, 1),
          splat(0, rows, kPartialSums)};
}

/// Masked scores are -inf, or the score that weighs the same in every key of a
/// row without a kept one; keys behind the end are always -inf.
Value ForwardKernel::emitMask(Value scores, Value firstKey) {
  TilePosition at = position;
  at.firstKey = firstKey;
  if (!op.getKeep().empty()) {
    Value kept = emitKeepTile(builder, loc, op.getKeep(), at, rows, keys);
    bool isUniform = op.getMaskedRow() == MaskedRow::Uniform;
    Value masked =
        splat(isUniform ? kUniformScore : -INFINITY, rows, keys);
    scores = arith::SelectOp::create(builder, loc, kept, scores, masked);
  }
  Value inside = emitInsideTile(builder, loc, at, rows, keys);
  return arith::SelectOp::create(builder, loc, inside, scores,
                                 splat(-INFINITY, rows, keys));
}

Value ForwardKernel::emitScores(Value firstKey, bool isMasked) {
  Value key = LoadOp::create(
      builder, loc, type(keys, dimQK, element), keyView,
      ValueRange{position.batch, keyHead, firstKey});
  Value zero = splat(0, rows, keys);
  Value scores = DotOp::create(builder, loc, query, key, zero,
                               /*transpose_b=*/true);
  if (scalesFirst)
    scores = arith::MulFOp::create(builder, loc, scores,
                                   splat(op.getScaleOrDefault(), rows, keys));
  return isMasked ? emitMask(scores, firstKey) : scores;
}

SoftmaxState ForwardKernel::emitStep(Value tile, bool isMasked,
                                     SoftmaxState state) {
  Value firstKey = arith::MulIOp::create(builder, loc, tile, index(keys));
  Value scores = emitScores(firstKey, isMasked);

  Value tileMax = ReduceOp::create(builder, loc, type(rows, 1, f32),
                                   Combiner::max, scores);
  Value max = arith::MaxNumFOp::create(builder, loc, state.max, tileMax);
  Value origin = isMasked ? emitOrigin(max) : max;
  Value shift = multiply(origin, splat(-toLog2, rows, 1));
  Value rescale = emitRescale(state.max, shift);
  Value weights = exp2(fma(scores, splat(toLog2, rows, keys),
                           broadcast(shift, keys)));

  auto tileSums = FoldOp::create(builder, loc, type(rows, kPartialSums, f32),
                                 Combiner::add, weights);
  // Waiting for the sums waits for all exponentials.
  tileSums->setAttr(kComputedFirstAttr, builder.getUnitAttr());
  Value sums = fma(state.sums, broadcast(rescale, kPartialSums), tileSums);
  Value acc = multiply(state.acc, broadcast(rescale, columns));
  Value rounded = arith::TruncFOp::create(
      builder, loc, type(rows, keys, element), weights);
  Value value = LoadOp::create(
      builder, loc, type(keys, columns, element), valueView,
      ValueRange{position.batch, keyHead, firstKey});
  acc = DotOp::create(builder, loc, rounded, value, acc,
                      /*transpose_b=*/false, /*async=*/false,
                      /*stage=*/schedule.getOverlap(), kValuesGroup);
  return {acc, max, sums};
}

/// Turns are only taken by several warpgroups.
TurnsAttr ForwardKernel::turns() {
  if (schedule.getTurns() == 0)
    return {};
  if (schedule.getTurns() == 1)
    return TurnsAttr::get(builder.getContext(), TurnKind::results,
                          {kScoresGroup});
  return TurnsAttr::get(builder.getContext(), TurnKind::products,
                        {kScoresGroup, kValuesGroup});
}

/// KV tiles before and behind those that every row keeps whole are masked. Where
/// there are none of the former, their segment is empty.
SoftmaxState ForwardKernel::emitWalk(SoftmaxState state) {
  auto walk = WalkOp::create(builder, loc, first,
                             ValueRange{full, fullEnd, last},
                             ValueRange{state.acc, state.max, state.sums},
                             schedule.getStages());
  if (TurnsAttr attr = turns())
    walk.setTurnsAttr(attr);
  constexpr bool kIsMasked[] = {true, false, true};
  for (auto [segment, isMasked] : llvm::enumerate(kIsMasked)) {
    OpBuilder::InsertionGuard restore(builder);
    builder.setInsertionPointToStart(walk.getStep(segment));
    auto carried = walk.getCarried(segment);
    SoftmaxState next = emitStep(walk.getTile(segment), isMasked,
                                 {carried[0], carried[1], carried[2]});
    tile::YieldOp::create(builder, loc, ValueRange{next.acc, next.max, next.sums});
  }
  return {walk.getResult(0), walk.getResult(1), walk.getResult(2)};
}

/// Queries at the end are outside, and what is stored there is dropped.
Value ForwardKernel::firstQueryIf(Value condition) {
  return arith::SelectOp::create(builder, loc, condition, position.firstQuery,
                                 position.queryLength);
}

/// Where the tile's rows lie in a view of query rows, from that query on.
SmallVector<Value> ForwardKernel::rowsFrom(Value entry, Value firstQuery) {
  if (firstHead)
    return {entry, keyHead, firstQuery, firstHead};
  return {entry, position.head, firstQuery};
}

void ForwardKernel::emitParts(SoftmaxState state, Value total,
                              Value firstQuery) {
  Value entries = dim(arguments.parts.max, 0);
  Value batches =
      arith::DivUIOp::create(builder, loc, entries, arguments.splits);
  Value entry = arith::MulIOp::create(builder, loc, part, batches);
  entry = arith::AddIOp::create(builder, loc, entry, position.batch);
  auto store = [&](Value value, Value memref) {
    StoreOp::create(builder, loc, value, queryRows(memref, Layout::BHSD),
                    rowsFrom(entry, firstQuery), box);
  };
  store(state.max, arguments.parts.max);
  store(total, arguments.parts.sums);
  if (arguments.parts.acc)
    store(state.acc, arguments.parts.acc);
}

/// With one part, the results; with more, the parts. Where those are certain,
/// there are no results to store.
void ForwardKernel::emitResults(SoftmaxState state) {
  Value total = ReduceOp::create(builder, loc, type(rows, 1, f32),
                                 Combiner::add, state.sums);
  Value firstQuery = position.firstQuery;
  if (arguments.splits && !arguments.output && !arguments.lse)
    return emitParts(state, total, firstQuery);
  if (arguments.splits) {
    auto isOnePart = [&](arith::CmpIPredicate predicate) -> Value {
      return arith::CmpIOp::create(builder, loc, predicate, arguments.splits,
                                   index(1));
    };
    emitParts(state, total, firstQueryIf(isOnePart(arith::CmpIPredicate::ne)));
    firstQuery = firstQueryIf(isOnePart(arith::CmpIPredicate::eq));
  }
  SmallVector<Value> indices = rowsFrom(position.batch, firstQuery);
  if (arguments.output)
    emitOutput(state, total, arguments.output, indices);
  if (arguments.lse)
    emitLse(state, total, arguments.lse, indices);
}

void ForwardKernel::emitTile(Value block, Value head, Value batch) {
  emitPosition(block, head, batch);
  emitTileRange();
  emitQuery();
  SoftmaxState state = emitInitialState();
  state = emitWalk(state);
  emitResults(state);
}

/// CTA c takes tiles c, c + CTAs, …. What is computed at a time should share its
/// keys, to find them in the cache: the tiles of a head come one after the
/// other, or, where later rows have more keys, those of a section of heads, the
/// longest first, so that no long one is left for the end.
void ForwardKernel::emitTiles() {
  const TileCounts &counts = arguments.tiles;
  auto mul = [&](Value a, Value b) -> Value {
    return arith::MulIOp::create(builder, loc, a, b);
  };
  auto div = [&](Value a, Value b) -> Value {
    return arith::DivUIOp::create(builder, loc, a, b);
  };
  auto rem = [&](Value a, Value b) -> Value {
    return arith::RemUIOp::create(builder, loc, a, b);
  };
  auto sub = [&](Value a, Value b) -> Value {
    return arith::SubIOp::create(builder, loc, a, b);
  };
  Value allHeads = mul(counts.heads, counts.batches);
  auto loop = scf::ForOp::create(
      builder, loc, BlockIdOp::create(builder, loc, GridDim::x),
      mul(counts.blocks, allHeads),
      GridDimOp::create(builder, loc, GridDim::x));
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value perSection = mul(counts.blocks, counts.section);
  Value firstHead =
      mul(div(loop.getInductionVar(), perSection), counts.section);
  Value inSection = rem(loop.getInductionVar(), perSection);
  Value block, head;
  if (schedule.getPersistent() == ScheduleAttr::kLongestFirst) {
    Value heads = arith::MinUIOp::create(builder, loc, counts.section,
                                         sub(allHeads, firstHead));
    block = sub(sub(counts.blocks, index(1)), div(inSection, heads));
    head = rem(inSection, heads);
  } else {
    block = rem(inSection, counts.blocks);
    head = div(inSection, counts.blocks);
  }
  head = arith::AddIOp::create(builder, loc, firstHead, head);
  emitTile(block, rem(head, counts.heads), div(head, counts.heads));
}

void ForwardKernel::emit() {
  if (schedule.getPersistent())
    emitTiles();
  else
    emitTile(BlockIdOp::create(builder, loc, GridDim::x),
             BlockIdOp::create(builder, loc, GridDim::y),
             BlockIdOp::create(builder, loc, GridDim::z));
  ReturnOp::create(builder, loc);
}

void attn::emitForwardKernel(KernelOp kernel, SdpaOp op,
                             const KernelArguments &arguments) {
  ForwardKernel(kernel, op, arguments).emit();
  // Whole masks would be kept from one query tile to the next.
  ScheduleAttr schedule = kernel.getSchedule();
  if (schedule.getPersistent() || schedule.getHeads() != 1)
    kernel.walk([](IotaOp iota) { iota.setRecomputed(true); });
}
