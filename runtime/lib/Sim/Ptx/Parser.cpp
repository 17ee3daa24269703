//===- Parser.cpp - PTX text to a Module ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Recursive descent. This file reads the module and the heads of its entries.
//
//===----------------------------------------------------------------------===//

#include "Ptx/Parser.h"
#include "Ptx/Body.h"
#include "Ptx/Declarations.h"
#include "Ptx/Tokens.h"

#include <cstring>

using namespace attnrt;
using namespace attnrt::sim::ptx;

namespace {
class Parser {
public:
  explicit Parser(std::string_view text) : in(text) {}
  Expected<Module> run();

private:
  bool moduleItem();
  bool version();
  bool target();
  bool addressSize();
  bool file();
  bool declaration(std::string name);
  bool entry();
  bool function(bool isExtern);
  bool functionHead(Entry &function);
  bool body(Entry &into);
  bool alias();
  bool entryDirective();
  bool smallNumber(uint32_t &out);
  bool threeNumbers(uint32_t (&out)[3]);

  Tokens in;
  Module module;
  Entry *current = nullptr;
};
} // namespace

Expected<Module> Parser::run() {
  while (in.token.kind != TokenKind::End)
    if (!moduleItem())
      return in.error;
  return std::move(module);
}

bool Parser::moduleItem() {
  if (in.token.kind != TokenKind::Modifier)
    return in.accept(';') || in.fail("expected a directive, got `" +
                                     std::string(in.token.text) + "`");
  std::string name = in.takeModifier();
  if (name == "version")
    return version();
  if (name == "target")
    return target();
  if (name == "address_size")
    return addressSize();
  if (name == "file")
    return file();
  if (name == "section")
    return in.skipTo('{', ".section") && in.skipBraces();
  if (name == "pragma")
    return in.skipUntil(';');
  if (name == "alias")
    return alias();
  return declaration(std::move(name));
}

bool Parser::version() {
  if (in.token.kind != TokenKind::Float64 &&
      in.token.kind != TokenKind::Integer)
    return in.fail("expected a version number");
  in.advance();
  return true;
}

bool Parser::target() {
  if (!in.word(module.target))
    return false;
  std::string more;
  while (in.accept(','))
    if (!in.word(more))
      return false;
  return true;
}

bool Parser::addressSize() {
  uint64_t bits = 0;
  if (!in.integer(bits))
    return false;
  return bits == 64 || in.fail("expected .address_size 64");
}

bool Parser::file() {
  uint64_t ignored;
  if (!in.integer(ignored))
    return false;
  if (in.token.kind != TokenKind::String)
    return in.fail("expected a file name");
  in.advance();
  while (in.accept(','))
    if (!in.integer(ignored))
      return false;
  return true;
}

bool Parser::declaration(std::string name) {
  bool isExtern = false;
  while (name == "visible" || name == "extern" || name == "weak" ||
         name == "common") {
    isExtern |= name == "extern";
    if (in.token.kind != TokenKind::Modifier)
      return in.fail("expected a directive after ." + name);
    name = in.takeModifier();
  }
  if (name == "entry")
    return entry();
  if (name == "func")
    return function(isExtern);
  if (name == "global")
    return parseVariables(in, Space::Global, isExtern, module.variables);
  if (name == "const")
    return parseVariables(in, Space::Const, isExtern, module.variables);
  if (name == "shared")
    return parseVariables(in, Space::Shared, isExtern, module.variables);
  return in.fail("unsupported directive `." + name + "`");
}

/// `.alias name, function;`
bool Parser::alias() {
  std::string name, of;
  if (!in.word(name) || !in.expect(',') || !in.word(of))
    return false;
  module.aliases[name] = of;
  return in.expect(';');
}

/// `(results) name (parameters)` and what the function promises.
bool Parser::functionHead(Entry &function) {
  while (in.token.kind == TokenKind::Modifier) { // .attribute(…)
    in.advance();
    if (in.token.is('(') && !in.skipUntil(')'))
      return false;
  }
  function.line = in.token.line;
  if (!parseParameters(in, function.results) || !in.word(function.name) ||
      !parseParameters(in, function.params))
    return false;
  while (in.token.kind == TokenKind::Modifier) {
    std::string name = in.takeModifier();
    if (name == "pragma" && !in.skipUntil(';'))
      return false;
    while (in.token.kind == TokenKind::Integer)
      in.advance();
  }
  return true;
}

bool Parser::function(bool isExtern) {
  Entry function;
  if (!functionHead(function))
    return false;
  if (in.accept(';')) {
    module.declared.insert(function.name);
    return true;
  }
  if (isExtern)
    return in.fail("expected no body of an external function");
  module.functionNumbers[function.name] =
      static_cast<int>(module.functions.size());
  module.functions.push_back(std::move(function));
  return body(module.functions.back());
}

/// The body, of which what the simulator does not have is no error of the
/// module.
bool Parser::body(Entry &into) {
  if (parseBody(in, into))
    return true;
  if (!in.isRefusal)
    return false;
  into.refusal = in.error;
  in.error = Status::ok();
  in.isRefusal = false;
  return true;
}

bool Parser::threeNumbers(uint32_t (&out)[3]) {
  out[0] = out[1] = out[2] = 1;
  int index = 0;
  do {
    uint64_t value;
    if (index == 3 || !in.integer(value))
      return in.fail("expected at most three numbers");
    if (value == 0 || value > 65535)
      return in.fail("expected a dimension between 1 and 65535");
    out[index++] = value;
  } while (in.accept(','));
  return true;
}

bool Parser::smallNumber(uint32_t &out) {
  uint64_t value;
  if (!in.integer(value))
    return false;
  if (value == 0 || value > 65535)
    return in.fail("expected a number between 1 and 65535");
  out = static_cast<uint32_t>(value);
  return true;
}

bool Parser::entryDirective() {
  std::string name = in.takeModifier();
  uint32_t dims[3];
  uint64_t ignored;
  if (name == "maxntid") {
    if (!threeNumbers(dims))
      return false;
    uint64_t threads = uint64_t(dims[0]) * dims[1] * dims[2];
    current->maxThreads = threads > UINT32_MAX ? UINT32_MAX : threads;
    return true;
  }
  if (name == "reqntid") {
    if (!threeNumbers(dims))
      return false;
    std::memcpy(current->requiredThreads, dims, sizeof(dims));
    return true;
  }
  if (name == "reqnctapercluster") {
    if (!threeNumbers(dims))
      return false;
    std::memcpy(current->requiredCluster, dims, sizeof(dims));
    return true;
  }
  if (name == "explicitcluster")
    return true;
  if (name == "minnctapersm")
    return smallNumber(current->minBlocks);
  if (name == "maxnreg")
    return smallNumber(current->maxRegisters);
  if (name == "maxnctapersm" || name == "maxclusterrank")
    return in.integer(ignored);
  if (name == "pragma")
    return in.skipUntil(';');
  return in.fail("unsupported directive `." + name + "` of an entry");
}

bool Parser::entry() {
  module.entries.emplace_back();
  current = &module.entries.back();
  current->line = in.token.line;
  if (!in.word(current->name) || !parseParameters(in, current->params))
    return false;
  while (in.token.kind == TokenKind::Modifier)
    if (!entryDirective())
      return false;
  if (in.accept(';')) {
    module.entries.pop_back();
    return true;
  }
  return body(*current);
}

Expected<Module> attnrt::sim::ptx::parse(std::string_view text) {
  return Parser(text).run();
}
