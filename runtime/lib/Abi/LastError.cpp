//===- LastError.cpp - Failures as C sees them ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Abi.h"

#include <cstdarg>
#include <cstdio>

static thread_local char lastError[1024];

extern "C" int attnrtFail(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(lastError, sizeof lastError, format, arguments);
  va_end(arguments);
  return code;
}

extern "C" const char *attnrtLastError(void) { return lastError; }
