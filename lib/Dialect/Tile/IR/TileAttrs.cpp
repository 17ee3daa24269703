//===- TileAttrs.cpp - Layouts and shared memory --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "attn/Target/MmaAtom.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Warps of a CTA
//===----------------------------------------------------------------------===//

/// * as many warps as a CTA can have, at least one of which computes, or none
///   at all, where a thread of a processor does;
/// * beside producers, whole warpgroups.
LogicalResult CtaAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              int64_t warps, int64_t producers) {
  if (producers < 0 || producers % kWarpgroup != 0 || producers >= kMostWarps)
    return emitError() << "expected `producers` to be whole warpgroups of "
                       << kWarpgroup << " warps, got " << producers;
  int64_t leastWarps = producers ? 1 : 0;
  if (warps < leastWarps || warps > kMostWarps - producers)
    return emitError() << "expected `warps` in " << leastWarps << ".."
                       << kMostWarps - producers << ", got " << warps;
  if (producers && warps % kWarpgroup != 0)
    return emitError() << "expected `warps` to be a multiple of " << kWarpgroup
                       << " beside producers, got " << warps;
  return success();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static LogicalResult verifyWarps(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t warps) {
  if (warps < 1 || warps > 32)
    return emitError() << "expected `warps` in 1..32, got " << warps;
  return success();
}

/// A dimension is a multiple of its atom, or 1 where vectors are allowed.
static LogicalResult verifyDim(function_ref<InFlightDiagnostic()> emitError,
                               StringRef what, int64_t size, int64_t atom,
                               bool allowVector) {
  if ((allowVector && size == 1) || (size > 0 && size % atom == 0))
    return success();
  return emitError() << "expected " << what << " to be a multiple of " << atom
                     << ", got " << size;
}

LogicalResult
AccumulatorAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t warps) {
  return verifyWarps(emitError, warps);
}

LogicalResult AccumulatorAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "expected a tile of rank 2, got rank "
                       << shape.size();
  if (failed(verifyDim(emitError, "rows", shape[0],
                       WarpFragment::kRows * getWarps(), true)))
    return failure();
  bool isFolded = shape[1] == 4 && elementType.isIntOrFloat() &&
                  elementType.getIntOrFloatBitWidth() == 32;
  if (isFolded)
    return success();
  return verifyDim(emitError, "columns", shape[1], WarpFragment::kColumns,
                   true);
}

LogicalResult OperandAAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t warps, bool) {
  return verifyWarps(emitError, warps);
}

LogicalResult OperandAAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "expected a tile of rank 2, got rank "
                       << shape.size();
  int64_t bits =
      elementType.isIntOrFloat() ? elementType.getIntOrFloatBitWidth() : 0;
  if (bits != 8 && bits != 16 && bits != 32)
    return emitError() << "expected elements of 8, 16 or 32 bits, got "
                       << elementType;
  if (failed(verifyDim(emitError, "rows", shape[0],
                       WarpFragment::kRows * getWarps(), false)))
    return failure();
  if (getOfResult() && areOrdersEqual(bits))
    return emitError() << "expected no `ofResult` for elements of " << bits
                       << " bits, whose columns have one order";
  return verifyDim(emitError, "columns", shape[1], WarpFragment::depth(bits),
                   false);
}

/// * a power of two of threads in a row, no more than there are.
LogicalResult BlockedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t columns, int64_t warps) {
  if (failed(verifyWarps(emitError, warps)))
    return failure();
  if (columns < 1 || !llvm::isPowerOf2_64(columns) ||
      columns > warps * CtaAttr::kWarpSize)
    return emitError() << "expected `columns` to be a power of two of at most "
                       << warps * CtaAttr::kWarpSize << ", got " << columns;
  return success();
}

LogicalResult BlockedAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "expected a tile of rank 2, got rank "
                       << shape.size();
  if (failed(verifyDim(emitError, "rows", shape[0], getRowStep(), true)))
    return failure();
  return verifyDim(emitError, "columns", shape[1], getColumns(), true);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

int64_t SharedType::getElementBytes() const {
  return getElementType().getIntOrFloatBitWidth() / 8;
}

int64_t SharedType::getSlotBytes() const {
  return getRows() * getColumns() * getElementBytes();
}

SharedType SharedType::getSlotType() const {
  return SharedType::get(getContext(), getShape().take_back(2),
                         getElementType(), getSwizzle());
}

SharedType SharedType::get(RankedTensorType tile) {
  int64_t rowBytes = tile.getDimSize(1) * tile.getElementTypeBitWidth() / 8;
  int64_t swizzle = rowBytes % 128 == 0 ? 128 : rowBytes % 64 == 0 ? 64 : 32;
  return SharedType::get(tile.getContext(), tile.getShape(),
                         tile.getElementType(), swizzle);
}

/// * rank 2 (a tile) or 3 (a ring), all dimensions positive;
/// * elements of whole bytes;
/// * a swizzle of 32, 64 or 128 bytes that divides a row; rows in eights.
LogicalResult SharedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Type elementType,
                                 int64_t swizzle) {
  if (shape.size() != 2 && shape.size() != 3)
    return emitError() << "expected rank 2 or 3, got " << shape.size();
  if (llvm::any_of(shape, [](int64_t size) { return size <= 0; }))
    return emitError() << "expected positive dimensions";
  if (!elementType.isIntOrFloat() ||
      elementType.getIntOrFloatBitWidth() % 8 != 0)
    return emitError() << "expected elements of whole bytes, got "
                       << elementType;
  if (swizzle != 32 && swizzle != 64 && swizzle != 128)
    return emitError() << "expected swizzle 32, 64 or 128, got " << swizzle;
  int64_t rowBytes = shape.back() * elementType.getIntOrFloatBitWidth() / 8;
  if (rowBytes % swizzle != 0)
    return emitError() << "expected swizzle " << swizzle
                       << " to divide a row of " << rowBytes << " bytes";
  if (shape[shape.size() - 2] % 8 != 0)
    return emitError() << "expected rows in eights, got "
                       << shape[shape.size() - 2];
  return success();
}

Type SharedType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  int64_t swizzle = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(elementType) || parser.parseComma() ||
      parser.parseKeyword("swizzle") || parser.parseEqual() ||
      parser.parseInteger(swizzle) || parser.parseGreater())
    return {};
  auto emitError = [&] { return parser.emitError(loc); };
  return SharedType::getChecked(function_ref<InFlightDiagnostic()>(emitError),
                                parser.getContext(), ArrayRef<int64_t>(shape),
                                elementType, swizzle);
}

void SharedType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  printer << 'x' << getElementType() << ", swizzle = " << getSwizzle() << '>';
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

LogicalResult BarriersType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t slots) {
  if (slots < 1)
    return emitError() << "expected at least one barrier, got " << slots;
  return success();
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// * rank 1 to 5, dimensions in 1..256;
/// * a box is as wide as the swizzle.
LogicalResult
TensorMapType::verify(function_ref<InFlightDiagnostic()> emitError,
                      ArrayRef<int64_t> box, Type elementType,
                      int64_t swizzle) {
  if (box.empty() || box.size() > 5)
    return emitError() << "expected rank 1 to 5, got " << box.size();
  if (llvm::any_of(box, [](int64_t size) { return size < 1 || size > 256; }))
    return emitError() << "expected dimensions of a box in 1..256";
  if (!elementType.isIntOrFloat() ||
      box.back() * elementType.getIntOrFloatBitWidth() != 8 * swizzle)
    return emitError() << "expected a box as wide as the swizzle of " << swizzle
                       << " bytes";
  return success();
}

Type TensorMapType::parse(AsmParser &parser) {
  SmallVector<int64_t> box;
  Type elementType;
  int64_t swizzle = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(box, /*allowDynamic=*/false) ||
      parser.parseType(elementType) || parser.parseComma() ||
      parser.parseKeyword("swizzle") || parser.parseEqual() ||
      parser.parseInteger(swizzle) || parser.parseGreater())
    return {};
  auto emitError = [&] { return parser.emitError(loc); };
  return TensorMapType::getChecked(
      function_ref<InFlightDiagnostic()>(emitError), parser.getContext(),
      ArrayRef<int64_t>(box), elementType, swizzle);
}

void TensorMapType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getBox());
  printer << 'x' << getElementType() << ", swizzle = " << getSwizzle() << '>';
}
