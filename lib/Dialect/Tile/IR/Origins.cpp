//===- Origins.cpp - Which operation on tiles code comes from -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/IR/Origins.h"

#include "mlir/IR/Location.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace attn::tile;

std::string Origin::str() const {
  return llvm::formatv("{0}:{1}:{2}", name, line, column);
}

std::optional<Origin> Origin::parse(StringRef text) {
  Origin origin;
  auto [front, column] = text.rsplit(':');
  auto [name, line] = front.rsplit(':');
  if (name.empty() || line.getAsInteger(10, origin.line) ||
      column.getAsInteger(10, origin.column))
    return std::nullopt;
  origin.name = name;
  return origin;
}

std::string attn::tile::sourceOf(Location loc) {
  std::string source;
  loc->walk([&](Location part) {
    auto place = dyn_cast<FileLineColLoc>(part);
    if (!place)
      return WalkResult::advance();
    source = llvm::formatv("{0}:{1}:{2}",
                           llvm::sys::path::filename(place.getFilename()),
                           place.getLine(), place.getColumn());
    return WalkResult::interrupt();
  });
  return source;
}
