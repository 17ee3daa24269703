//===- GradientOf.h - Which function another is the gradient of -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_GRADIENTOF_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_GRADIENTOF_H

namespace attn {

/// On a function that attn-differentiate made: the name of the one whose
/// gradients it computes.
inline constexpr char kGradientOfAttr[] = "attn.gradient_of";

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_GRADIENTOF_H
