//===- Lexer.h - PTX text to tokens -----------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_LEXER_H
#define ATTNRT_SIM_PTX_LEXER_H

#include <cstdint>
#include <string_view>

namespace attnrt::sim::ptx {

enum class TokenKind : uint8_t {
  End,
  Word,     // add, %r1, $L__BB0_1
  Modifier, // .f32, .L2::128B; the text starts after the dot
  Integer,
  Float32, // 0f…; value holds the bits
  Float64, // 0d… or decimal; value holds the bits
  String,
  Punct, // one character
  Bad,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  uint64_t value = 0;
  int line = 1;

  bool is(char c) const { return kind == TokenKind::Punct && text[0] == c; }
  bool isModifier(std::string_view name) const {
    return kind == TokenKind::Modifier && text == name;
  }
};

/// Hands out one token after the other; comments and white space vanish.
class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}
  Token next();

private:
  void skipBlank();
  Token take(TokenKind kind, size_t length);
  Token lexNumber();
  Token lexHexFloat(TokenKind kind, size_t digits);
  Token lexString();
  char at(size_t index) const {
    return index < text.size() ? text[index] : '\0';
  }

  std::string_view text;
  size_t position = 0;
  int line = 1;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_LEXER_H
