//===- NpyFile.cpp - Arrays of NumPy --------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputFile.h"
#include "Target.h"

#include "attnrt/Npy.h"

using namespace attnrt;

const bool attn::fuzz::kIsText = false;

Status attn::fuzz::digest(std::string_view input) {
  Expected<HostTensor> tensor = readNpy(InputFile(input).path());
  if (!tensor)
    return tensor.status();
  if (!isFloat(tensor->type()) || tensor->type() == ElementType::F64)
    return Status::ok(); // results are never of such types
  // What was read can be written, and is then read again.
  return readNpy(InputFile(toNpy(*tensor)).path()).status();
}
