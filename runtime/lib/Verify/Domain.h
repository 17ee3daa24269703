//===- Domain.h - Which values can be judged --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels add in f32 and in an order of their own, so near the largest numbers
// a sum may overflow on the way to a result that does not. What lies outside of
// this range cannot be called wrong. docs/Numerics.md has the rule.
//
//===----------------------------------------------------------------------===//
#ifndef ATTNRT_VERIFY_DOMAIN_H
#define ATTNRT_VERIFY_DOMAIN_H

#include "attnrt/ElementType.h"

#include <dlpack/dlpack.h>

#include <optional>
#include <string>

namespace attnrt {

/// Results below this are flushed to 0, as f32 operations of kernels do it.
inline constexpr double kFlushed = 0x1p-126;

/// Whether the baseline, which adds in f32, overflows where the reference does
/// not, or the reference is so near the largest value of the type that rounding
/// decides whether it is reached.
bool isOutsideJudgedRange(ElementType type, double reference, double baseline);

/// Why sums over an argument on the host may overflow in f32; nothing where
/// they cannot.
std::optional<std::string> whySumsMayOverflow(ElementType type,
                                              const DLTensor &argument);

} // namespace attnrt

#endif // ATTNRT_VERIFY_DOMAIN_H
