//===- InputFile.h - An input as a file -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_FUZZ_INPUTFILE_H
#define ATTN_FUZZ_INPUTFILE_H

#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

namespace attn::fuzz {

/// A file in memory, for readers that take a path.
class InputFile {
public:
  explicit InputFile(std::string_view contents)
      : file(memfd_create("input", MFD_CLOEXEC)) {
    size_t done = 0;
    while (file >= 0 && done < contents.size()) {
      ssize_t wrote =
          write(file, contents.data() + done, contents.size() - done);
      if (wrote <= 0)
        std::abort();
      done += static_cast<size_t>(wrote);
    }
  }
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  ~InputFile() { close(file); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(file); }

private:
  int file;
};

} // namespace attn::fuzz

#endif // ATTN_FUZZ_INPUTFILE_H
