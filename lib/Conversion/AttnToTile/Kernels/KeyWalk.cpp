//===- KeyWalk.cpp - The walk over the keys of a query tile ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each row of the query tile,
//
//   m    the largest score so far,
//   l    sum over its keys of exp(s - m), four partial sums a row,
//   acc  sum over its keys of exp(s - m) * v,
//
// with l and acc rescaled by exp(m - m') when the maximum grows to m'.
//
// Key tiles before and behind those that every row keeps whole are masked; the
// three runs of tiles are the segments of a walk.
//
//===----------------------------------------------------------------------===//

#include "KeyWalk.h"

#include "../FunctionLowering.h"
#include "../Parts/Mask.h"
#include "../Parts/Scores.h"
#include "KeptSum.h"
#include "attn/Schedule/RegisterModel.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The groups of a step's products that warpgroups may take turns in.
static constexpr int64_t kScoresGroup = 0, kValuesGroup = 1;

/// Sums of a row: one for each lane of those that share it, or of a vector.
static int64_t partialSums(const TargetDesc &target) {
  return target.isProcessor() ? target.processor->lanes() : kPartialSums;
}

/// How many percent of the exponentials late products are waited for behind.
/// In turns, others wait for all of them.
static int64_t computedFirst(ScheduleAttr schedule) {
  bool isShare =
      schedule.getOverlap() && schedule.getTurns() != Turns::Exponentials;
  return isShare ? schedule.getWait() : 100;
}

KeyWalk::KeyWalk(TileBuilder &b, SdpaOp op, ScheduleAttr schedule,
                 HeadGroups &groups, Sequences &sequences, ValueRange captures,
                 const QueryChain &chain, Dropout &dropout, Value batch,
                 Value firstQuery)
    : b(b), op(op), schedule(schedule), groups(groups), sequences(sequences),
      scale(op), softmax(b, scale, groups.rows(), computedFirst(schedule)),
      regions(b, op, captures, groups.rows()), dropout(dropout), batch(batch),
      firstQuery(firstQuery), target(*lookupTarget(targetOf(op))), types(op),
      rows(groups.rows()), keys(schedule.getKv()) {
  if (chain.ops.empty())
    loadQuery();
  else
    computeQuery(chain);
  if (captures.empty())
    return;
  regions.setRows(emitRowIndices());
  regions.readCapturesOfRows();
}

void KeyWalk::loadQuery() {
  LoadOp load = sequences.loadQuery(
      b.tileType(rows, types.dimQK, types.element), batch, firstQuery);
  if (schedule.getPrefetch())
    load.setSlots(2);
  load.setHeld(holdsQuery());
  query = b.convert(load, types.multiplied);
}

bool KeyWalk::holdsQuery() {
  return !target.isProcessor() &&
         holdsQueryInRegisters(
             schedule.getKeys(),
             {types.dimQK, types.dimV,
              static_cast<int64_t>(types.element.getIntOrFloatBitWidth())});
}

/// What rows become is not what lies in memory, so no copy can bring it.
void KeyWalk::computeQuery(const QueryChain &chain) {
  Value tile =
      emitComputedQuery(b, chain, groups, sequences, batch, firstQuery,
                        types.dimQK, schedule.getWarps() * CtaAttr::kWarpSize);
  sequences.setComputedQuery(tile);
  query = tile;
  if (holdsQuery())
    query = FragmentOp::create(b, b.tileType(rows, types.dimQK, types.element),
                               tile);
}

/// Of all rows, and of no key yet. Rows of a tile may lie behind the last query
/// or head, where captured tensors have no elements.
ScoreIndices KeyWalk::emitRowIndices() {
  ScoreIndices indices;
  indices.batch = b.toI32(batch);
  indices.head = groups.rowHeads();
  indices.query = groups.rowQueries(firstQuery);
  indices.queryLength = sequences.queryLength();
  indices.keyLength = sequences.keyLength();
  if (op.getCaptures().empty())
    return indices;
  indices.query = b.clampBelow(indices.query, indices.queryLength);
  indices.head = b.clampBelow(indices.head, groups.numHeads());
  return indices;
}

/// The indices of a tile's keys, for the regions. Keys of a masked one may lie
/// behind the last one.
Value KeyWalk::emitKeyIndices(Value firstKey, bool isMasked) {
  Value indices = sequences.keyIndices(firstKey, keys);
  if (isMasked && !op.getCaptures().empty())
    indices = b.clampBelow(indices, sequences.keyLength());
  return indices;
}

/// The bounds of the keys that rows of a tile keep.
KeysOfRows KeyWalk::emitRun(Value firstKey) {
  regions.setRows(emitRowIndices());
  return regions.emitKeysOfRows(firstKey);
}

/// Which part of a masked tile rows need, where the target does less for it.
/// Under `uniform`, masked keys count, too.
std::optional<KeysOfRows> KeyWalk::emitNeededKeys(Value firstKey) {
  if (!target.isProcessor() || op.getRange().empty() || scale.isUniform)
    return std::nullopt;
  return emitRun(firstKey);
}

Value KeyWalk::emitKept(Value firstKey) {
  Value keyIndices = emitKeyIndices(firstKey, /*isMasked=*/true);
  regions.setRows(emitRowIndices());
  return regions.emitKeep(keyIndices, keys);
}

/// Columns before the end of the keys.
Value KeyWalk::emitInside(Value firstKey) {
  RankedTensorType column = b.tileType(rows, 1, b.getI32Type());
  Value count = b.toI32(b.sub(sequences.keyLength(), firstKey));
  count = tensor::SplatOp::create(b, column, count);
  return emitWithin(b, {/*first=*/{}, count}, keys);
}

/// Masked scores are -inf, or the score that weighs the same in every key of a
/// row without a kept one; keys behind the end are always -inf. Bounds of the
/// keys that rows keep are also bounds of what there is.
Value KeyWalk::emitMasked(Value scores, Value firstKey) {
  if (!regions.hasKeep())
    return emitMaskedScores(b, emitInside(firstKey), scores, -INFINITY);
  if (scale.isUniform) {
    scores = emitMaskedScores(b, emitKept(firstKey), scores,
                              ScoreScale::kUniformScore);
    return emitMaskedScores(b, emitInside(firstKey), scores, -INFINITY);
  }
  if (!regions.keepsOneRun()) {
    Value kept = emitKept(firstKey);
    kept = arith::AndIOp::create(b, kept, emitInside(firstKey));
    return emitMaskedScores(b, kept, scores, -INFINITY);
  }
  KeysOfRows run = emitRun(firstKey);
  if (regions.beginsAtFirstKey())
    run.first = {};
  return emitMaskedScores(b, emitWithin(b, run, keys), scores, -INFINITY);
}

/// What dropout leaves of the weights of some keys, or of one.
Value KeyWalk::emitLeftWeights(Value weights, Value key, int64_t counted) {
  if (!dropout.dropsAny())
    return weights;
  return dropout.emit(
      weights,
      {b.toI32(batch), groups.rowHeads(), groups.rowQueries(firstQuery), key},
      counted);
}

SoftmaxState KeyWalk::emitStep(Value firstKey, bool isMasked,
                               const SoftmaxState &state) {
  Value key =
      b.convert(sequences.loadKey(b.tileType(keys, types.dimQK, types.element),
                                  batch, firstKey),
                types.multiplied);
  std::optional<KeysOfRows> needed;
  if (isMasked)
    needed = emitNeededKeys(firstKey);
  Value products = emitProducts(b, query, key, rows, needed);
  Value keyIndices;
  if (regions.hasScore()) {
    keyIndices = emitKeyIndices(firstKey, isMasked);
    regions.setRows(emitRowIndices());
  }
  Value scores = emitScores(b, scale, regions, products, keyIndices);
  if (isMasked)
    scores = emitMasked(scores, firstKey);
  SoftmaxStep step = softmax.addScores(state.max, scores, isMasked);
  Value sums = softmax.addSums(state.sums, step);
  Value acc = softmax.rescaled(state.acc, step);
  Value weights = step.weights;
  if (dropout.dropsAny())
    weights = emitLeftWeights(weights, sequences.keyIndices(firstKey, keys),
                              /*counted=*/keys);
  weights = b.convert(weights, types.multiplied);
  Value value =
      b.convert(sequences.loadValue(b.tileType(keys, types.dimV, types.element),
                                    batch, firstKey),
                types.multiplied);
  auto product = DotOp::create(b, weights, value, acc, /*transpose_b=*/false,
                               /*async=*/false,
                               /*stage=*/schedule.getOverlap(), kValuesGroup);
  if (needed)
    product.bound(needed->first, needed->end, /*inner=*/true);
  return {product, step.max, sums};
}

/// Only several warpgroups take turns.
TurnsAttr KeyWalk::turns() {
  switch (schedule.getTurns()) {
  case Turns::Nothing:
    return {};
  case Turns::Exponentials:
    return TurnsAttr::get(op.getContext(), TurnKind::results, {kScoresGroup});
  case Turns::Products:
    return TurnsAttr::get(op.getContext(), TurnKind::products,
                          {kScoresGroup, kValuesGroup});
  }
  llvm_unreachable("every kind of turns has a case");
}

Value KeyWalk::emitKeptSum(const KeyRange &range, const SoftmaxState &state) {
  KeptSum sum(b, op, scale, regions, rows, partialSums(target),
              /*isUnrolled=*/!target.isProcessor(), sequences, batch,
              firstQuery);
  // Listed tiles are in no order.
  bool isListed = bool(range.list.memory);
  Value first =
      isListed ? b.index(0) : emitFirstKey(b, range, range.first, keys);
  Value end = isListed ? sequences.keyLength()
                       : emitFirstKey(b, range, range.last, keys);
  end = b.min(end, sequences.keyLength());
  return sum.emit(state,
                  {first, end, [&] { regions.setRows(emitRowIndices()); },
                   [&](Value weights, Value key) {
                     return emitLeftWeights(weights, key, /*counted=*/1);
                   }});
}

SoftmaxState KeyWalk::emit(const KeyRange &range) {
  SoftmaxState state = softmax.initialState(types.dimV, partialSums(target));
  auto walk = WalkOp::create(
      b, range.first, ValueRange{range.full, range.fullEnd, range.last},
      ValueRange{state.acc, state.max, state.sums}, schedule.getStages());
  if (TurnsAttr attr = turns())
    walk.setTurnsAttr(attr);
  constexpr bool kIsMasked[] = {true, false, true};
  for (auto [segment, isMasked] : llvm::enumerate(kIsMasked)) {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(walk.getStep(segment));
    auto carried = walk.getCarried(segment);
    Value firstKey = emitFirstKey(b, range, walk.getTile(segment), keys);
    SoftmaxState next =
        emitStep(firstKey, isMasked, {carried[0], carried[1], carried[2]});
    tile::YieldOp::create(b, ValueRange{next.acc, next.max, next.sums});
  }
  state = {walk.getResult(0), walk.getResult(1), walk.getResult(2)};
  if (regions.hasKeep())
    state.acc = emitKeptSum(range, state);
  return state;
}
