//===- KeepConstraints.h - A keep region as inequalities --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The analysis behind `range`: which keys a keep region can keep, as affine
// constraints. It reads the region only, so it serves every mask alike.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H

#include "mlir/IR/Region.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace attn {

/// The constraint
///   j * j + i * i + queryLength * Sq + keyLength * Sk + constant <= 0
/// where each field is the factor of the quantity of its name. Factors are at
/// most 2^28 and the constant at most 2^60 in magnitude, so that no such sum
/// over lengths below 2^30 leaves 64 bits.
struct KeepConstraint {
  int64_t j = 0;
  int64_t i = 0;
  int64_t queryLength = 0;
  int64_t keyLength = 0;
  int64_t constant = 0;
};

/// Constraints that all hold exactly where `keep` yields true. Fails where the
/// region is not a conjunction of signed comparisons of affine values of
/// i, j, Sq and Sk.
llvm::FailureOr<llvm::SmallVector<KeepConstraint>>
deriveKeepConstraints(mlir::Region &keep);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H
