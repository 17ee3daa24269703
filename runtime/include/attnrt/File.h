//===- File.h - Whole files -------------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_FILE_H
#define ATTNRT_FILE_H

#include "attnrt/Status.h"

#include <string>
#include <utility>
#include <vector>

namespace attnrt {

/// Reads a regular file. A failure is BadInput and names the file.
Expected<std::string> readFile(const std::string &path);

/// Files that appear together and whole, or not at all: contents go to
/// temporaries beside their paths, which commit() renames.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  ~OutputFiles();

  Status add(const std::string &path, const std::string &contents);
  Status commit();

private:
  /// (temporary, final)
  std::vector<std::pair<std::string, std::string>> staged;
  /// (path, contents) of what cannot be renamed onto: pipes, devices.
  std::vector<std::pair<std::string, std::string>> direct;
};

/// BadInput where no file could be written at `path`.
Status checkWritable(const std::string &path);

} // namespace attnrt

#endif // ATTNRT_FILE_H
