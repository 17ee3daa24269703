//===- Processors.h - The rows of processors --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_TARGET_PROCESSORS_H
#define ATTN_LIB_TARGET_PROCESSORS_H

#include "attn/Target/TargetRegistry.h"

#include <vector>

namespace attn {

/// `host`, the machine that compiles, where it is of a known kind, and the
/// kinds themselves.
std::vector<TargetDesc> processorTargets();

} // namespace attn

#endif // ATTN_LIB_TARGET_PROCESSORS_H
