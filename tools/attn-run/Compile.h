//===- Compile.h - Running attn-compile -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUN_COMPILE_H
#define ATTN_RUN_COMPILE_H

#include "attnrt/Package.h"
#include "attnrt/Status.h"

#include <optional>
#include <string>

namespace attnrun {

/// Compiles `input` with the attn-compile that stands beside this executable
/// and opens the result. Temporaries are gone when this returns, also after a
/// signal. A failure without a message was already reported by attn-compile,
/// on the same stderr.
attnrt::Expected<attnrt::Package> compileAndOpen(
    const std::string &input, const std::optional<std::string> &target,
    const std::optional<std::string> &schedule, const std::string &vjp);

} // namespace attnrun

#endif // ATTN_RUN_COMPILE_H
