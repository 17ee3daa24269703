//===- Gather.cpp - Elements of global memory, one by one -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The address of an element is that of its row plus what its column adds. Where
// an index counts the columns, what one column adds to another is a constant,
// and stands in the instruction.
//
//===----------------------------------------------------------------------===//

#include "Memory.h"
#include "Patterns.h"
#include "Registers.h"

#include <map>
#include <tuple>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct GatherConversion : ConversionPattern {
  GatherConversion(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, GatherOp::getOperationName(),
                          /*benefit=*/1, context) {}
  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Which places of a tile share what an index adds to an address.
enum class Kind { All, Rows, Columns, Each };

/// A place among the result's registers.
struct Place {
  int64_t strip, atom, row, column;

  /// The same for all places that share what the kind adds.
  Place of(Kind kind) const {
    bool hasRow = kind == Kind::Rows || kind == Kind::Each;
    bool hasColumn = kind == Kind::Columns || kind == Kind::Each;
    return {hasRow ? strip : 0, hasColumn ? atom : 0, hasRow ? row : 0,
            hasColumn ? column : 0};
  }
  bool operator<(const Place &other) const {
    return std::tie(strip, atom, row, column) <
           std::tie(other.strip, other.atom, other.row, other.column);
  }
};

/// Addresses of the elements of one gather.
class GatherAddresses {
public:
  GatherAddresses(OpBuilder &builder, GatherOp op,
                  ArrayRef<ValueRange> operands);
  Value at(Place place);
  Type elementType() const { return view.elementType; }

private:
  Value term(unsigned dim, Place place);
  Value sumOf(Kind kind, Place place);
  Value rowPointer(Place place);
  Value advance(Value pointer, LLVM::GEPArg elements);

  OpBuilder &builder;
  Location loc;
  GatherOp op;
  ArrayRef<ValueRange> operands;
  GlobalView view;
  RegisterGrid grid;
  /// The number of the first column, where the last index counts columns.
  Value firstColumn;
  Value base;
  std::map<Place, Value> columnSums, rowPointers;
};

} // namespace

static Kind kindOf(Value index) {
  auto tile = dyn_cast<RankedTensorType>(index.getType());
  if (!tile)
    return Kind::All;
  bool isOneRow = tile.getDimSize(0) == 1,
       isOneColumn = tile.getDimSize(1) == 1;
  if (isOneRow)
    return isOneColumn ? Kind::All : Kind::Columns;
  return isOneColumn ? Kind::Rows : Kind::Each;
}

GatherAddresses::GatherAddresses(OpBuilder &builder, GatherOp op,
                                 ArrayRef<ValueRange> operands)
    : builder(builder), loc(op.getLoc()), op(op), operands(operands),
      view(GlobalView::unpack(builder, loc,
                              cast<MemRefType>(op.getSource().getType()),
                              operands.front())),
      grid(op.getType()) {
  if (Value first = op.getFirstColumn()) {
    auto tile = cast<RankedTensorType>(op.getIndices().back().getType());
    firstColumn = arith::AddIOp::create(
        builder, loc, first, emitThreadOrigin(builder, loc, tile).column);
    firstColumn =
        arith::ExtSIOp::create(builder, loc, builder.getI64Type(), firstColumn);
  }
  Value sum = sumOf(Kind::All, {});
  base = sum ? advance(view.pointer, sum) : view.pointer;
}

Value GatherAddresses::advance(Value pointer, LLVM::GEPArg elements) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), view.elementType,
                             pointer, ArrayRef(elements));
}

/// The index times the stride.
Value GatherAddresses::term(unsigned dim, Place place) {
  Value index = op.getIndices()[dim];
  Value number = operands[1 + dim].front();
  if (auto tile = dyn_cast<RankedTensorType>(index.getType())) {
    Place at = place.of(kindOf(index));
    number = operands[1 + dim][RegisterGrid(tile).index(at.strip, at.atom,
                                                        at.row, at.column)];
  }
  number = arith::ExtSIOp::create(builder, loc, builder.getI64Type(), number);
  return builder.createOrFold<arith::MulIOp>(loc, number, view.strides[dim]);
}

/// What the indices of a kind add at a place; null where they add nothing.
Value GatherAddresses::sumOf(Kind kind, Place place) {
  Value sum;
  for (auto [dim, index] : llvm::enumerate(op.getIndices())) {
    bool isCount = firstColumn && dim + 1 == op.getIndices().size();
    if (kindOf(index) != kind || isCount)
      continue;
    Value more = term(dim, place);
    sum =
        sum ? arith::AddIOp::create(builder, loc, sum, more).getResult() : more;
  }
  return sum;
}

Value GatherAddresses::rowPointer(Place place) {
  Value &pointer = rowPointers[place.of(Kind::Rows)];
  if (pointer)
    return pointer;
  pointer = base;
  if (Value sum = sumOf(Kind::Rows, place))
    pointer = advance(pointer, sum);
  if (firstColumn)
    pointer = advance(pointer, firstColumn);
  return pointer;
}

Value GatherAddresses::at(Place place) {
  Value pointer = rowPointer(place);
  Place column = place.of(Kind::Columns);
  if (!columnSums.count(column))
    columnSums[column] = sumOf(Kind::Columns, place);
  if (Value sum = columnSums[column])
    pointer = advance(pointer, sum);
  if (Value sum = sumOf(Kind::Each, place))
    pointer = advance(pointer, sum);
  if (firstColumn)
    pointer =
        advance(pointer, int32_t(grid.columnOf(place.atom, place.column)));
  return pointer;
}

/// Loads an element; floats become f32. A bf16 is the upper half of one: of an
/// `fpext`, LLVM would make comparisons that ptxas does not know.
static Value emitWideLoad(OpBuilder &builder, Location loc, Type element,
                          Value address) {
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  bool isBF16 = element.isBF16();
  Value loaded = LLVM::LoadOp::create(
      builder, loc, isBF16 ? builder.getI16Type() : element, address);
  if (!isBF16)
    return element.isF16()
               ? arith::ExtFOp::create(builder, loc, f32, loaded).getResult()
               : loaded;
  Value bits = arith::ExtUIOp::create(builder, loc, i32, loaded);
  bits = arith::ShLIOp::create(builder, loc, bits, emitI32(builder, loc, 16));
  return arith::BitcastOp::create(builder, loc, f32, bits);
}

LogicalResult
GatherConversion::matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands,
                                  ConversionPatternRewriter &rewriter) const {
  auto gather = cast<GatherOp>(op);
  Location loc = op->getLoc();
  RankedTensorType tile = gather.getType();
  if (!isa_and_nonnull<AccumulatorAttr, BlockedAttr>(tile.getEncoding()))
    return rewriter.notifyMatchFailure(op, "expected a layout of rows");
  RegisterGrid grid(tile);
  GatherAddresses addresses(rewriter, gather, operands);
  Type element = addresses.elementType();
  SmallVector<Value> registers(grid.size());
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t row = 0; row < grid.rowsOfAtom; ++row)
        for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
          Value address = addresses.at({strip, atom, row, column});
          registers[grid.index(strip, atom, row, column)] =
              emitWideLoad(rewriter, loc, element, address);
        }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

void attn::tile::populateGatherPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<GatherConversion>(converter, patterns.getContext());
}
