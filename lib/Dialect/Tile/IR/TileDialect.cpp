//===- TileDialect.cpp - Registration of the tile dialect -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "Descriptions.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn::tile;

#include "attn/Dialect/Tile/IR/TileDialect.cpp.inc"
#include "attn/Dialect/Tile/IR/TileEnums.cpp.inc"

#include "attn/Dialect/Tile/IR/TileInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "attn/Dialect/Tile/IR/TileAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "attn/Dialect/Tile/IR/TileTypes.cpp.inc"

void TileDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "attn/Dialect/Tile/IR/TileOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "attn/Dialect/Tile/IR/TileAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "attn/Dialect/Tile/IR/TileTypes.cpp.inc"
      >();
}

/// * `tile.computed_first` stands for itself, or for a share of the columns, on
///   operations that compute tiles.
static LogicalResult verifyComputedFirst(Operation *op, Attribute value) {
  auto share = dyn_cast<IntegerAttr>(value);
  bool isShare = share && share.getInt() >= 1 && share.getInt() <= 100;
  if (!isa<UnitAttr>(value) && !isShare)
    return op->emitOpError("expected `")
           << kComputedFirstAttr
           << "` without a value, or of 1 to 100 percent, got " << value;
  bool computesTiles =
      op->getNumResults() != 0 &&
      llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
  if (!computesTiles)
    return op->emitOpError("expected `")
           << kComputedFirstAttr << "` on an operation that computes tiles";
  return success();
}

LogicalResult TileDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kComputedFirstAttr)
    return verifyComputedFirst(op, attribute.getValue());
  if (name == kArgsAttr)
    return verifyArgsAttr(op, attribute.getValue());
  if (name == kResultsAttr)
    return verifyResultsAttr(op, attribute.getValue());
  return success();
}
