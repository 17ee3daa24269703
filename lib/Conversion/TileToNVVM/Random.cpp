//===- Random.cpp - Random bits in registers ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One call of Philox has the bits of 8 keys of a row:
//
//   columns 8 n + 2 c, 8 n + 2 c + 1 of a block of 32:   word n of call c
//
// Lane c of a quad holds them all in the four accumulator atoms of the block.
// Where tiles begin elsewhere, a call serves the two columns of an atom.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "attn/Dialect/Tile/IR/Philox.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct RandomConversion : ConversionPattern {
  RandomConversion(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, RandomOp::getOperationName(),
                          /*benefit=*/1, context) {}
  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Draws the registers of one tile.
class RandomTile {
public:
  RandomTile(OpBuilder &builder, RandomOp op, ArrayRef<ValueRange> operands)
      : builder(builder), loc(op.getLoc()), op(op), operands(operands),
        grid(op.getType()), registers(grid.size()) {}
  SmallVector<Value> draw();

private:
  Value indexAt(unsigned which, int64_t strip, int64_t atom, int64_t row,
                int64_t column);
  Value keyAt(int64_t strip, int64_t atom, int64_t row, int64_t column) {
    return indexAt(3, strip, atom, row, column);
  }
  PhiloxKey emitKey();
  PhiloxWords call(const PhiloxKey &key, int64_t strip, int64_t atom,
                   int64_t row, int64_t column);
  void drawBlock(const PhiloxKey &key, int64_t strip, int64_t firstAtom,
                 int64_t row);
  void drawAtom(const PhiloxKey &key, int64_t strip, int64_t atom, int64_t row);

  OpBuilder &builder;
  Location loc;
  RandomOp op;
  ArrayRef<ValueRange> operands;
  RegisterGrid grid;
  SmallVector<Value> registers;
};

} // namespace

static constexpr int64_t kAtomsOfBlock = kRandomBlock / WarpFragment::kColumns;

/// Of batch, head, query or key.
Value RandomTile::indexAt(unsigned which, int64_t strip, int64_t atom,
                          int64_t row, int64_t column) {
  Value index = op.getIndices()[which];
  ValueRange values = operands[2 + which];
  auto tile = dyn_cast<RankedTensorType>(index.getType());
  if (!tile)
    return values.front();
  bool hasRows = tile.getDimSize(0) != 1, hasColumns = tile.getDimSize(1) != 1;
  return values[RegisterGrid(tile).index(
      hasRows ? strip : 0, hasColumns ? atom : 0, hasRows ? row : 0,
      hasColumns ? column : 0)];
}

/// The keys of all rounds follow from these two numbers. LLVM would compute
/// them once, and keep twenty registers occupied.
PhiloxKey RandomTile::emitKey() {
  return {makeOpaque(builder, loc, operands[0].front()),
          makeOpaque(builder, loc, operands[1].front())};
}

PhiloxWords RandomTile::call(const PhiloxKey &key, int64_t strip, int64_t atom,
                             int64_t row, int64_t column) {
  auto at = [&](unsigned which) {
    return indexAt(which, strip, atom, row, column);
  };
  return emitPhilox(
      builder, loc,
      {emitRandomCounter(builder, loc, at(3)), at(2), at(1), at(0)}, key);
}

void RandomTile::drawBlock(const PhiloxKey &key, int64_t strip,
                           int64_t firstAtom, int64_t row) {
  PhiloxWords words = call(key, strip, firstAtom, row, /*column=*/0);
  for (auto [i, word] : llvm::enumerate(words))
    for (int64_t column = 0; column < grid.columnsOfAtom; ++column)
      registers[grid.index(strip, firstAtom + i, row, column)] =
          emitHalf(builder, loc, word, /*isHigh=*/column == 1);
}

void RandomTile::drawAtom(const PhiloxKey &key, int64_t strip, int64_t atom,
                          int64_t row) {
  bool areCounted = op.getCounted() % WarpFragment::kColumns == 0;
  PhiloxWords words;
  for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
    if (column == 0 || !areCounted)
      words = call(key, strip, atom, row, column);
    registers[grid.index(strip, atom, row, column)] =
        emitRandomBits(builder, loc, words, keyAt(strip, atom, row, column));
  }
}

SmallVector<Value> RandomTile::draw() {
  bool isInBlocks = op.getCounted() % kRandomBlock == 0 &&
                    grid.atoms % kAtomsOfBlock == 0 && grid.columnsOfAtom == 2;
  int64_t step = isInBlocks ? kAtomsOfBlock : 1;
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; atom += step) {
      PhiloxKey key = emitKey();
      for (int64_t row = 0; row < grid.rowsOfAtom; ++row) {
        if (isInBlocks)
          drawBlock(key, strip, atom, row);
        else
          drawAtom(key, strip, atom, row);
      }
    }
  return registers;
}

LogicalResult
RandomConversion::matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands,
                                  ConversionPatternRewriter &rewriter) const {
  auto random = cast<RandomOp>(op);
  auto tile = cast<RankedTensorType>(random.getType());
  if (!isa_and_nonnull<AccumulatorAttr>(tile.getEncoding()))
    return rewriter.notifyMatchFailure(op, "expected an accumulator's layout");
  rewriter.replaceOpWithMultiple(
      op, {RandomTile(rewriter, random, operands).draw()});
  return success();
}

void attn::tile::populateRandomPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<RandomConversion>(converter, patterns.getContext());
}
