//===- Input.cpp - What MLIR's parser may see -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Input.h"

#include "Bytecode.h"
#include "mlir/Bytecode/BytecodeReader.h"

using namespace llvm;

/// Kernels of this compiler come to a dozen.
static constexpr int kMostBrackets = 256;

/// The end of the string or comment that begins at `at`, or `at`.
static size_t skipOpaque(StringRef text, size_t at) {
  if (text.substr(at).starts_with("//"))
    return std::min(text.find('\n', at), text.size());
  if (text[at] != '"')
    return at;
  size_t end = at + 1;
  while (end < text.size() && text[end] != '"' && text[end] != '\n')
    end += text[end] == '\\' ? 2 : 1;
  return std::min(end, text.size() - 1) + 1;
}

/// Brackets of all kinds; `->` and `>=` are none.
static bool nestsTooDeep(StringRef text) {
  int depth = 0;
  for (size_t at = 0; at < text.size();) {
    if (size_t end = skipOpaque(text, at); end != at) {
      at = end;
      continue;
    }
    if (text.substr(at, 2) == "->" || text.substr(at, 2) == ">=") {
      at += 2;
      continue;
    }
    if (StringRef("([{<").contains(text[at]) && ++depth > kMostBrackets)
      return true;
    if (StringRef(")]}>").contains(text[at]) && depth)
      --depth;
    ++at;
  }
  return false;
}

Expected<std::unique_ptr<MemoryBuffer>>
attncompile::toSafeText(std::unique_ptr<MemoryBuffer> file,
                        const mlir::DialectRegistry &registry) {
  if (mlir::isBytecode(*file)) {
    Expected<std::string> text =
        bytecodeToText(file->getMemBufferRef(), registry);
    if (!text)
      return text.takeError();
    file = MemoryBuffer::getMemBufferCopy(*text, file->getBufferIdentifier());
  }
  if (nestsTooDeep(file->getBuffer()))
    return createStringError("it nests more than " + Twine(kMostBrackets) +
                             " brackets");
  return file;
}
