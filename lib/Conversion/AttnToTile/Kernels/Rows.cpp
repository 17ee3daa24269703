//===- Rows.cpp - Norms and rotary positions as a kernel ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A CTA maps some rows of one head of one batch entry. For rotary positions,
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

#include "Rows.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"
#include "../Parts/RowTiles.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static void emitRows(TileBuilder &b, const RowChain &chain, int64_t rows,
                     const NamedValues<RowArgument> &arguments) {
  RowOp first = chain.ops.front(), last = chain.ops.back();
  TileIndex tile = tileOfGrid(b, arguments[RowArgument::Blocks],
                              arguments[RowArgument::Heads]);
  Value input = viewAsBHSD(b, arguments[RowArgument::Input], first.getLayout());
  Value output =
      viewAsBHSD(b, arguments[RowArgument::Output], last.getLayout());
  RowIndices indices;
  indices.batch = tile.batch;
  indices.first = b.mul(tile.block, b.index(rows));
  indices.head = tile.head;
  indices.length = b.dim(input, 2);
  indices.numHeads = b.dim(input, 1);
  SmallVector<Value> place = {tile.batch, tile.head, indices.first};
  RowTiling tiling = tilingOf(chain.ops);
  RowTiles tiles(b, tiling, rows, indices);
  tiles.load(input, place);
  for (auto [number, op] : llvm::enumerate(chain.ops))
    tiles.apply(op, {arguments[rowArgument(number, 0)],
                     arguments[rowArgument(number, 1)]});
  tiles.store(output, place);
}

/// A subview of no rows is no valid operation, and a kernel for none never
/// runs.
void attn::emitRowKernel(KernelOp kernel, const RowChain &chain,
                         const RowSignature &signature) {
  TileBuilder b(kernel);
  RowOp first = chain.ops.front();
  if (!llvm::is_contained(first.getRowsType().getShape(), 0))
    emitRows(b, chain, kernel.getSchedule().getTileRows(),
             signature.bind(kernel));
  ReturnOp::create(b);
}
