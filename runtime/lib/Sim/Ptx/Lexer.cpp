//===- Lexer.cpp - PTX text to tokens -------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Lexer.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace attnrt::sim::ptx;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

static bool isAlpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool isHex(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool isWordStart(char c) {
  return isAlpha(c) || c == '_' || c == '$' || c == '%';
}

static bool isWordPart(char c) {
  return isAlpha(c) || isDigit(c) || c == '_' || c == '$';
}

void Lexer::skipBlank() {
  for (;;) {
    char c = at(position);
    if (c == '\n') {
      ++line;
      ++position;
    } else if (position < text.size() &&
               (c == ' ' || c == '\t' || c == '\r' || c == '\0' || c == '\f')) {
      ++position;
    } else if (c == '/' && at(position + 1) == '/') {
      while (position < text.size() && text[position] != '\n')
        ++position;
    } else if (c == '/' && at(position + 1) == '*') {
      position += 2;
      while (position < text.size() &&
             !(text[position] == '*' && at(position + 1) == '/'))
        line += text[position++] == '\n';
      position += 2;
    } else {
      return;
    }
  }
}

Token Lexer::take(TokenKind kind, size_t length) {
  Token token;
  token.kind = kind;
  token.line = line;
  token.text = text.substr(position, length);
  position += token.text.size();
  return token;
}

Token Lexer::lexHexFloat(TokenKind kind, size_t digits) {
  uint64_t bits = 0;
  for (size_t i = 0; i < digits; ++i) {
    char c = at(position + 2 + i);
    if (!isHex(c))
      return take(TokenKind::Bad, 2 + i);
    bits = bits << 4 | (isDigit(c) ? c - '0' : (c | 32) - 'a' + 10);
  }
  Token token = take(kind, 2 + digits);
  token.value = bits;
  return token;
}

Token Lexer::lexNumber() {
  char second = at(position + 1);
  if (at(position) == '0' && (second == 'f' || second == 'F'))
    return lexHexFloat(TokenKind::Float32, 8);
  if (at(position) == '0' && (second == 'd' || second == 'D'))
    return lexHexFloat(TokenKind::Float64, 16);

  size_t end = position;
  bool prefixed = at(position) == '0' && (second == 'x' || second == 'X' ||
                                          second == 'b' || second == 'B');
  int base = 10;
  if (prefixed) {
    base = (second | 32) == 'x' ? 16 : 2;
    end += 2;
  } else if (at(position) == '0' && isDigit(second)) {
    base = 8;
  }
  size_t digits = end;
  while (base == 16 ? isHex(at(end)) : isDigit(at(end)))
    ++end;
  if (end == digits)
    return take(TokenKind::Bad, end - position);

  bool fraction = !prefixed && at(end) == '.' && isDigit(at(end + 1));
  if (fraction) {
    ++end;
    while (isDigit(at(end)))
      ++end;
    if ((at(end) | 32) == 'e') {
      end += at(end + 1) == '-' || at(end + 1) == '+' ? 2 : 1;
      while (isDigit(at(end)))
        ++end;
    }
    std::string copy(text.substr(position, end - position));
    double value = std::strtod(copy.c_str(), nullptr);
    Token token = take(TokenKind::Float64, end - position);
    std::memcpy(&token.value, &value, sizeof(value));
    return token;
  }
  uint64_t value = 0;
  const char *last = text.data() + end;
  auto [stop, error] = std::from_chars(text.data() + digits, last, value, base);
  if (stop != last || error != std::errc()) // 09, 0b2, more than 64 bits
    return take(TokenKind::Bad, end - position);
  if (at(end) == 'U' || at(end) == 'u')
    ++end;
  if (isWordPart(at(end)))
    return take(TokenKind::Bad, end - position + 1);
  Token token = take(TokenKind::Integer, end - position);
  token.value = value;
  return token;
}

Token Lexer::lexString() {
  size_t end = position + 1;
  while (end < text.size() && text[end] != '"' && text[end] != '\n')
    ++end;
  if (at(end) != '"')
    return take(TokenKind::Bad, end - position);
  return take(TokenKind::String, end - position + 1);
}

Token Lexer::next() {
  skipBlank();
  if (position >= text.size()) {
    position = text.size();
    return take(TokenKind::End, 0);
  }
  char c = text[position];
  if (isWordStart(c)) {
    size_t end = position + 1;
    while (isWordPart(at(end)))
      ++end;
    return take(TokenKind::Word, end - position);
  }
  if (c == '.' && isWordPart(at(position + 1))) {
    size_t end = position + 1;
    while (isWordPart(at(end)) ||
           (at(end) == ':' && at(end + 1) == ':' && isWordPart(at(end + 2)))) {
      end += at(end) == ':' ? 2 : 1;
    }
    Token token = take(TokenKind::Modifier, end - position);
    token.text.remove_prefix(1);
    return token;
  }
  if (isDigit(c))
    return lexNumber();
  if (c == '"')
    return lexString();
  if (std::strchr(";:,{}[]()<>|!@=+-~&*", c))
    return take(TokenKind::Punct, 1);
  return take(TokenKind::Bad, 1);
}
