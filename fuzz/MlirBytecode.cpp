//===- MlirBytecode.cpp - MLIR as bytecode --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MlirInput.h"
#include "Target.h"

#include "Bytecode.h"
#include "attn/InitAll.h"

using namespace attncompile;
using attnrt::Status;

const bool attn::fuzz::kIsText = false;

Status attn::fuzz::digest(std::string_view input) {
  constexpr std::string_view kMagic = "ML\xefR";
  if (input.substr(0, kMagic.size()) != kMagic)
    return Status::badInput("not bytecode"); // text is another target
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  llvm::StringRef bytes(input.data(), input.size());
  auto text = bytecodeToText(llvm::MemoryBufferRef(bytes, "input"), registry);
  if (!text)
    return Status::badInput(llvm::toString(text.takeError()));
  return digestMlir(*text);
}
