//===- DescribeForms.cpp - Writes the list of forms into the docs ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// DescribeForms docs/Simulator.md replaces what stands between the markers.
//
//===----------------------------------------------------------------------===//

#include "Decode/Forms.h"

#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cout << attnrt::sim::describeForms();
    return 0;
  }
  std::ifstream in(argv[1]);
  std::stringstream buffer;
  buffer << in.rdbuf();
  std::string text = buffer.str();
  const std::string begin = "<!-- forms: begin -->\n", end = "<!-- forms: end";
  size_t first = text.find(begin), last = text.find(end);
  if (first == text.npos || last == text.npos || last < first) {
    std::cerr << "error: expected the markers of the list in " << argv[1]
              << "\n";
    return 2;
  }
  first += begin.size();
  text.replace(first, last - first, attnrt::sim::describeForms());
  std::ofstream(argv[1]) << text;
  return 0;
}
