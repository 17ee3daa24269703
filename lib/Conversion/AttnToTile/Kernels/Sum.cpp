//===- Sum.cpp - Sums of tensors as a kernel ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A CTA has some rows of a tensor of rows, or some elements along the last
// dimension of any other. Where the rest lies is counted in one number.
//
//===----------------------------------------------------------------------===//

#include "Sum.h"

#include "../Index/TileOrder.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Where a tile begins: the dimensions in front of those of the tile, of which
/// the number counts the last one fastest, and the first row.
static SmallVector<Value> placeOf(TileBuilder &b, Value memory, Value number,
                                  Value first, int64_t inTile) {
  int64_t rank = cast<MemRefType>(memory.getType()).getRank();
  SmallVector<Value> place(rank - inTile);
  for (int64_t dim = rank - inTile; dim-- > 0;) {
    Value size = b.dim(memory, dim);
    place[dim] = b.rem(number, size);
    number = b.div(number, size);
  }
  place.push_back(first);
  return place;
}

void attn::emitSumKernel(KernelOp kernel, SumOp op,
                         const SumSignature &signature) {
  TileBuilder b(kernel);
  NamedValues<SumArgument> arguments = signature.bind(kernel);
  Value memory = arguments[SumArgument::Output];
  int64_t rows = kernel.getSchedule().getTileRows();
  int64_t columns = sumTileColumns(op);
  TileIndex tile = tileOfGrid(b, arguments[SumArgument::Blocks],
                              arguments[SumArgument::Others]);
  SmallVector<Value> place =
      placeOf(b, memory, tile.head, b.mul(tile.block, b.index(rows)),
              /*inTile=*/op.hasRows() ? 2 : 1);
  RankedTensorType type =
      b.tileType(rows, columns, op.getSumType().getElementType());
  Value sum;
  for (size_t i = 0; i < op.getAddends().size(); ++i) {
    Value part = b.load(type, arguments[addendArgument(i)], place);
    part = b.convert(part, b.getF32Type());
    sum = sum ? arith::AddFOp::create(b, sum, part).getResult() : part;
  }
  Type element = type.getElementType();
  sum = sum ? b.convert(sum, element)
            : b.constant(type, b.getFloatAttr(element, 0));
  b.store(sum, memory, place);
  ReturnOp::create(b);
}
