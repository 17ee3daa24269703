//===- Grid.h - How many CTAs a launch has ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H

#include "../FunctionLowering.h"
#include "HostBuilder.h"

namespace attn {

/// As many tiles of heads as have keys and values that fit the cache together,
/// in whole groups of `tilesPerKeyHead`, and at least one.
mlir::Value emitSection(HostBuilder &b, SdpaOp op, mlir::Value tilesPerKeyHead);

/// As many persistent CTAs as there are multiprocessors, and no more than
/// `tiles`.
mlir::Value emitPersistentCtas(HostBuilder &b, mlir::Value tiles);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H
