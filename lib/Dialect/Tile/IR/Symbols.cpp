//===- Symbols.cpp - Names in IR and names of users -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Symbols.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"

#include <utility>

using namespace mlir;

StringRef attn::tile::userNameOf(Operation *function) {
  if (auto name = function->getAttrOfType<StringAttr>(kUserNameAttr))
    return name.getValue();
  return SymbolTable::getSymbolName(function).getValue();
}

/// Each run of other characters becomes one underscore.
std::string attn::tile::makeIdentifier(StringRef name) {
  std::string identifier;
  if (name.empty() || llvm::isDigit(name.front()))
    identifier = "_";
  bool isLegal = true;
  for (char byte : name) {
    bool wasLegal = std::exchange(isLegal, llvm::isAlnum(byte) || byte == '_');
    if (isLegal)
      identifier += byte;
    else if (wasLegal)
      identifier += '_';
  }
  return identifier;
}
