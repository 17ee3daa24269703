//===- KeepConstraints.h - A keep region as inequalities --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The analysis behind `range`: which keys a keep region can keep, as a
// disjunction of conjunctions of constraints on the key index. It reads the
// region only, so it serves every mask alike.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H

#include "mlir/IR/Region.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>

namespace attn {

/// The constraint
///   j * j + i * i + queryLength * Sq + keyLength * Sk + constant + terms <= 0
/// where each field is the factor of the quantity of its name. Factors are at
/// most 2^28 and the constant at most 2^60 in magnitude, so that no such sum
/// over lengths below 2^30 leaves 64 bits.
struct KeepConstraint {
  int64_t j = 0;
  int64_t i = 0;
  int64_t queryLength = 0;
  int64_t keyLength = 0;
  int64_t constant = 0;

  /// A multiple of a value of the region that does not depend on j, and that
  /// `canBound` (IndexIntervals.h) accepts.
  struct Term {
    mlir::Value value;
    int64_t factor;
    bool operator==(const Term &other) const {
      return value == other.value && factor == other.factor;
    }
  };
  llvm::SmallVector<Term, 1> terms;

  bool operator==(const KeepConstraint &other) const {
    return j == other.j && i == other.i && queryLength == other.queryLength &&
           keyLength == other.keyLength && constant == other.constant &&
           terms == other.terms;
  }
};

/// What must hold at once.
struct KeepConjunction {
  llvm::SmallVector<KeepConstraint> constraints;
  /// False if more must hold, such as what a captured tensor says.
  bool isComplete = true;
};

/// `keep` yields true where one of the conjunctions holds; no key is kept where
/// there is none.
llvm::SmallVector<KeepConjunction> analyzeKeep(mlir::Region &keep);

/// Whether a range says what nearly every tile is: there is one run of keys, two
/// that both begin with the first key, or one beside some of the first keys, and
/// nothing about them is unknown.
bool areDescribedByRange(llvm::ArrayRef<KeepConjunction> runs);

/// The most keys that a row can keep by its constraints, where lengths do not
/// matter for it, as in a window; nothing elsewhere.
std::optional<int64_t> mostKeptKeys(mlir::Region &keep);

/// The constraints of a keep region that is one complete conjunction without
/// terms. Fails for any other.
llvm::FailureOr<llvm::SmallVector<KeepConstraint>>
deriveKeepConstraints(mlir::Region &keep);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_KEEPCONSTRAINTS_H
