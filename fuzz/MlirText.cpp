//===- MlirText.cpp - MLIR as text ----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MlirInput.h"
#include "Target.h"

const bool attn::fuzz::kIsText = true;

attnrt::Status attn::fuzz::digest(std::string_view input) {
  return digestMlir(input);
}
