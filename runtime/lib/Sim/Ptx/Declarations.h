//===- Declarations.h - Variables and parameters of PTX ------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_DECLARATIONS_H
#define ATTNRT_SIM_PTX_DECLARATIONS_H

#include "Ptx/Module.h"
#include "Ptx/Tokens.h"

#include <vector>

namespace attnrt::sim::ptx {

/// Parses what follows `.global` and its like, up to the semicolon.
bool parseVariables(Tokens &in, Space space, bool isExtern,
                    std::vector<Variable> &into);

/// The parameters of an entry in their parentheses, if there are any.
bool parseParameters(Tokens &in, std::vector<Variable> &into);

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_DECLARATIONS_H
