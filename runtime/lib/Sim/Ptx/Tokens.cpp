//===- Tokens.cpp - Reading PTX token by token ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Tokens.h"

using namespace attnrt;
using namespace attnrt::sim::ptx;

bool Tokens::fail(const std::string &message) {
  if (error.isOk())
    error = Status::badInput("PTX line " + std::to_string(token.line) + ": " +
                             message);
  return false;
}

bool Tokens::refuse(const std::string &message) {
  isRefusal |= error.isOk();
  return fail(message);
}

bool Tokens::expect(char c) {
  if (accept(c))
    return true;
  return fail(std::string("expected `") + c + "`, got `" +
              std::string(token.text) + "`");
}

bool Tokens::accept(char c) {
  if (!token.is(c))
    return false;
  advance();
  return true;
}

bool Tokens::skipUntil(char c) {
  while (!token.is(c)) {
    if (token.kind == TokenKind::End)
      return fail(std::string("expected `") + c + "` before the end");
    advance();
  }
  advance();
  return true;
}

bool Tokens::skipBraces() {
  if (!expect('{'))
    return false;
  for (int depth = 1; depth;) {
    if (token.kind == TokenKind::End)
      return fail("expected `}` before the end");
    depth += token.is('{') - token.is('}');
    advance();
  }
  return true;
}

bool Tokens::integer(uint64_t &value) {
  bool minus = accept('-');
  if (token.kind != TokenKind::Integer)
    return fail("expected an integer, got `" + std::string(token.text) + "`");
  value = minus ? 0 - token.value : token.value;
  advance();
  return true;
}

bool Tokens::addends(int64_t &value) {
  while (token.is('+') || token.is('-')) {
    bool minus = token.is('-');
    uint64_t part;
    advance();
    if (!integer(part))
      return false;
    value = static_cast<int64_t>(static_cast<uint64_t>(value) +
                                 (minus ? 0 - part : part));
  }
  return true;
}

bool Tokens::word(std::string &name) {
  if (token.kind != TokenKind::Word)
    return fail("expected a name, got `" + std::string(token.text) + "`");
  name = token.text;
  advance();
  return true;
}

bool Tokens::skipTo(char c, const char *where) {
  while (!token.is(c)) {
    if (token.kind == TokenKind::End)
      return fail(std::string("expected `") + c + "` after " + where);
    advance();
  }
  return true;
}

std::string Tokens::takeModifier() {
  std::string name(token.text);
  advance();
  return name;
}
