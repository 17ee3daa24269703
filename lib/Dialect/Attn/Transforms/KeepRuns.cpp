//===- KeepRuns.cpp - What the runs of kept keys are like -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace attn;

/// Whether no constraint is a lower bound of j.
static bool beginsWithFirstKey(const KeepConjunction &run) {
  return llvm::all_of(run.constraints, [](const KeepConstraint &constraint) {
    return constraint.j >= 0;
  });
}

/// Whether a run is less than a tile of keys, at the beginning.
static bool hasFewFirstKeys(const KeepConjunction &run) {
  constexpr int64_t kFewKeys = 16;
  return llvm::any_of(run.constraints, [](const KeepConstraint &constraint) {
    KeepConstraint few;
    few.j = 1;
    few.constant = constraint.constant;
    return constraint == few && constraint.constant >= 1 - kFewKeys;
  });
}

bool attn::areDescribedByRange(ArrayRef<KeepConjunction> runs) {
  if (llvm::any_of(runs,
                   [](const KeepConjunction &run) { return !run.isComplete; }))
    return false;
  if (runs.size() <= 1)
    return true;
  return runs.size() == 2 && (llvm::all_of(runs, beginsWithFirstKey) ||
                              llvm::any_of(runs, hasFewFirstKeys));
}

FailureOr<SmallVector<KeepConstraint>>
attn::deriveKeepConstraints(Region &keep) {
  SmallVector<KeepConjunction> conjunctions = analyzeKeep(keep);
  if (conjunctions.empty()) {
    KeepConstraint never;
    never.constant = 1;
    return SmallVector<KeepConstraint>{never};
  }
  const KeepConjunction &only = conjunctions.front();
  if (conjunctions.size() > 1 || !only.isComplete ||
      llvm::any_of(only.constraints, [](const KeepConstraint &constraint) {
        return !constraint.terms.empty();
      }))
    return failure();
  return only.constraints;
}

/// a + b <= 0 bounds nothing but constants where factors cancel: j <= x - a and
/// j >= x + b leave 1 - a - b keys.
std::optional<int64_t> attn::mostKeptKeys(Region &keep) {
  auto constraints = deriveKeepConstraints(keep);
  if (failed(constraints))
    return std::nullopt;
  std::optional<int64_t> most;
  for (const KeepConstraint &upper : *constraints)
    for (const KeepConstraint &lower : *constraints) {
      bool cancels = upper.j == 1 && lower.j == -1 && upper.i == -lower.i &&
                     upper.queryLength == -lower.queryLength &&
                     upper.keyLength == -lower.keyLength;
      if (!cancels)
        continue;
      int64_t kept = std::max<int64_t>(1 - upper.constant - lower.constant, 0);
      most = std::min(most.value_or(kept), kept);
    }
  return most;
}
