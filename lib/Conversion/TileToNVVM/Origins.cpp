//===- Origins.cpp - Operations know which line they are ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Patterns give what they make the location of what it comes from, so a
// location carries the origin through the conversion. The place that the user
// wrote stays in it, for messages.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "attn/Dialect/Tile/IR/Origins.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/AsmState.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace attn::tile;

/// Line and column of each operation in the printed module.
static AsmState::LocationMap printedPlaces(ModuleOp module) {
  AsmState::LocationMap places;
  AsmState state(module, OpPrintingFlags(), &places);
  llvm::raw_null_ostream nowhere;
  module->print(nowhere, state);
  return places;
}

void attn::tile::nameOrigins(ModuleOp module) {
  AsmState::LocationMap places = printedPlaces(module);
  MLIRContext *context = module.getContext();
  module.walk([&](KernelOp kernel) {
    kernel->walk([&](Operation *op) {
      auto place = places.find(op);
      if (place == places.end())
        return;
      auto [line, indent] = place->second;
      Origin origin{op->getName().getStringRef(), line, indent + 1};
      op->setLoc(FusedLoc::get(context, {op->getLoc()},
                               StringAttr::get(context, origin.str())));
    });
  });
}
