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
    extent = shape[dim];
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

/// Places along the last row dimension that every chosen run contributes.
static std::set<int64_t> specialPlaces(const RowChoice &choice) {
  std::set<int64_t> places;
  int64_t last = choice.lastExtent - 1;
  auto add = [&](int64_t place) {
    places.insert(std::clamp<int64_t>(place, 0, last));
  };
  auto addAround = [&](int64_t place) {
    place = std::clamp<int64_t>(place, 0, last);
    add(place - 1);
    add(place);
    add(place + 1);
  };
  add(0);
  add(last);
  for (int64_t edge : choice.edges)
    addAround(edge);
  for (int64_t tile : choice.rowsPerTile) {
    if (tile <= 0)
      continue;
    int64_t lastTile = last / tile * tile;
    for (int64_t edge : {tile, lastTile / 2 / tile * tile, lastTile})
      addAround(edge);
  }
  return places;
}

std::vector<int64_t> attnrt::sampleRows(const RowChoice &choice,
                                        int64_t wanted) {
  std::vector<int64_t> all;
  if (choice.rows <= wanted) {
    for (int64_t row = 0; row < choice.rows; ++row)
      all.push_back(row);
    return all;
  }

  // A run is the rows that differ in the last row dimension only.
  Random random(choice.seed);
  int64_t runCount = choice.rows / choice.lastExtent;
  std::set<int64_t> runs{0, runCount - 1};
  for (int i = 0; i < 2; ++i)
    runs.insert(static_cast<int64_t>(random.below(runCount)));

  std::set<int64_t> rows;
  for (int64_t place : specialPlaces(choice))
    for (int64_t run : runs)
      rows.insert(run * choice.lastExtent + place);
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
