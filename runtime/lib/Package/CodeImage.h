//===- CodeImage.h - Device code from a program -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PACKAGE_CODEIMAGE_H
#define ATTNRT_PACKAGE_CODEIMAGE_H

#include "attnrt/Status.h"

#include <memory>
#include <string>
#include <string_view>

namespace attnrt {

/// What a blob of device code holds. The views are of the blob, but PTX that
/// was compressed is in `decompressed`.
struct CodeImage {
  std::string_view ptx;    // empty where there is none
  std::string_view binary; // cubin or fatbin; empty for PTX text
  std::unique_ptr<std::string> decompressed;
};

/// PTX text, a cubin, or a fatbin (of which the PTX for the newest chip is
/// taken). BadInput for anything else.
Expected<CodeImage> readCode(std::string_view blob);

/// The same where nobody knows how long the blob is: PTX ends with a zero, a
/// fatbin knows its length. BadInput for a cubin.
Expected<CodeImage> readCodeOfUnknownSize(const char *blob);

} // namespace attnrt

#endif // ATTNRT_PACKAGE_CODEIMAGE_H
