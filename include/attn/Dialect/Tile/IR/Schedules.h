//===- Schedules.h - Schedules from the command line ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_IR_SCHEDULES_H
#define ATTN_DIALECT_TILE_IR_SCHEDULES_H

#include "attn/Dialect/Tile/IR/ScheduleKeys.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

namespace attn::tile {

/// Replaces the keys that `text` gives, "q=128,kv=64", and adds their names to
/// `given`. Each value is in its key's range then; rules between keys are those
/// of the attribute.
llvm::LogicalResult
parseFlag(llvm::StringRef text, AttentionKeys &keys, llvm::StringSet<> &given,
          llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
llvm::LogicalResult
parseFlag(llvm::StringRef text, GradientKeys &keys, llvm::StringSet<> &given,
          llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_SCHEDULES_H
