//===- Rope.cpp - Rotary positions as a kernel ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A CTA rotates some rows of one head of one batch entry:
//
//   x, y   = the two columns of each pair, as f32
//   phase  = position * turns per position, in 2^-64 of a turn
//   c, s   = cos, sin of the phase's upper 32 bits
//   x', y' = x c - y s, y c + x s
//
// The product wraps at whole turns, so the phase is exact to 2^-32 of a turn at
// any position, and the hardware's cosine only sees angles within half a turn.
//
//===----------------------------------------------------------------------===//

#include "Rope.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"
#include "../Parts/Rotation.h"
#include "attn/Schedule/RowSchedules.h"

#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

class RopeKernel {
public:
  RopeKernel(KernelOp kernel, RopeOp op, const RopeSignature &signature)
      : b(kernel), op(op), arguments(signature.bind(kernel)),
        rows(kernel.getSchedule().getTileRows()),
        rotary(op.getRotaryDimsOrDefault()),
        element(op.getInput().getType().getElementType()) {}
  void emit();

private:
  void emitCoordinates();
  Value emitRowPositions();
  void emitHalves();
  void emitInterleaved();
  void emitCopy();
  Value columnsOf(Value view, int64_t first, int64_t count);
  Value load(Value view, int64_t columns) {
    return b.load(b.tileType(rows, columns, element), view,
                  {batch, head, firstRow});
  }
  void store(Value tile, Value view) {
    b.store(tile, view, {batch, head, firstRow});
  }

  TileBuilder b;
  RopeOp op;
  NamedValues<RopeArgument> arguments;
  int64_t rows, rotary;
  Type element;
  Value batch, head, firstRow, input, output;
};

} // namespace

Value RopeKernel::columnsOf(Value view, int64_t first, int64_t count) {
  SmallVector<OpFoldResult> offsets(SdpaOp::kRank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(SdpaOp::kRank, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, b.getLoc(), view);
  offsets.back() = b.getIndexAttr(first);
  sizes.back() = b.getIndexAttr(count);
  return memref::SubViewOp::create(b, view, offsets, sizes, strides);
}

void RopeKernel::emitCoordinates() {
  TileIndex tile = tileOfGrid(b, arguments[RopeArgument::Blocks],
                              arguments[RopeArgument::Heads]);
  head = tile.head;
  batch = tile.batch;
  firstRow = b.mul(tile.block, b.index(rows));
  input = viewAsBHSD(b, arguments[RopeArgument::Input], op.getLayout());
  output = viewAsBHSD(b, arguments[RopeArgument::Output], op.getLayout());
}

/// Returns the positions of the tile's rows as a column of i64. Rows and the
/// constant offset add up to less than 2^31, but given positions and offsets
/// are any i32, so sums with them take 64 bits.
Value RopeKernel::emitRowPositions() {
  RankedTensorType column = b.tileType(rows, 1, b.getI32Type());
  RankedTensorType wide = b.tileType(rows, 1, b.getI64Type());
  auto offset = static_cast<int64_t>(op.getOffset());
  auto addOffset = [&](Value positions) {
    auto type = cast<RankedTensorType>(positions.getType());
    return b.add(
        positions,
        b.constant(type, b.getIntegerAttr(type.getElementType(), offset)));
  };
  Value given = arguments[RopeArgument::Positions];
  Value offsets = arguments[RopeArgument::Offsets];
  Value positions = given ? b.load(column, given, {batch, firstRow})
                          : emitPositions(b, firstRow, column);
  if (!given && !offsets)
    return arith::ExtSIOp::create(b, wide, addOffset(positions));
  positions = arith::ExtSIOp::create(b, wide, positions);
  if (offsets) {
    Value first = memref::LoadOp::create(b, offsets, ValueRange(batch));
    Value wideFirst = arith::ExtSIOp::create(b, b.getI64Type(), first);
    positions = b.add(positions, tensor::SplatOp::create(b, wide, wideFirst));
  }
  return addOffset(positions);
}

void RopeKernel::emitHalves() {
  int64_t half = rotary / 2, columns = ropeTileColumns(half);
  Value x = load(columnsOf(input, 0, half), columns);
  Value y = load(columnsOf(input, half, half), columns);
  ElementPairs rotated = emitRotated(b, op, {x, y}, emitRowPositions());
  store(rotated.x, columnsOf(output, 0, half));
  store(rotated.y, columnsOf(output, half, half));
}

void RopeKernel::emitInterleaved() {
  int64_t columns = ropeTileColumns(rotary);
  Value tile = load(columnsOf(input, 0, rotary), columns);
  RankedTensorType half = b.tileType(rows, columns / 2, element);
  auto parted = DeinterleaveOp::create(b, half, half, tile);
  ElementPairs rotated = emitRotated(b, op, {parted.getEven(), parted.getOdd()},
                                     emitRowPositions());
  Value whole = InterleaveOp::create(b, b.tileType(rows, columns, element),
                                     rotated.x, rotated.y);
  store(whole, columnsOf(output, 0, rotary));
}

/// The columns that are not rotated, with at least as many threads in a row.
void RopeKernel::emitCopy() {
  int64_t rest = op.getFeatures() - rotary;
  if (rest == 0)
    return;
  int64_t access = std::gcd(std::gcd(rest, rotary), kRopeAccess);
  int64_t columns =
      std::max(ropeTileColumns(rest), ropeThreadsPerRow(op) * access);
  store(load(columnsOf(input, rotary, rest), columns),
        columnsOf(output, rotary, rest));
}

/// A subview of no rows is no valid operation, and a kernel for none never
/// runs.
void RopeKernel::emit() {
  if (llvm::is_contained(op.getInput().getType().getShape(), 0)) {
    ReturnOp::create(b);
    return;
  }
  emitCoordinates();
  if (op.getPairing() == Pairing::Half)
    emitHalves();
  else
    emitInterleaved();
  emitCopy();
  ReturnOp::create(b);
}

void attn::emitRopeKernel(KernelOp kernel, RopeOp op,
                          const RopeSignature &signature) {
  RopeKernel(kernel, op, signature).emit();
}
