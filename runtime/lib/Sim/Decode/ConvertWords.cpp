//===- ConvertWords.cpp - What a cvt may say ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rounding stands where something is rounded, `.sat` where something can lie
// outside, `.ftz` where one side is f32.
//
//===----------------------------------------------------------------------===//

#include "Decode/WordRules.h"

using namespace attnrt::sim;
using ptx::Type;

static bool isNarrow(Type type) { return ptx::bytesOf(type) == 1; }

static bool roundingFits(const Match &match, Type to, Type from) {
  bool integral = hasAny(match, {"rni", "rzi", "rmi", "rpi"});
  bool floating = hasAny(match, {"rn", "rz", "rm", "rp"});
  bool fromFloat = ptx::isFloat(from), toFloat = ptx::isFloat(to);
  if (to == Type::TF32)
    return from == Type::F32 && hasAny(match, {"rn", "rz", "rna"});
  if (match.has("rna"))
    return false;
  if (!fromFloat && !toFloat)
    return !integral && !floating;
  if (!fromFloat)
    return floating;
  if (!toFloat)
    return integral;
  if (to == from)
    return !floating;
  if (ptx::bytesOf(to) <= ptx::bytesOf(from))
    return floating;
  // ptxas lets a rounding stand where bf16 becomes wider.
  return !integral && (!floating || from == Type::BF16);
}

/// All values of `from` are values of `to`.
static bool contains(Type to, Type from) {
  unsigned toBytes = ptx::bytesOf(to), fromBytes = ptx::bytesOf(from);
  if (ptx::isSigned(to) == ptx::isSigned(from))
    return toBytes >= fromBytes;
  return ptx::isSigned(to) && toBytes > fromBytes;
}

static bool saturationFits(Type to, Type from) {
  for (Type type : {to, from})
    if (type == Type::BF16 || type == Type::TF32)
      return false;
  return ptx::isFloat(to) || ptx::isFloat(from) || !contains(to, from);
}

bool attnrt::sim::convertWordsAgree(const Match &match) {
  Type to = match.type(0), from = match.type(1);
  if (to == Type::F16x2 || to == Type::BF16x2)
    return true;
  bool hasBhalf = to == Type::BF16 || from == Type::BF16;
  if (!roundingFits(match, to, from) ||
      (hasBhalf && (isNarrow(to) || isNarrow(from))))
    return false;
  bool ftz = match.has("ftz"), sat = match.has("sat");
  if (match.has("relu"))
    return from == Type::F32 && hasAny(match, {"rn", "rz"}) && !ftz && !sat &&
           (ptx::bytesOf(to) == 2 || to == Type::TF32) && ptx::isFloat(to);
  if (ftz && (to == Type::TF32 || (to != Type::F32 && from != Type::F32)))
    return false;
  return !sat || saturationFits(to, from);
}
