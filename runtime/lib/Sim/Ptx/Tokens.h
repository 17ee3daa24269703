//===- Tokens.h - Reading PTX token by token ------------------ -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_TOKENS_H
#define ATTNRT_SIM_PTX_TOKENS_H

#include "Ptx/Lexer.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace attnrt::sim::ptx {

/// One token of look-ahead, and the first error. Functions return false when
/// there is one.
class Tokens {
public:
  explicit Tokens(std::string_view text) : lexer(text) { advance(); }

  void advance() { token = lexer.next(); }
  bool fail(const std::string &message);
  /// Fails for a thing that PTX has and the simulator does not: no more than
  /// the function at hand is lost.
  bool refuse(const std::string &message);
  bool expect(char c);
  bool accept(char c);
  /// To what stands behind the next `c`.
  bool skipUntil(char c);
  /// To the next `c`, which must come; `where` says behind what.
  bool skipTo(char c, const char *where);
  bool skipBraces();
  bool integer(uint64_t &value);
  /// Adds what follows, any number of `+ 8` and `- 4`.
  bool addends(int64_t &value);
  bool word(std::string &name);
  /// The directive or modifier at hand.
  std::string takeModifier();

  Token token;
  Status error;
  bool isRefusal = false; // the error

private:
  Lexer lexer;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_TOKENS_H
