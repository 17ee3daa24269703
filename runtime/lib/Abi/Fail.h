//===- Fail.h - Failures of C++ as C sees them ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_FAIL_H
#define ATTNRT_ABI_FAIL_H

#include "attnrt/Abi.h"
#include "attnrt/Status.h"

#include <exception>

namespace attnrt {

inline int fail(const Status &status) {
  return attnrtFail(static_cast<int>(status.code()), "%s",
                    status.message().c_str());
}

/// Runs the body of a C function: its status, and what it throws, as a code
/// with a message. `what` is what an exception is about.
template <typename Body>
int guarded(const char *what, Body body) {
  try {
    Status status = body();
    return status.isOk() ? int(ATTNRT_OK) : fail(status);
  } catch (const std::exception &failure) {
    return attnrtFail(ATTNRT_DEVICE, "%s: %s", what, failure.what());
  }
}

} // namespace attnrt

#endif // ATTNRT_ABI_FAIL_H
