//===- HostSide.h - Functions that launch kernels ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOSTSIDE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOSTSIDE_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace attn {

/// Make kernels of an operation of `function`, called `name` and more, and launches
/// of them take its place, behind assertions of what types leave open.
mlir::LogicalResult launchSdpa(SdpaOp op, mlir::func::FuncOp function,
                               llvm::StringRef name);
mlir::LogicalResult launchRope(RopeOp op, mlir::func::FuncOp function,
                               llvm::StringRef name);

/// Writes what the package says about the function: `attn.results` and
/// `attn.edge_rows`.
void describeFunction(mlir::func::FuncOp function);

/// The argument of the function that a tensor is, or was turned from.
mlir::BlockArgument rootOf(mlir::Value tensor);

/// The tensor as kernels see it: any strides but an innermost one of 1.
mlir::MemRefType memrefOf(mlir::RankedTensorType tensor);

/// Largest dimension of a grid but the first.
inline constexpr int64_t kMaxGrid = 65535;

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOSTSIDE_H
