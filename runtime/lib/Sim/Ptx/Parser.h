//===- Parser.h - PTX text to a Module --------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_PARSER_H
#define ATTNRT_SIM_PTX_PARSER_H

#include "Ptx/Module.h"
#include "attnrt/Status.h"

namespace attnrt::sim::ptx {

/// BadInput names the line of the first thing that cannot be read.
Expected<Module> parse(std::string_view text);

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_PARSER_H
