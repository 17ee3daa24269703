//===- FrameRows.cpp - Addresses in the frame of a function ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/FrameRows.h"

using namespace attnrt::sim;

void FrameRows::use(uint32_t draft, Place place, uint64_t offset, bool wide) {
  uses.push_back({draft, place, offset, wide});
  rows.emplace(std::pair{offset, wide}, 0);
}

uint32_t FrameRows::seal(uint32_t next, std::vector<Draft> &drafts,
                         std::vector<uint16_t> &pool,
                         std::vector<FrameRow> &out) {
  next = (next + 1) & ~1u;
  for (auto &[address, row] : rows) {
    row = static_cast<uint16_t>(next);
    out.push_back({row, address.second, address.first});
    next += 2;
  }
  for (const Use &use : uses)
    putRow(drafts[use.draft].op, pool, use.place, rows[{use.offset, use.wide}]);
  return next;
}
