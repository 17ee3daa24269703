//===- TemporaryFile.h - A file that goes with its scope --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_TEMPORARYFILE_H
#define ATTN_PACKAGE_TEMPORARYFILE_H

#include "llvm/ADT/SmallString.h"

namespace attn {

/// A file in the system's folder for such files, until the end of the scope.
class TemporaryFile {
public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  ~TemporaryFile();

  /// Whether the file could be made, with `text` in it.
  bool create(llvm::StringRef suffix, llvm::StringRef text = "");
  llvm::StringRef getPath() const { return path; }

private:
  llvm::SmallString<128> path;
};

} // namespace attn

#endif // ATTN_PACKAGE_TEMPORARYFILE_H
