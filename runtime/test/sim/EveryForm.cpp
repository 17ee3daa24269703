//===- EveryForm.cpp - Every form is in a test ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// EveryForm DIRECTORY
//
// Reads what the tests left in the directory (FormsSeen.h), and prints each
// form of Opcodes.def and each word of one that none of them executes. Exits 1
// where there is any.
//
//===----------------------------------------------------------------------===//

#include "FormsSeen.h"

#include <iostream>

using namespace attnrt::sim;

static std::set<std::string> readLines(const std::string &directory) {
  std::set<std::string> out;
  for (const auto &file : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);)
      out.insert(line);
  }
  return out;
}

static int reportMissing(const std::set<std::string> &seen) {
  int all = 0, missing = 0;
  auto look = [&](const std::string &line) {
    ++all;
    if (seen.count(line))
      return;
    ++missing;
    std::cout << "not tested: " << line << "\n";
  };
  for (const Form &form : allForms()) {
    look(lineFor(form, ""));
    for (const auto &alternatives : form.words)
      for (std::string_view word : alternatives)
        look(lineFor(form, word));
  }
  std::cout << all - missing << " of " << all << " are tested\n";
  return missing ? 1 : 0;
}

int main(int argc, char **argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::cerr << "usage: EveryForm DIRECTORY, which the tests have written\n";
    return 2;
  }
  return reportMissing(readLines(argv[1]));
}
