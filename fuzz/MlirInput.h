//===- MlirInput.h - MLIR through the stages --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_FUZZ_MLIRINPUT_H
#define ATTN_FUZZ_MLIRINPUT_H

#include "attnrt/Status.h"

#include <string_view>

namespace attn::fuzz {

/// Reads as attn-compile does, verifies, and takes a module to kernels for threads and entries.
/// Machine code is not made: that is LLVM's work.
attnrt::Status digestMlir(std::string_view input);

} // namespace attn::fuzz

#endif // ATTN_FUZZ_MLIRINPUT_H
