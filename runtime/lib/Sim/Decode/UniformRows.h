//===- UniformRows.h - Rows of constants and special registers  -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Known only after the registers have their rows, so uses are noted and filled
// in at the end.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_UNIFORMROWS_H
#define ATTNRT_SIM_DECODE_UNIFORMROWS_H

#include "Decode/Draft.h"

#include <map>
#include <tuple>

namespace attnrt::sim {

class UniformRows {
public:
  /// A constant at a place of a draft, besides the address of a variable of the
  /// module where `variable` is not -1.
  void useConstant(uint32_t draft, Place place, uint64_t bits, bool wide,
                   int variable);
  void useSpecial(uint32_t draft, Place place, Special what);
  /// How many rows they take at most.
  uint64_t size() const {
    return 2 * constantList.size() + specialList.size() + 1;
  }
  /// Gives them rows from `next` on; returns the first one behind them.
  uint32_t seal(uint32_t next, Kernel &kernel, std::vector<Draft> &drafts);

private:
  struct Constant {
    uint64_t bits;
    bool wide;
    int variable;
    bool operator<(const Constant &o) const {
      return std::tie(bits, wide, variable) <
             std::tie(o.bits, o.wide, o.variable);
    }
  };
  struct Use {
    uint32_t draft;
    Place place;
    bool isSpecial;
    uint32_t index;
  };
  std::map<Constant, uint32_t> constants;
  std::map<Special, uint32_t> specials;
  std::vector<Constant> constantList;
  std::vector<Special> specialList;
  std::vector<Use> uses;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_UNIFORMROWS_H
