//===- EveryForm.cpp - Every form is in a test ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// EveryForm TEST...
//
// Runs the tests, and prints each form of Opcodes.def and each word of one that
// none of them executes. Exits 1 where there is any.
//
//===----------------------------------------------------------------------===//

#include "FormsSeen.h"

#include <cstdio>
#include <iostream>

using namespace attnrt::sim;

static std::set<std::string> readLines(const std::string &path) {
  std::set<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    out.insert(line);
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
  std::string path = std::string(argv[0]) + ".seen";
  std::remove(path.c_str());
  setenv("ATTNRT_TEST_FORMS", path.c_str(), 1);
  for (int i = 1; i < argc; ++i)
    if (std::system(("'" + std::string(argv[i]) + "' --gtest_brief=1").c_str()))
      return 2;
  int status = reportMissing(readLines(path));
  std::remove(path.c_str());
  return status;
}
