//===- Draft.h - An instruction before it has rows --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_DRAFT_H
#define ATTNRT_SIM_DECODE_DRAFT_H

#include "Decode/Program.h"

#include <vector>

namespace attnrt::sim {

/// Where an operand of an Op stands.
struct Place {
  enum Kind : uint8_t { Dst, Src, Pool, Guard };
  Kind kind;
  uint32_t index = 0;
};

/// Makes `row` the operand at that place.
void putRow(Op &op, std::vector<uint16_t> &pool, Place place, uint16_t row);

/// A virtual register and the field that shall hold its row.
struct Ref {
  Place place;
  uint32_t reg = 0;
  bool def = false;
};

/// Lanes that stop do not come to a meeting, so neither a trap nor an exit
/// under a guard counts as a way out of a branch.
enum class Flow : uint8_t { Next, Branch, Table, Stop, Trap };

struct Draft {
  Op op;
  OpFacts facts;
  std::vector<Ref> refs;
  Flow flow = Flow::Next;
  bool isWgmma = false; // wgmma
  uint32_t table = 0;
};

enum class Bank : uint8_t { Narrow, Wide, Pred };

/// What a register needs: one row, two adjacent rows, or a predicate.
Bank bankOf(ptx::Type type);

/// Basic blocks with immediate post-dominators.
struct Block {
  uint32_t begin = 0, end = 0;
  std::vector<uint32_t> successors;
  uint32_t postDominator = kNoTarget; // block, or kNoTarget for the exit
};

std::vector<Block>
buildBlocks(const std::vector<Draft> &drafts,
            const std::vector<std::vector<uint32_t>> &tables);
/// Sets `reconverge` of branches and `meets` of the places where they end.
void placeMeetings(std::vector<Draft> &drafts,
                   const std::vector<Block> &blocks);

/// Registers of a thread at entry, as far as launch bounds fix them, else 0.
uint32_t entryRegisters(const ptx::Entry &entry);

/// Rows for virtual registers, shared where lifetimes allow; `pinned` ones have
/// theirs for good.
struct RowAllocation {
  std::vector<uint16_t> where;     // by register; row or predicate
  std::vector<uint32_t> undefined; // registers live at entry
  uint32_t rows = 0, preds = 0;
  uint32_t wideBegin = 0; // of the rows in pairs
  bool tooLarge = false;
};

RowAllocation allocateRows(const std::vector<Draft> &drafts,
                           const std::vector<Block> &blocks,
                           const std::vector<ptx::Register> &registers,
                           const std::vector<bool> &pinned);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_DRAFT_H
