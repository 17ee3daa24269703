//===- Table.h - Functions by the types of their arguments ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a call has to look up, in one step: of a program of attention, the
// functions that were compiled for the types of query, key, value and the other
// tensors, and for the device that they lie on.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_MLIR_TABLE_H
#define ATTN_MLIR_TABLE_H

#include "Function.h"

#include <array>

namespace attnpy {

class Table {
public:
  /// For each of the other tensors, whether sizes of 1 are part of its type.
  explicit Table(std::vector<bool> broadcasts)
      : broadcasts(std::move(broadcasts)) {}

  static constexpr int kUnknown = -1;

  /// The arguments are examples of their types.
  void add(nanobind::handle args, const Function &function);
  void clear() { rows.clear(); }
  /// The entry's status; kUnknown where there is none for these types. Without
  /// an LSE, which is the second result, it goes where nobody reads it: only
  /// for memory of the host.
  int call(nanobind::handle args, nanobind::handle results, bool hasLse) const;

private:
  using Key = std::array<int32_t, 6 + Descriptors::kMost>;
  struct Row {
    Key key;
    Entry entry;
  };
  Key keyOf(const Descriptors &args) const;

  std::vector<bool> broadcasts;
  std::vector<Row> rows;
};

} // namespace attnpy

#endif // ATTN_MLIR_TABLE_H
