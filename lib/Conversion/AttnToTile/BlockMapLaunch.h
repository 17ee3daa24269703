//===- BlockMapLaunch.h - Launches that list key tiles ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_BLOCKMAPLAUNCH_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_BLOCKMAPLAUNCH_H

#include "FunctionLowering.h"
#include "Host/HostBuilder.h"

namespace attn {

/// Launches the kernels that list the key tiles of each query tile; returns the
/// tensor of the lists.
mlir::Value launchBlockMap(HostBuilder &b, SdpaOp op,
                           FunctionLowering &lowering,
                           tile::ScheduleAttr schedule);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_BLOCKMAPLAUNCH_H
