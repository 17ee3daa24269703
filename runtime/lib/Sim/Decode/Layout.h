//===- Layout.h - Where the variables of an entry stand ------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_LAYOUT_H
#define ATTNRT_SIM_DECODE_LAYOUT_H

#include "Decode/DecodeError.h"

#include <map>

namespace attnrt::sim {

struct Symbol {
  ptx::Space space;
  /// The offset in shared or local memory or in the parameters, or the number
  /// of a variable of the module.
  uint64_t address;
};
using Symbols = std::map<std::string, Symbol>;

/// Places parameters, shared and local variables, which fills in what the
/// kernel says of them. False with an error where they are too large.
bool layOut(const ptx::Module &module, const ptx::Entry &entry, Kernel &kernel,
            Symbols &symbols, DecodeError &error);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_LAYOUT_H
