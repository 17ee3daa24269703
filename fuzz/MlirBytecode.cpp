//===- MlirBytecode.cpp - MLIR as bytecode --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MlirInput.h"
#include "Target.h"

const bool attn::fuzz::kIsText = false;

attnrt::Status attn::fuzz::digest(std::string_view input) {
  constexpr std::string_view kMagic = "ML\xefR";
  if (input.substr(0, kMagic.size()) != kMagic)
    return attnrt::Status::badInput("not bytecode"); // text is another target
  return digestMlir(input);
}
