//===- Bytecode.h - Reading bytecode safely ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TOOLS_ATTN_COMPILE_BYTECODE_H
#define ATTN_TOOLS_ATTN_COMPILE_BYTECODE_H

#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <string>

namespace attncompile {

/// The module in bytecode as text, with its locations. MLIR's reader believes
/// the sizes and numbers that it finds: damaged files make it crash, write
/// beyond its memory or ask for all there is. So it works in a process of its
/// own, within limits, and only text comes back.
llvm::Expected<std::string>
bytecodeToText(llvm::MemoryBufferRef bytecode,
               const mlir::DialectRegistry &registry);

} // namespace attncompile

#endif // ATTN_TOOLS_ATTN_COMPILE_BYTECODE_H
