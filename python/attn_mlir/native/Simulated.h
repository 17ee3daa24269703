//===- Simulated.h - Host arrays as the simulator's memory ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The simulator refuses every access outside of memory that it knows, and a
// framework's arrays are none of its own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_MLIR_SIMULATED_H
#define ATTN_MLIR_SIMULATED_H

#include "Exchange.h"

#include "attnrt/Abi.h"

namespace attnpy {

/// Calls an entry of code for GPUs. Arrays of the host are memory of the
/// simulator for as long as that takes; one such call runs at a time.
int callForGpu(AttnrtEntry entry, void *stream, const Descriptors &args,
               DLTensor *const *results, size_t numResults);

} // namespace attnpy

#endif // ATTN_MLIR_SIMULATED_H
