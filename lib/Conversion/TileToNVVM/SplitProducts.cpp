//===- SplitProducts.cpp - Products of f32 by warps -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tile.dot of f32, as steps of an atom whose operands have 11 bits:
//
//   a = a1 + a2,  b = b1 + b2
//   large += a1 * b1;  small += a2 * b1 + a1 * b2        in each step
//   acc + (large + small)                                at the end
//
// Matrix instructions cut what they add off at the last bit of the sum. So sums
// of a product are taken apart from the accumulator, which is added once and is
// rounded, and small products apart from large ones. A few columns are computed
// at a time, with all of the inner dimension.
//
// Where an operand is infinite or NaN, its second part is NaN, and the small
// sum says nothing: it counts only where it is finite.
//
//===----------------------------------------------------------------------===//

#include "MmaSync.h"
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// Registers of a fragment, in parts: the larger first.
using Parts = SmallVector<SmallVector<Value>, 2>;

struct SplitDotConversion : OpConversionPattern<DotOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Builds one product.
class SplitProduct {
public:
  SplitProduct(OpBuilder &builder, DotOp op,
               SplitDotConversion::OneToNOpAdaptor adaptor,
               const MmaAtom &atom);
  SmallVector<Value> emit();

private:
  /// Atoms of columns that are computed at a time: few beside accumulators that
  /// leave few registers.
  int64_t atomsAtATime() const { return atomsOfThread() > 8 ? 2 : 4; }
  int64_t atomsOfThread() const { return grid.strips * grid.atoms; }
  /// ptxas would read ahead what belongs to columns that come later, until it
  /// spills.
  bool readsInOrder() const { return atomsOfThread() > 16; }

  Value round(Value word);
  Parts split(ArrayRef<Value> words);
  int64_t rowsOfWarp() const { return grid.strips * WarpFragment::kRows; }
  SmallVector<Parts> left(int64_t step);
  SmallVector<Value> transposedRight(int64_t step, int64_t atom);
  SmallVector<Value> right(int64_t step, int64_t atom);
  void emitColumns(int64_t first, int64_t count);
  void emitStep(int64_t step, int64_t first, int64_t count,
                SmallVectorImpl<Value> &large, SmallVectorImpl<Value> &small);
  void multiply(ArrayRef<Value> a, ArrayRef<Value> b,
                SmallVectorImpl<Value> &sums, int64_t at);
  Value sumOf(Value large, Value small);

  OpBuilder &builder;
  Location loc;
  DotOp op;
  SplitDotConversion::OneToNOpAdaptor adaptor;
  const MmaAtom &atom;
  RegisterGrid grid;
  SwizzledTile rightTile;
  int64_t steps, parts;
  InnerOrder order = InnerOrder::Plain;
  bool startsAtZero;
  /// Of a left operand in registers: of all strips, by step.
  SmallVector<SmallVector<Parts>> held;
  SmallVector<Value> registers; // of the result
  Value zero;
  Value firstRow; // of the warp, in a left operand in shared memory
};

} // namespace

static SharedType rightTypeOf(DotOp op) {
  return cast<SharedType>(op.getB().getType());
}

SplitProduct::SplitProduct(OpBuilder &builder, DotOp op,
                           SplitDotConversion::OneToNOpAdaptor adaptor,
                           const MmaAtom &atom)
    : builder(builder), loc(op.getLoc()), op(op), adaptor(adaptor), atom(atom),
      grid(cast<RankedTensorType>(op.getType())), rightTile(rightTypeOf(op)),
      steps((op.getTransposeB() ? rightTypeOf(op).getColumns()
                                : rightTypeOf(op).getRows()) /
            atom.k),
      parts(op.getParts()),
      startsAtZero(matchPattern(op.getAcc(), m_AnyZeroFloat())),
      registers(adaptor.getAcc()),
      zero(arith::ConstantOp::create(builder, op.getLoc(),
                                     builder.getF32FloatAttr(0))) {
  auto tile = dyn_cast<RankedTensorType>(op.getA().getType());
  if (!tile) {
    // LLVM would keep the address of each step through the loop.
    firstRow =
        makeOpaque(builder, loc, emitFirstRow(builder, loc, rowsOfWarp()));
    return;
  }
  if (cast<OperandAAttr>(tile.getEncoding()).getOfResult())
    order = InnerOrder::OfResult;
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Parts> &ofStep = held.emplace_back();
    for (ArrayRef<Value> strip : leftFromRegisters(tile, adaptor.getA(), step))
      ofStep.push_back(split(strip));
  }
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// An f32 to the nearest number of 11 bits, as a word.
Value SplitProduct::round(Value single) {
  return NVVM::ConvertFloatToTF32Op::create(builder, loc, builder.getI32Type(),
                                            single, NVVM::FPRoundingMode::RNA);
}

Parts SplitProduct::split(ArrayRef<Value> words) {
  Type f32 = builder.getF32Type();
  Parts result(parts);
  for (Value word : words) {
    Value rest = word.getType() == f32
                     ? word
                     : LLVM::BitcastOp::create(builder, loc, f32, word);
    for (int64_t i = 0; i < parts; ++i) {
      Value part = round(rest);
      result[i].push_back(part);
      if (i + 1 == parts)
        break;
      Value taken = LLVM::BitcastOp::create(builder, loc, f32, part);
      rest = arith::SubFOp::create(builder, loc, rest, taken);
    }
  }
  return result;
}

/// The left operand of a step, for each strip.
SmallVector<Parts> SplitProduct::left(int64_t step) {
  if (!held.empty())
    return held[step];
  SmallVector<Parts> result;
  for (ArrayRef<Value> strip :
       emitLeftFromShared(builder, loc, cast<SharedType>(op.getA().getType()),
                          adaptor.getA().front(), firstRow, rowsOfWarp(), step))
    result.push_back(split(strip));
  return result;
}

/// Of two neighbouring atoms of columns, which are rows in memory.
SmallVector<Value> SplitProduct::transposedRight(int64_t step, int64_t column) {
  return emitLdmatrix(builder, loc, rightTile, adaptor.getB().front(),
                      column * atom.n, Value(), step * kStepChunks,
                      MatrixOrder::ChunksFirst, /*transpose=*/false);
}

/// A lane reads rows of its own, in the order of the left operand. In that of
/// results, the rows that lanes read at a time have different swizzles.
SmallVector<Value> SplitProduct::right(int64_t step, int64_t column) {
  constexpr int64_t kWordBytes = 4,
                    kWords = SwizzledTile::kChunkBytes / kWordBytes;
  constexpr int64_t kQuad = 4;
  Value lane = emitLaneId(builder, loc);
  auto constant = [&](int64_t value) { return emitI32(builder, loc, value); };
  Value inQuad = arith::AndIOp::create(builder, loc, lane, constant(kQuad - 1));
  Value group = arith::ShRUIOp::create(builder, loc, lane, constant(2));
  Value chunk = arith::ShRUIOp::create(builder, loc, group, constant(2));
  Value word = arith::AndIOp::create(builder, loc, group, constant(kWords - 1));
  Value bytes = arith::MulIOp::create(builder, loc, word, constant(kWordBytes));
  Value base = emitSharedOffset(builder, loc, adaptor.getB().front(), bytes);
  SmallVector<Value> words;
  for (int64_t i = 0; i < WarpFragment::kRightRegisters; ++i) {
    InnerIndex index = innerIndex(order, bitsOf(atom.type), i, 0);
    Value row =
        arith::MulIOp::create(builder, loc, inQuad, constant(index.ofLane));
    row = arith::AddIOp::create(builder, loc, row, constant(index.fixed));
    Value offset = rightTile.offset(builder, loc, step * atom.k, row,
                                    column * atom.n / kWords, chunk);
    words.push_back(LLVM::LoadOp::create(
        builder, loc, builder.getF32Type(),
        emitSharedOffset(builder, loc, base, offset), kWordBytes));
  }
  return words;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

void SplitProduct::multiply(ArrayRef<Value> a, ArrayRef<Value> b,
                            SmallVectorImpl<Value> &sums, int64_t at) {
  auto c = MutableArrayRef(sums).slice(at, WarpFragment::kResultRegisters);
  llvm::copy(emitMma(builder, loc, atom, builder.getF32Type(), a, b, c),
             c.begin());
}

/// One step of some atoms of columns, whose sums are ordered by atom, then by
/// strip.
void SplitProduct::emitStep(int64_t step, int64_t first, int64_t count,
                            SmallVectorImpl<Value> &large,
                            SmallVectorImpl<Value> &small) {
  SmallVector<Parts> rows = left(step);
  SmallVector<Value> pair;
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> words;
    if (!op.getTransposeB()) {
      words = right(step, first + i);
    } else {
      if (i % 2 == 0)
        pair = transposedRight(step, first + i);
      constexpr int64_t kRegisters = WarpFragment::kRightRegisters;
      words.assign(pair.begin() + i % 2 * kRegisters,
                   pair.begin() + (i % 2 + 1) * kRegisters);
    }
    Parts columns = split(words);
    for (auto [strip, row] : llvm::enumerate(rows)) {
      int64_t at = (i * grid.strips + strip) * WarpFragment::kResultRegisters;
      if (parts > 1) {
        multiply(row[1], columns[0], small, at);
        multiply(row[0], columns[1], small, at);
      }
      multiply(row[0], columns[0], large, at);
    }
  }
}

Value SplitProduct::sumOf(Value large, Value small) {
  if (parts == 1)
    return large;
  Value size = LLVM::FAbsOp::create(builder, loc, small);
  Value infinity = arith::ConstantOp::create(
      builder, loc,
      builder.getF32FloatAttr(std::numeric_limits<float>::infinity()));
  Value isFinite = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLT, size, infinity);
  Value counted = arith::SelectOp::create(builder, loc, isFinite, small, zero);
  return arith::AddFOp::create(builder, loc, large, counted);
}

void SplitProduct::emitColumns(int64_t first, int64_t count) {
  int64_t size = count * grid.strips * WarpFragment::kResultRegisters;
  SmallVector<Value> large(size, zero), small(size, zero);
  if (readsInOrder())
    NVVM::SyncWarpOp::create(builder, loc, emitI32(builder, loc, -1));
  for (int64_t step = 0; step < steps; ++step)
    emitStep(step, first, count, large, small);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t strip = 0; strip < grid.strips; ++strip)
      for (int64_t r = 0; r < WarpFragment::kResultRegisters; ++r) {
        int64_t at =
            (i * grid.strips + strip) * WarpFragment::kResultRegisters + r;
        Value sum = sumOf(large[at], small[at]);
        Value &result = registers[grid.index(strip, first + i, 0, 0) + r];
        result = startsAtZero
                     ? sum
                     : Value(arith::AddFOp::create(builder, loc, result, sum));
      }
}

SmallVector<Value> SplitProduct::emit() {
  int64_t count = atomsAtATime();
  for (int64_t first = 0; first < grid.atoms; first += count)
    emitColumns(first, std::min(count, grid.atoms - first));
  return registers;
}

LogicalResult
SplitDotConversion::matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                                    ConversionPatternRewriter &rewriter) const {
  auto right = dyn_cast<SharedType>(op.getB().getType());
  auto accumulator = cast<RankedTensorType>(op.getType());
  if (!right || !right.getElementType().isF32() ||
      !accumulator.getElementType().isF32())
    return rewriter.notifyMatchFailure(
        op, "expected f32, and the right operand in shared memory");
  FailureOr<MmaAtom> atom = atomOf(op, right.getElementType());
  if (failed(atom))
    return failure();
  bool hasPairs = accumulator.getDimSize(1) % (2 * atom->n) == 0;
  if (atom->warps != 1 || (op.getTransposeB() && !hasPairs))
    return rewriter.notifyMatchFailure(
        op, "expected products of warps, of columns in sixteens where the "
            "right operand is transposed");
  rewriter.replaceOpWithMultiple(
      op, {SplitProduct(rewriter, op, adaptor, *atom).emit()});
  return success();
}

void attn::tile::populateSplitProductPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<SplitDotConversion>(converter, patterns.getContext());
}
