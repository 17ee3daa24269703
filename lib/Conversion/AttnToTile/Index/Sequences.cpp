//===- Sequences.cpp - Queries and keys of a batch entry ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequences.h"

using namespace mlir;
using namespace attn;

Sequences::Sequences(TileBuilder &b, Layout layout, HeadGroups &groups,
                     Value query, Value key, Value value)
    : b(b), groups(groups), query(groups.view(query, layout)),
      key(viewAsBHSD(b, key, layout)), value(viewAsBHSD(b, value, layout)),
      queries(b.dim(this->query, 2)), keys(b.dim(this->key, 2)) {}

tile::LoadOp Sequences::loadQuery(RankedTensorType type, Value batch,
                                  Value firstQuery, Value firstColumn) {
  SmallVector<Value> indices = groups.indices(batch, firstQuery);
  if (firstColumn)
    indices.push_back(firstColumn);
  return b.load(type, query, indices, groups.box());
}

Value Sequences::queryColumns(RankedTensorType type, Value batch,
                              Value firstQuery, Value firstColumn) {
  if (computedQuery)
    return tile::GetOp::create(b, type, computedQuery, firstColumn);
  return loadQuery(type, batch, firstQuery, firstColumn);
}

Value Sequences::loadKey(RankedTensorType type, Value batch, Value firstKey,
                         Value firstColumn) {
  SmallVector<Value> indices = {batch, groups.keyHead(), firstKey};
  if (firstColumn)
    indices.push_back(firstColumn);
  return b.load(type, key, indices);
}

Value Sequences::loadValue(RankedTensorType type, Value batch, Value firstKey,
                           Value firstColumn) {
  SmallVector<Value> indices = {batch, groups.keyHead(), firstKey};
  if (firstColumn)
    indices.push_back(firstColumn);
  return b.load(type, value, indices);
}

Value Sequences::keyIndices(Value firstKey, int64_t columns) {
  return emitPositions(b, firstKey, b.tileType(1, columns, b.getI32Type()));
}
