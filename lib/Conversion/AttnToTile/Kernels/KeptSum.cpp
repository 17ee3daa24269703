//===- KeptSum.cpp - The weighted sum of kept values ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a tile of keys that some rows keep, the product of weights and values
// multiplies masked values by 0. That is NaN where they are not finite, and a
// NaN stays in its accumulator. Maxima and sums know scores alone, and are
// right. So rows need not be watched during the walk:
//
//   if any of acc is NaN, and its row's total is not {
//     for some columns c of acc at a time {
//       sum = 0
//       for each key j:  sum += exp(s_j - m) * v_j[c]  in the rows that keep it
//                        (a weight that dropout takes is 0)
//       acc[c] = sum
//     }
//   }
//
// Each warp decides for its own rows. The sum is taken from global
// memory, key by key, in plain arithmetic: it is meant to be right and small,
// not fast. Where a tile's columns are code, which is compiled with every
// kernel and hardly ever runs, scores are computed again for other columns.
//
//===----------------------------------------------------------------------===//

#include "KeptSum.h"

#include "../Parts/Mask.h"
#include "../Parts/Scores.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Columns of query and key that are multiplied at a time, and of values that
/// are added up: few registers, and little code.
static constexpr int64_t kColumns = 16;

KeptSum::KeptSum(TileBuilder &b, SdpaOp op, const ScoreScale &scale,
                 RegionTiles &regions, int64_t rows, int64_t partialSums,
                 bool isUnrolled, Sequences &sequences, Value batch,
                 Value firstQuery)
    : b(b), op(op), scale(scale), regions(regions), softmax(b, scale, rows),
      rows(rows), partialSums(partialSums), isUnrolled(isUnrolled),
      sequences(sequences), batch(batch), firstQuery(firstQuery) {}

/// A row vector, or a column vector, as a whole tile.
static Value spread(TileBuilder &b, Value vector, int64_t rows,
                    int64_t columns) {
  Type element = getElementTypeOrSelf(vector);
  return BroadcastOp::create(b, b.tileType(rows, columns, element), vector);
}

/// A row whose total is NaN is NaN, whatever its accumulators are.
Value KeptSum::emitIsLost(const SoftmaxState &state) {
  auto add = [&](Value tile) -> Value {
    return ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                            Combiner::add, tile);
  };
  Value sum = add(state.acc), total = add(state.sums);
  Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, sum, sum);
  Value isNumber =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, total, total);
  return AnyOp::create(b, arith::AndIOp::create(b, isNaN, isNumber));
}

/// scale * <q, k>. Columns behind the last one are read as zeros.
Value KeptSum::emitScore(Value key) {
  Type element = op.getElementType();
  int64_t dim = llvm::alignTo(op.getHeadDimQK(), kColumns);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(dim), b.index(kColumns),
                                 ValueRange{b.splat(0, rows, partialSums)});
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    Value column = loop.getInductionVar();
    Value q = b.convert(sequences.loadQuery(b.tileType(rows, kColumns, element),
                                            batch, firstQuery, column),
                        b.getF32Type());
    Value k = b.convert(
        sequences.loadKey(b.tileType(1, kColumns, element), batch, key, column),
        b.getF32Type());
    Value products = b.multiply(q, spread(b, k, rows, kColumns));
    Value before = loop.getRegionIterArg(0);
    Value sums = FoldOp::create(b, before.getType(), Combiner::add, products);
    Value after = arith::AddFOp::create(b, before, sums);
    scf::YieldOp::create(b, after);
  }
  Value product = ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                                   Combiner::add, loop.getResult(0));
  return emitScores(b, scale, regions, product, b.toI32(key));
}

/// Under `uniform`, the masked keys alone take part in a row whose maximum is
/// their score.
KeptSum::Part KeptSum::emitPart(Value key, Value kept, Value max) {
  Value score = emitScore(key);
  if (!scale.isUniform)
    return {kept, softmax.weightOf(score, max)};
  Value any = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, max,
                                    vector(ScoreScale::kUniformScore));
  Value takesPart =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kept, any);
  score = emitMaskedScores(b, kept, score, ScoreScale::kUniformScore);
  return {takesPart, softmax.weightOf(score, max)};
}

Value KeptSum::emitAdded(Value key, Value column, const Part &part, Value sum) {
  auto type = cast<RankedTensorType>(sum.getType());
  int64_t columns = type.getDimSize(1);
  Value value =
      b.convert(sequences.loadValue(b.tileType(1, columns, op.getElementType()),
                                    batch, key, column),
                b.getF32Type());
  Value taken = arith::SelectOp::create(b, b.broadcast(part.takesPart, columns),
                                        spread(b, value, rows, columns),
                                        b.splat(0, rows, columns));
  Value weight =
      arith::SelectOp::create(b, part.takesPart, part.weight, vector(0));
  return b.fma(b.broadcast(weight, columns), taken, sum);
}

/// Of the columns from `column` on.
Value KeptSum::emitColumns(const Keys &keys, Value max, Value column,
                           int64_t columns) {
  auto loop = scf::ForOp::create(b, keys.first, keys.end, b.index(1),
                                 ValueRange{b.splat(0, rows, columns)});
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  Value key = loop.getInductionVar();
  Value number = b.toI32(key);
  keys.setRows();
  Part part = emitPart(key, regions.emitKeep(number, 1), max);
  part.weight = keys.leave(part.weight, number);
  scf::YieldOp::create(b,
                       emitAdded(key, column, part, loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

/// A few columns at a time.
Value KeptSum::emitAllColumns(const Keys &keys, const SoftmaxState &state) {
  int64_t columns = cast<RankedTensorType>(state.acc.getType()).getDimSize(1);
  int64_t step = std::gcd(columns, kColumns);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(columns), b.index(step),
                                 ValueRange{state.acc});
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  Value column = loop.getInductionVar();
  Value sums = emitColumns(keys, state.max, column, step);
  Value acc = InsertOp::create(b, sums, loop.getRegionIterArg(0), column);
  scf::YieldOp::create(b, acc);
  return loop.getResult(0);
}

Value KeptSum::emit(const SoftmaxState &state, const Keys &keys) {
  Type type = state.acc.getType();
  auto guard =
      scf::IfOp::create(b, type, emitIsLost(state), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(guard.elseBlock());
  scf::YieldOp::create(b, state.acc);
  b.setInsertionPointToStart(guard.thenBlock());
  Value acc = isUnrolled
                  ? emitAllColumns(keys, state)
                  : emitColumns(keys, state.max, /*column=*/nullptr,
                                cast<RankedTensorType>(type).getDimSize(1));
  scf::YieldOp::create(b, acc);
  return guard.getResult(0);
}
