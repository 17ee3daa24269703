//===- WordRules.cpp - Which words of an instruction go together ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row lists what each word may be; what one word asks of another is here.
//
//===----------------------------------------------------------------------===//

#include "Decode/WordRules.h"

using namespace attnrt::sim;
using ptx::Type;

bool attnrt::sim::hasAny(const Match &match,
                         std::initializer_list<std::string_view> words) {
  for (std::string_view word : words)
    if (match.has(word))
      return true;
  return false;
}

/// `.relaxed` and its kin name a scope, and nothing else does.
static bool orderHasScope(const Match &match) {
  return hasAny(match, {"relaxed", "acquire", "release"}) ==
         hasAny(match, {"cta", "cluster", "gpu", "sys"});
}

static bool loadAgrees(const Match &match) {
  return orderHasScope(match) && (!match.has("nc") || match.has("global"));
}

/// Fragments of fewer than eight bits lie in one way only.
static bool layoutFits(const Match &match) {
  if (!hasAny(match, {"s4", "u4", "b1"}))
    return true;
  if (match.has("mma"))
    return match.modifiers[3] == "row" && match.modifiers[4] == "col";
  return match.has("a") ? match.has("row")
                        : !match.has("b") || match.has("col");
}

/// Both factors are signed, or neither is.
static bool signsAgree(const Match &match) {
  if (match.has("s4") && match.has("u4"))
    return false;
  bool isOfBytes = match.types.size() == 4 && match.type() == Type::S32;
  return !isOfBytes || match.type(1) == match.type(2);
}

/// What a bulk reduction of plain bytes does with which type.
static bool reductionAgrees(const Match &match) {
  if (!match.has("reduce") || match.types.empty())
    return true;
  Type type = match.type();
  bool isHalf = type == Type::F16 || type == Type::BF16;
  if (match.has("noftz") != (isHalf && match.has("add")))
    return false;
  if (hasAny(match, {"inc", "dec"}))
    return type == Type::U32;
  if (hasAny(match, {"and", "or", "xor"}))
    return type == Type::B32;
  return type != Type::B32 && (type != Type::F32 || match.has("add"));
}

bool attnrt::sim::wordsAgree(const Match &match) {
  switch (match.sem()) {
  case Sem::Cvt:
    return convertWordsAgree(match);
  case Sem::Ld:
    return loadAgrees(match);
  case Sem::St:
  case Sem::Mbarrier:
    return orderHasScope(match);
  case Sem::Wmma:
    return layoutFits(match) && signsAgree(match);
  case Sem::CpBulk:
    return reductionAgrees(match);
  default:
    return true;
  }
}

bool attnrt::sim::constantFits(const Match &match, int64_t value) {
  switch (match.sem()) {
  case Sem::Applypriority:
    return value == 128;
  case Sem::Pmevent:
    return match.has("mask") ? value <= 0xffff : value <= 15;
  default:
    return true;
  }
}
