//===- Splits.h - How many CTAs share the keys of a tile --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_SPLITS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_SPLITS_H

#include "../FunctionLowering.h"
#include "HostBuilder.h"

namespace attn {

/// Returns how many CTAs share the key tiles of one of `tiles` query tiles.
mlir::Value emitSplits(HostBuilder &b, SdpaOp op, mlir::Value tiles);

/// Whether there may be, or always is, just one.
bool mayBeOneSplit(mlir::Value splits);
bool isOneSplit(mlir::Value splits);

/// The schedule with the number that the shapes decided; 0 where they are open.
tile::ScheduleAttr scheduleWithSplits(tile::ScheduleAttr schedule,
                                      mlir::Value splits);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_SPLITS_H
