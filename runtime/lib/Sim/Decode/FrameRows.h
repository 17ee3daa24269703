//===- FrameRows.h - Addresses in the frame of a function -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_FRAMEROWS_H
#define ATTNRT_SIM_DECODE_FRAMEROWS_H

#include "Decode/Draft.h"

#include <map>

namespace attnrt::sim {

/// Rows of a function for what is at one place of its frame, wherever that is.
class FrameRows {
public:
  /// The address of what is `offset` bytes into the frame, at a place of a
  /// draft.
  void use(uint32_t draft, Place place, uint64_t offset, bool wide);
  uint64_t size() const { return 2 * rows.size() + 1; }
  /// Gives them rows from `next` on; returns the first one behind them.
  uint32_t seal(uint32_t next, std::vector<Draft> &drafts,
                std::vector<uint16_t> &pool, std::vector<FrameRow> &out);

private:
  struct Use {
    uint32_t draft;
    Place place;
    uint64_t offset;
    bool wide;
  };
  std::vector<Use> uses;
  std::map<std::pair<uint64_t, bool>, uint16_t> rows; // 0 before they are known
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_FRAMEROWS_H
