//===- Program.cpp - Decoded PTX ------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"

using namespace attnrt::sim;

const Kernel *Program::find(std::string_view name) const {
  for (const Kernel &kernel : kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

std::string Program::line(int number) const {
  if (number < 1 || size_t(number) > lineStarts.size())
    return "";
  size_t begin = lineStarts[number - 1];
  size_t end = text.find('\n', begin);
  std::string out = text.substr(begin, end == text.npos ? end : end - begin);
  for (char &c : out)
    if (c == '\t' || c == '\r')
      c = ' ';
  size_t first = out.find_first_not_of(' ');
  size_t last = out.find_last_not_of(' ');
  if (first == out.npos)
    return "";
  out = out.substr(first, last - first + 1);
  return out.size() > 120 ? out.substr(0, 117) + "..." : out;
}
