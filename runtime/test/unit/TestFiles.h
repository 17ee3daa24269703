//===- TestFiles.h - Files for the length of a test -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_TESTFILES_H
#define ATTNRT_TEST_TESTFILES_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace attnrt::test {

/// A directory of its own that goes with it.
class TestFiles {
public:
  TestFiles() : folder(testing::TempDir() + "/attnrt-XXXXXX") {
    if (!mkdtemp(folder.data()))
      std::abort();
  }
  TestFiles(const TestFiles &) = delete;
  TestFiles &operator=(const TestFiles &) = delete;
  ~TestFiles() { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) const {
    return folder + "/" + name;
  }

  std::string write(const std::string &name, const std::string &contents) {
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }

  static std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Names of what is in it, for tests that nothing was left.
  size_t count() const {
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
      (void)entry;
      ++files;
    }
    return files;
  }

private:
  std::string folder;
};

} // namespace attnrt::test

#endif // ATTNRT_TEST_TESTFILES_H
