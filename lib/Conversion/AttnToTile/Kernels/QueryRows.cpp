//===- QueryRows.cpp - Query rows that the kernel computes ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QueryRows.h"

#include "../Parts/RowTiles.h"
#include "attn/Target/MmaAtom.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// A place in shared memory that lasts as long as the kernel.
static Value allocate(TileBuilder &b, RankedTensorType tile) {
  OpBuilder::InsertionGuard restore(b);
  Region *region = b.getInsertionBlock()->getParent();
  while (!isa<KernelOp>(region->getParentOp()))
    region = region->getParentRegion();
  b.setInsertionPointToStart(&region->front());
  return AllocOp::create(b, SharedType::get(tile), IntegerAttr());
}

namespace {

/// Computes the rows of one query tile, some at a time.
class QueryRows {
public:
  QueryRows(TileBuilder &b, const QueryChain &chain, HeadGroups &groups,
            Sequences &sequences, Value batch, Value firstQuery,
            int64_t columns, int64_t threads)
      : b(b), chain(chain), groups(groups), sequences(sequences), batch(batch),
        firstQuery(firstQuery), columns(columns), threads(threads),
        heads(groups.rows() / groups.queries()) {}
  Value emit();

private:
  RowTiling tiling(int64_t rows) {
    return tilingOf(chain.ops, llvm::divideCeil(threads, rows), columns);
  }
  int64_t rowsAtATime();
  void emitRows(int64_t rows, Value row, Value buffer);

  TileBuilder &b;
  const QueryChain &chain;
  HeadGroups &groups;
  Sequences &sequences;
  Value batch, firstQuery;
  int64_t columns, threads, heads;
};

} // namespace

/// As many that a thread has no more than so many elements: norms need all of
/// a row at a time, in f32.
int64_t QueryRows::rowsAtATime() {
  constexpr int64_t kMostElements = 64;
  int64_t rows = groups.rows();
  auto elements = [&](int64_t rows) {
    int64_t ofRow = 0;
    for (const RowTiling::Piece &piece : tiling(rows).pieces)
      ofRow += piece.columns;
    return rows * ofRow / threads;
  };
  while (rows % (2 * WarpFragment::kRows) == 0 &&
         elements(rows) > kMostElements && elements(rows / 2) < elements(rows))
    rows /= 2;
  return rows;
}

/// Some rows of the tile, those from `row` on where it is given.
void QueryRows::emitRows(int64_t rows, Value row, Value buffer) {
  RowIndices indices;
  indices.batch = batch;
  indices.first = firstQuery;
  if (row)
    indices.first = b.add(firstQuery, b.div(row, b.index(heads)));
  indices.repeat = heads;
  indices.length = sequences.queryLength();
  indices.head = groups.head();
  indices.numHeads = groups.numHeads();
  DenseI64ArrayAttr box;
  if (groups.box())
    box = b.getDenseI64ArrayAttr({1, 1, rows / heads, heads});
  RowTiling pieces = tiling(rows);
  RowTiles tiles(b, pieces, rows, indices);
  tiles.load(sequences.queryView(), groups.indices(batch, indices.first), box);
  for (auto [op, sides] : llvm::zip_equal(chain.ops, chain.sides))
    tiles.apply(op, sides);
  tiles.put(buffer, row);
}

Value QueryRows::emit() {
  RowOp last = chain.ops.back();
  int64_t all = groups.rows(), rows = rowsAtATime();
  Value buffer = allocate(b, b.tileType(all, columns, last.getOutputElement()));
  if (rows == all) {
    emitRows(rows, /*row=*/nullptr, buffer);
    return buffer;
  }
  auto loop = scf::ForOp::create(b, b.index(0), b.index(all), b.index(rows));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  emitRows(rows, loop.getInductionVar(), buffer);
  return buffer;
}

Value attn::emitComputedQuery(TileBuilder &b, const QueryChain &chain,
                              HeadGroups &groups, Sequences &sequences,
                              Value batch, Value firstQuery, int64_t columns,
                              int64_t threads) {
  return QueryRows(b, chain, groups, sequences, batch, firstQuery, columns,
                   threads)
      .emit();
}
