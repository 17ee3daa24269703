//===- Rows.cpp - Rows of an output, and which to judge -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify/Rows.h"

#include "attnrt/Random.h"

#include <algorithm>
#include <set>

using namespace attnrt;

RowLayout::RowLayout(const Shape &shape, const std::vector<int> &dims) {
  Shape strides = compactStrides(shape);
  for (int dim : dims) {
    rowDims.push_back({shape[dim], strides[dim]});
    rowCount *= shape[dim];
    queryCount = shape[dim];
  }
  offsets = {0};
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (std::count(dims.begin(), dims.end(), static_cast<int>(dim)))
      continue;
    std::vector<int64_t> longer;
    longer.reserve(offsets.size() * shape[dim]);
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < shape[dim]; ++i)
        longer.push_back(offset + i * strides[dim]);
    offsets = std::move(longer);
  }
}

int64_t RowLayout::base(int64_t row) const {
  int64_t base = 0;
  for (size_t i = rowDims.size(); i-- > 0;) {
    base += row % rowDims[i].size * rowDims[i].stride;
    row /= rowDims[i].size;
  }
  return base;
}

Shape attnrt::unravel(int64_t linear, const Shape &shape) {
  Shape index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = linear % shape[i];
    linear /= shape[i];
  }
  return index;
}

/// Query indices that every chosen (batch, head) pair contributes.
static std::set<int64_t> specialQueries(const RowChoice &choice) {
  std::set<int64_t> queries;
  int64_t last = choice.queries - 1;
  auto add = [&](int64_t query) {
    queries.insert(std::clamp<int64_t>(query, 0, last));
  };
  auto addAround = [&](int64_t query) {
    query = std::clamp<int64_t>(query, 0, last);
    add(query - 1);
    add(query);
    add(query + 1);
  };
  add(0);
  add(last);
  for (int64_t edge : choice.edges)
    addAround(edge);
  for (int64_t tile : choice.tileRows) {
    if (tile <= 0)
      continue;
    int64_t lastTile = last / tile * tile;
    for (int64_t edge : {tile, lastTile / 2 / tile * tile, lastTile})
      addAround(edge);
  }
  return queries;
}

std::vector<int64_t> attnrt::sampleRows(const RowChoice &choice,
                                        int64_t wanted) {
  std::vector<int64_t> all;
  if (choice.rows <= wanted) {
    for (int64_t row = 0; row < choice.rows; ++row)
      all.push_back(row);
    return all;
  }

  Random random(choice.seed);
  int64_t pairCount = choice.rows / choice.queries;
  std::set<int64_t> pairs{0, pairCount - 1};
  for (int i = 0; i < 2; ++i)
    pairs.insert(static_cast<int64_t>(random.below(pairCount)));

  std::set<int64_t> rows;
  for (int64_t query : specialQueries(choice))
    for (int64_t pair : pairs)
      rows.insert(pair * choice.queries + query);
  while (static_cast<int64_t>(rows.size()) < wanted)
    rows.insert(static_cast<int64_t>(random.below(choice.rows)));
  return {rows.begin(), rows.end()};
}

std::vector<RowRange> attnrt::toRanges(const std::vector<int64_t> &rows,
                                       int64_t longest) {
  std::vector<RowRange> ranges;
  for (int64_t row : rows) {
    bool extends = !ranges.empty() && ranges.back().end == row &&
                   row - ranges.back().begin < longest;
    if (extends)
      ranges.back().end = row + 1;
    else
      ranges.push_back({row, row + 1});
  }
  return ranges;
}

std::vector<RowRange> attnrt::toRanges(int64_t rows, int64_t longest) {
  std::vector<RowRange> ranges;
  for (int64_t begin = 0; begin < rows; begin += longest)
    ranges.push_back({begin, std::min(rows, begin + longest)});
  return ranges;
}
