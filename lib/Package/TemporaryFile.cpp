//===- TemporaryFile.cpp - A file that goes with its scope ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/TemporaryFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace attn;

TemporaryFile::~TemporaryFile() {
  if (!path.empty())
    llvm::sys::fs::remove(path);
}

bool TemporaryFile::create(llvm::StringRef suffix, llvm::StringRef text) {
  int descriptor;
  if (llvm::sys::fs::createTemporaryFile("attn", suffix, descriptor, path))
    return false;
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << text;
  stream.close();
  bool isWritten = !stream.has_error();
  stream.clear_error();
  return isWritten;
}
