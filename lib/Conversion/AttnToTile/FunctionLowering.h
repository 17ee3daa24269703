//===- FunctionLowering.h - What launches of a function share ---*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_FUNCTIONLOWERING_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_FUNCTIONLOWERING_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace attn {

/// The function whose operations become launches: where its tensors come from,
/// and names for its kernels.
class FunctionLowering {
public:
  FunctionLowering(mlir::func::FuncOp function, mlir::SymbolTable &symbols);

  mlir::func::FuncOp getFunction() { return function; }

  /// The argument that a tensor of the function is, or is computed from.
  mlir::BlockArgument rootOf(mlir::Value tensor) const;
  /// The name of that argument in messages.
  std::string nameOf(mlir::Value tensor) const;

  /// Returns a symbol that is unused in the module, legal in PTX, and contains
  /// the function's name as far as PTX allows.
  std::string makeKernelName(llvm::StringRef suffix);
  void insert(tile::KernelOp kernel) { symbols.insert(kernel); }

  /// Replaces an operation's result by what a launch fills.
  void replace(mlir::OpResult result, mlir::Value filled);
  /// Removes an operation that launches have replaced.
  void finish(mlir::Operation *op);

private:
  mlir::func::FuncOp function;
  mlir::SymbolTable &symbols;
  llvm::DenseMap<mlir::Value, mlir::BlockArgument> roots;
  unsigned finished = 0; // operations
};

/// The schedule that attn-select-schedule chose for an operation; null where it
/// did not run.
tile::KernelSchedule scheduleOf(mlir::Operation *op);
llvm::StringRef targetOf(mlir::Operation *op);

/// Writes what the package says about the function's arguments and results; see
/// AttributeNames.h.
void describeFunction(FunctionLowering &lowering);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_FUNCTIONLOWERING_H
