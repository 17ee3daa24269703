//===- Damage.cpp - Seeded damage to inputs -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Damage.h"

#include <algorithm>
#include <cctype>
#include <vector>

using namespace attn::fuzz;

namespace {
struct Range {
  size_t begin = 0, end = 0;
};
} // namespace

static size_t below(Random &random, size_t bound) {
  return bound ? random() % bound : 0;
}

static std::string_view at(const std::string &text, Range range) {
  return std::string_view(text).substr(range.begin, range.end - range.begin);
}

static void replace(std::string &text, Range range, std::string_view by) {
  text.replace(range.begin, range.end - range.begin, by);
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

static Range someRun(const std::string &bytes, Random &random) {
  size_t begin = below(random, bytes.size());
  size_t most = std::min<size_t>(bytes.size() - begin, 64);
  return {begin, begin + 1 + below(random, most ? most : 1)};
}

static void damageBytes(std::string &bytes, Random &random) {
  if (bytes.empty()) {
    bytes.push_back(static_cast<char>(random()));
    return;
  }
  size_t where = below(random, bytes.size());
  Range run = someRun(bytes, random);
  switch (below(random, 6)) {
  case 0:
    bytes[where] ^= static_cast<char>(1 << below(random, 8));
    return;
  case 1:
    bytes[where] = "\x00\xff\x7f\x80\x01"[below(random, 5)];
    return;
  case 2: // a small change of a length or an offset
    bytes[where] += below(random, 2) ? 1 : -1;
    return;
  case 3:
    replace(bytes, run, "");
    return;
  case 4:
    bytes.insert(where, std::string(at(bytes, run)));
    return;
  default:
    if (below(random, 4) == 0)
      bytes.resize(where); // rarely, or little else would be tried
    else
      bytes[where] = static_cast<char>(random());
  }
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static bool isWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ||
         c == '%' || c == '$' || c == '@' || c == '!' || c == '#';
}

/// Words, and every other visible character by itself.
static std::vector<Range> tokensOf(std::string_view text) {
  std::vector<Range> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t begin = i++;
    if (isWordChar(text[begin]))
      while (i < text.size() && isWordChar(text[i]))
        ++i;
    else if (std::isspace(static_cast<unsigned char>(text[begin])))
      continue;
    tokens.push_back({begin, i});
  }
  return tokens;
}

static std::vector<Range> linesOf(std::string_view text) {
  std::vector<Range> lines;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back({begin, end});
    begin = end;
  }
  return lines;
}

/// The digits inside some word, or nothing.
static Range someNumber(const std::string &text, Random &random) {
  size_t from = below(random, text.size());
  size_t begin = text.find_first_of("0123456789", from);
  if (begin == text.npos)
    return {};
  size_t end = text.find_first_not_of("0123456789", begin);
  return {begin, end == text.npos ? text.size() : end};
}

static void damageNumber(std::string &text, Random &random) {
  static constexpr std::string_view kNumbers[] = {
      "0", "1", "3", "7", "-1", "255", "256", "65536", "2147483647",
      "4294967296", "9223372036854775807", "18446744073709551616", "1e39",
      "0x7fc00000", "?", "3.5"};
  replace(text, someNumber(text, random),
          kNumbers[below(random, std::size(kNumbers))]);
}

static void damageText(std::string &text, Random &random) {
  std::vector<Range> tokens = tokensOf(text), lines = linesOf(text);
  if (tokens.empty())
    return damageBytes(text, random);
  Range token = tokens[below(random, tokens.size())];
  std::string other(at(text, tokens[below(random, tokens.size())]));
  Range line = lines[below(random, lines.size())];
  std::string otherLine(at(text, lines[below(random, lines.size())]));
  switch (below(random, 8)) {
  case 0:
    return replace(text, token, "");
  case 1:
    return replace(text, token, other);
  case 2:
    text.insert(token.begin, other + " ");
    return;
  case 3:
  case 4:
    return damageNumber(text, random);
  case 5:
    return replace(text, line, "");
  case 6:
    text.insert(line.begin, otherLine);
    return;
  default:
    if (below(random, 4) == 0)
      text.resize(token.begin);
    else
      damageBytes(text, random);
  }
}

std::string attn::fuzz::damaged(std::string_view input, bool isText,
                                Random &random) {
  std::string copy(input);
  for (size_t n = 1 + below(random, 4); n; --n)
    isText ? damageText(copy, random) : damageBytes(copy, random);
  return copy;
}
