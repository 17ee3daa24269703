//===- WordRules.h - Which words of an instruction go together --*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_WORDRULES_H
#define ATTNRT_SIM_DECODE_WORDRULES_H

#include "Decode/Forms.h"

#include <initializer_list>
#include <string_view>

namespace attnrt::sim {

bool hasAny(const Match &match, std::initializer_list<std::string_view> words);

/// False where a row of Opcodes.def has the words one by one, and PTX does not
/// have them together.
bool wordsAgree(const Match &match);

/// What a constant operand may be, where ptxas looks at it.
bool constantFits(const Match &match, int64_t value);

/// Of `cvt` between two types.
bool convertWordsAgree(const Match &match);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_WORDRULES_H
