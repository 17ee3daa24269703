//===- NameFunctions.cpp - Symbols that later stages can use --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @"layer.0"(…) { … attn.sdpa … }
// =>
//   func.func @layer_0(…) attributes {attn.name = "layer.0"} { … }
//
// Later stages derive symbols from that of a function: kernels, judges, and the
// entries of a package. They are legal and free where the function's own is.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/AttnToTile/Passes.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Symbols.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace attn {
#define GEN_PASS_DEF_NAMEFUNCTIONS
#include "attn/Conversion/AttnToTile/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

/// Symbols in use. Those that begin with a function's symbol and two
/// underscores belong to what is derived from the function.
class SymbolChooser {
public:
  void reserve(StringRef symbol) { taken.insert(symbol); }
  std::string choose(StringRef userName);

private:
  bool isFree(StringRef symbol) const;

  llvm::StringSet<> taken, chosen;
};

struct NameFunctions : public attn::impl::NameFunctionsBase<NameFunctions> {
  void runOnOperation() override;
};

} // namespace

static bool isDerived(StringRef symbol, StringRef from) {
  return symbol.consume_front(from) && symbol.starts_with("__");
}

/// Whether functions of the runtime and of packages may have the name.
static bool isReserved(StringRef symbol) {
  return symbol.starts_with("attnrt") || symbol.starts_with("attnpkg");
}

bool SymbolChooser::isFree(StringRef symbol) const {
  return !taken.contains(symbol) && !chosen.contains(symbol) &&
         llvm::none_of(
             taken.keys(),
             [&](StringRef other) { return isDerived(other, symbol); }) &&
         llvm::none_of(chosen.keys(), [&](StringRef other) {
           return isDerived(other, symbol) || isDerived(symbol, other);
         });
}

/// Returns the symbol without two underscores in a row, and without any at its
/// end. With a number behind it, it cannot be derived from another symbol.
static std::string withoutDoubledUnderscores(StringRef symbol) {
  std::string stem;
  for (char character : symbol.rtrim('_'))
    if (character != '_' || !StringRef(stem).ends_with("_"))
      stem += character;
  return stem;
}

std::string SymbolChooser::choose(StringRef userName) {
  std::string symbol = tile::makeIdentifier(userName);
  if (isReserved(symbol))
    symbol = "_" + symbol;
  std::string stem = withoutDoubledUnderscores(symbol);
  for (unsigned i = 1; !isFree(symbol); ++i)
    symbol = stem + "_" + std::to_string(i);
  chosen.insert(symbol);
  return symbol;
}

static bool hasAttention(func::FuncOp function) {
  return !function.isExternal() &&
         !function.getBody().getOps<CompilableOp>().empty();
}

void NameFunctions::runOnOperation() {
  SymbolChooser symbols;
  SmallVector<func::FuncOp> functions;
  for (auto symbol : getOperation().getOps<SymbolOpInterface>()) {
    auto function = dyn_cast<func::FuncOp>(symbol.getOperation());
    if (function && hasAttention(function))
      functions.push_back(function);
    else if (StringAttr name = symbol.getNameAttr())
      symbols.reserve(name);
  }
  // Functions whose names need no change keep them, wherever they stand.
  SmallVector<std::pair<func::FuncOp, std::string>> renamed;
  for (bool isLegal : {true, false})
    for (func::FuncOp function : functions) {
      StringRef name = function.getSymName();
      if ((tile::makeIdentifier(name) == name) != isLegal)
        continue;
      std::string symbol = symbols.choose(name);
      if (symbol != name)
        renamed.emplace_back(function, symbol);
    }
  for (auto &[function, symbol] : renamed) {
    function->setAttr(tile::kUserNameAttr, function.getSymNameAttr());
    auto chosen = StringAttr::get(&getContext(), symbol);
    if (failed(SymbolTable::replaceAllSymbolUses(function, chosen,
                                                 getOperation())))
      return signalPassFailure();
    function.setSymNameAttr(chosen);
  }
}
