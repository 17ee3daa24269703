//===- Layout.h - Where the variables of an entry stand ---------*- C++ -*-===//
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
  /// of a variable or function of the module.
  uint64_t address;
  uint32_t bytes = 0;
  bool inFrame = false; // of a function or call; the address counts from it
};
using Symbols = std::map<std::string, Symbol>;

/// Where the parts of a function's frame are.
struct Frame {
  uint32_t bytes = 0;
  std::vector<FramePart> params, results;
};

/// The variables of the module and the functions, which all bodies may name.
Symbols symbolsOf(const ptx::Module &module);

/// Places the parameters of the entry, which fills in what the kernel says of
/// them. False with an error where they are too large, and so below.
bool layOutParams(const ptx::Entry &entry, Kernel &kernel, Symbols &symbols,
                  DecodeError &error);

/// Places the shared variables of the entry and of what it may call.
bool layOutShared(const ptx::Module &module,
                  const std::vector<const ptx::Entry *> &bodies, Kernel &kernel,
                  Symbols &symbols, DecodeError &error);

/// Places local variables and the .param ones of calls; of a function its
/// parameters and results, too.
bool layOutFrame(const ptx::Entry &body, bool isFunction, Frame &frame,
                 Symbols &symbols, DecodeError &error);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_LAYOUT_H
