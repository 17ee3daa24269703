//===- Damage.h - Seeded damage to inputs -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_FUZZ_DAMAGE_H
#define ATTN_FUZZ_DAMAGE_H

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace attn::fuzz {

/// Its sequence is part of the language, so a seed means the same everywhere.
using Random = std::mt19937_64;

/// A copy that is broken in one to four places: bits, bytes and runs of them,
/// or numbers, words and lines of a text.
std::string damaged(std::string_view input, bool isText, Random &random);

} // namespace attn::fuzz

#endif // ATTN_FUZZ_DAMAGE_H
