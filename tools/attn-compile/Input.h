//===- Input.h - What MLIR's parser may see ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TOOLS_ATTN_COMPILE_INPUT_H
#define ATTN_TOOLS_ATTN_COMPILE_INPUT_H

#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace attncompile {

/// Text that is safe to parse: what a bytecode file holds, or the file itself,
/// unless it nests so deep that the parser would run out of stack.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
toSafeText(std::unique_ptr<llvm::MemoryBuffer> file,
           const mlir::DialectRegistry &registry);

} // namespace attncompile

#endif // ATTN_TOOLS_ATTN_COMPILE_INPUT_H
