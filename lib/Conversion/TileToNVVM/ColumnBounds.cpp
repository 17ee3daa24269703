//===- ColumnBounds.cpp - Numbers of columns, compared with bounds --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread's columns are first + n, for constants n. Whether first + n < bound
// is whether n < bound - first: one register holds the right side for all
// columns of a row, and n is an immediate of the comparison.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct ColumnBoundConversion : OpConversionPattern<arith::CmpIOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(arith::CmpIOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

/// The count along a row that the tile repeats in each of its rows, or null.
static IotaOp columnNumbers(Value tile) {
  auto broadcast = tile.getDefiningOp<BroadcastOp>();
  auto iota =
      broadcast ? broadcast.getInput().getDefiningOp<IotaOp>() : nullptr;
  bool isPlain = iota && iota.getRepeat() == 1 &&
                 iota.getType().getDimSize(0) == 1 &&
                 iota.getType().getElementType().isInteger(32);
  return isPlain ? iota : nullptr;
}

/// Bounds are numbers of columns of about one tile: nothing overflows.
LogicalResult ColumnBoundConversion::matchAndRewrite(
    arith::CmpIOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  IotaOp iota = columnNumbers(op.getLhs());
  if (!iota)
    return rewriter.notifyMatchFailure(op, "expected numbers of columns");
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getLhs().getType());
  RegisterGrid grid(tile);
  Value first = emitThreadOrigin(rewriter, loc, tile).column;
  if (iota.getRecomputed())
    first = makeOpaque(rewriter, loc, first);
  llvm::SmallDenseMap<Value, Value> inThread;
  auto boundOf = [&](Value bound) {
    Value &found = inThread[bound];
    if (!found)
      found = arith::SubIOp::create(rewriter, loc, bound, first);
    return found;
  };
  SmallVector<Value> registers(grid.size());
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t row = 0; row < grid.rowsOfAtom; ++row)
        for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
          int64_t place = grid.index(strip, atom, row, column);
          Value number = emitI32(rewriter, loc, grid.columnOf(atom, column));
          registers[place] =
              arith::CmpIOp::create(rewriter, loc, op.getPredicate(), number,
                                    boundOf(adaptor.getRhs()[place]));
        }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

void attn::tile::populateColumnBoundPatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<ColumnBoundConversion>(converter, patterns.getContext(),
                                      /*benefit=*/2);
}
