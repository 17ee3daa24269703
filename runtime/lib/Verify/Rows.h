//===- Rows.h - Rows of an output, and which to judge -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_VERIFY_ROWS_H
#define ATTNRT_VERIFY_ROWS_H

#include "attnrt/HostTensor.h"
#include "attnrt/Package.h"

namespace attnrt {

/// Where the values of a row lie. Rows are counted by the row dimensions in
/// the order in which they are named, whatever the layout.
class RowLayout {
public:
  RowLayout(const Shape &shape, const std::vector<int> &rowDims);

  int64_t rows() const { return rowCount; }
  /// Values in a row.
  int64_t width() const { return static_cast<int64_t>(offsets.size()); }
  /// Size of the last row dimension, along which tiles have their rows.
  int64_t lastExtent() const { return extent; }
  /// Linear index of value `i` of the row that starts at `base`.
  int64_t base(int64_t row) const;
  int64_t at(int64_t base, int64_t i) const { return base + offsets[i]; }

private:
  struct Dim {
    int64_t size, stride;
  };
  std::vector<Dim> rowDims;
  std::vector<int64_t> offsets;
  int64_t rowCount = 1, extent = 1;
};

/// The multi-index of a linear one.
Shape unravel(int64_t linear, const Shape &shape);

/// Half-open.
struct RowRange {
  int64_t begin, end;
};

struct RowChoice {
  int64_t rows = 0;
  /// Size of the last row dimension, and the places along it where what is
  /// computed changes.
  int64_t lastExtent = 1;
  std::vector<int64_t> edges;
  std::vector<int64_t> rowsPerTile;
  uint64_t seed = 0;
};

/// At least `wanted` rows, sorted and apart: the first and the last, those
/// around edges and ends of tiles at several places of the slower row
/// dimensions, and random others. All rows where there are no more.
std::vector<int64_t> sampleRows(const RowChoice &choice, int64_t wanted);

/// Sorted rows as ranges of at most `longest`.
std::vector<RowRange> toRanges(const std::vector<int64_t> &rows,
                               int64_t longest);
/// [0, rows) likewise.
std::vector<RowRange> toRanges(int64_t rows, int64_t longest);

} // namespace attnrt

#endif // ATTNRT_VERIFY_ROWS_H
