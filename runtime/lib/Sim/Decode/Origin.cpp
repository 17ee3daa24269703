//===- Origin.cpp - What a line of PTX comes from -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Line information counts from a `.loc` to the next one of the function. It is
// read from the text when a message needs it, since most runs have none.
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"

#include <vector>

using namespace attnrt;
using namespace attnrt::sim;

/// The first words of a line, without what a comment says.
static std::vector<std::string_view> wordsOf(std::string_view line) {
  line = line.substr(0, line.find("//"));
  std::vector<std::string_view> words;
  constexpr std::string_view kBlanks = " \t\r,";
  for (size_t at = 0; words.size() < 4;) {
    size_t begin = line.find_first_not_of(kBlanks, at);
    if (begin == line.npos)
      break;
    at = line.find_first_of(kBlanks, begin);
    words.push_back(line.substr(begin, at - begin));
    if (at == line.npos)
      break;
  }
  return words;
}

static std::string_view commentOf(std::string_view line) {
  size_t begin = line.find("//");
  if (begin == line.npos)
    return "";
  begin = line.find_first_not_of(" \t", begin + 2);
  if (begin == line.npos)
    return "";
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

/// The name that `.file N "folder/name"` gives to N, without its folder.
static std::string fileName(const Program &program, std::string_view number) {
  for (size_t at = program.text.find(".file"); at != std::string::npos;
       at = program.text.find(".file", at + 1)) {
    std::string_view line = std::string_view(program.text).substr(at);
    line = line.substr(0, line.find('\n'));
    std::vector<std::string_view> words = wordsOf(line);
    size_t begin = line.find('"'), end = line.rfind('"');
    if (words.size() < 2 || words[0] != ".file" || words[1] != number ||
        begin >= end)
      continue;
    std::string_view path = line.substr(begin + 1, end - begin - 1);
    return std::string(path.substr(path.rfind('/') + 1));
  }
  return "file " + std::string(number);
}

std::string Program::origin(int number) const {
  for (size_t i = number; i >= 1 && i <= lineStarts.size(); --i) {
    std::string_view line = std::string_view(text).substr(lineStarts[i - 1]);
    line = line.substr(0, line.find('\n'));
    std::vector<std::string_view> words = wordsOf(line);
    if (words.empty())
      continue;
    if (words[0][0] == '{' || words[0] == ".entry" || words[0] == ".visible")
      return ""; // of the function before
    if (words[0] != ".loc" || words.size() < 4)
      continue;
    if (words[2] == "0")
      return ""; // the compiler's own
    std::string_view comment = commentOf(line);
    if (!comment.empty())
      return std::string(comment);
    return fileName(*this, words[1]) + ":" + std::string(words[2]) + ":" +
           std::string(words[3]);
  }
  return "";
}

std::string Program::quote(int number) const {
  std::string from = origin(number);
  return "`" + line(number) + "`" + (from.empty() ? "" : " (" + from + ")");
}
