//===- Body.h - The body of an entry -------------------------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_BODY_H
#define ATTNRT_SIM_PTX_BODY_H

#include "Ptx/Module.h"
#include "Ptx/Tokens.h"

namespace attnrt::sim::ptx {

/// Statements between braces; registers, variables and branch tables go into
/// the entry, too. After a refusal the whole body is read all the same.
bool parseBody(Tokens &in, Entry &entry);

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_BODY_H
