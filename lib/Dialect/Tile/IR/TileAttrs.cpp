//===- TileAttrs.cpp - Schedules, layouts and shared memory ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Schedule
//===----------------------------------------------------------------------===//

static LogicalResult
verifyRoles(function_ref<InFlightDiagnostic()> emitError, int64_t q, int64_t kv,
            int64_t warps, int64_t producers, int64_t persistent,
            int64_t prefetch, int64_t turns, int64_t overlap) {
  struct Key {
    StringRef name;
    int64_t value, most;
  };
  for (Key key : {Key{"persistent", persistent, 2}, Key{"prefetch", prefetch, 1},
                  Key{"turns", turns, 2}, Key{"overlap", overlap, 1}}) {
    if (key.value < 0 || key.value > key.most)
      return emitError() << "expected schedule key `" << key.name << "` in 0.."
                         << key.most << ", got " << key.value;
    if (key.value && producers == 0)
      return emitError() << "expected schedule key `" << key.name
                         << "` to be 0 without `producers`, got " << key.value;
  }
  if (producers == 0)
    return success();
  if (prefetch && !persistent)
    return emitError() << "expected schedule key `prefetch` to be 0 where a CTA "
                          "has one query tile, got "
                       << prefetch;
  constexpr int64_t kWarpgroup = ScheduleAttr::kWarpgroup;
  if (producers != kWarpgroup)
    return emitError() << "expected schedule key `producers` to be 0 or "
                       << kWarpgroup << ", got " << producers;
  if (warps % kWarpgroup != 0)
    return emitError() << "expected schedule key `warps` to be a multiple of "
                       << kWarpgroup << " beside producers, got " << warps;
  if (warps > 32 - producers)
    return emitError() << "expected schedule key `warps` to be at most "
                       << 32 - producers << " beside producers, got " << warps;
  if (q != 16 * warps)
    return emitError() << "expected schedule key `q` to be " << 16 * warps
                       << " (16 rows for each of " << warps
                       << " warps beside producers), got " << q;
  if (kv == 0 || kv > 256)
    return emitError() << "expected schedule key `kv` in 16..256 beside "
                          "producers, got "
                       << kv;
  if (turns == 2 && !overlap)
    return emitError() << "expected schedule key `turns` to be 0 or 1 where "
                          "products do not overlap, got "
                       << turns;
  if (turns && warps < 2 * kWarpgroup)
    return emitError() << "expected schedule key `warps` to be at least "
                       << 2 * kWarpgroup
                       << " where warpgroups take turns, got " << warps;
  return success();
}

/// * every number is positive;
/// * `q` is a multiple of 16 rows a warp, `kv` of 16 keys;
/// * at most 1024 threads;
/// * at most 128 splits;
/// * `heads` is a power of two that divides `q`;
/// * with producers, whole warpgroups of 16 rows a warp, and one of producers;
/// * what only those can do is off without them.
LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t q, int64_t kv, int64_t warps,
                                   int64_t stages, int64_t split,
                                   int64_t producers, int64_t persistent,
                                   int64_t prefetch, int64_t turns,
                                   int64_t overlap, int64_t heads) {
  if (warps < 1 || warps > 32)
    return emitError() << "expected schedule key `warps` in 1..32, got "
                       << warps;
  if (kv == 0 && q < 1)
    return emitError() << "expected schedule key `q` to be positive, got " << q;
  if (kv != 0 && (q < 1 || q % (16 * warps) != 0))
    return emitError() << "expected schedule key `q` to be a multiple of "
                       << 16 * warps << " (16 rows for each of " << warps
                       << " warps), got " << q;
  if (kv < 0 || kv % 16 != 0)
    return emitError()
           << "expected schedule key `kv` to be a multiple of 16, got " << kv;
  if (q > 1024 || kv > 1024)
    return emitError() << "expected schedule keys `q` and `kv` to be at most "
                          "1024, got "
                       << q << " and " << kv;
  if (stages < 1 || stages > 8)
    return emitError() << "expected schedule key `stages` in 1..8, got "
                       << stages;
  if (split < 0 || split > 128)
    return emitError() << "expected schedule key `split` in 0..128, got "
                       << split;
  if (heads < 1 || !llvm::isPowerOf2_64(heads) || q % heads != 0)
    return emitError() << "expected schedule key `heads` to be a power of two "
                          "that divides the "
                       << q << " rows of `q`, got " << heads;
  return verifyRoles(emitError, q, kv, warps, producers, persistent, prefetch,
                     turns, overlap);
}

ScheduleAttr ScheduleAttr::withSplit(int64_t split) const {
  return get(getContext(), getQ(), getKv(), getWarps(), getStages(), split,
             getProducers(), getPersistent(), getPrefetch(), getTurns(),
             getOverlap(), getHeads());
}

std::string ScheduleAttr::toFlag() const {
  std::string flag = llvm::formatv("q={0},kv={1},warps={2},stages={3}", getQ(),
                                   getKv(), getWarps(), getStages());
  if (getHeads() != 1)
    flag += llvm::formatv(",heads={0}", getHeads());
  if (getSplit() != 1)
    flag += llvm::formatv(",split={0}", getSplit());
  auto add = [&](StringRef key, int64_t value) {
    if (value)
      flag += llvm::formatv(",{0}={1}", key, value);
  };
  add("producers", getProducers());
  add("persistent", getPersistent());
  add("prefetch", getPrefetch());
  add("turns", getTurns());
  add("overlap", getOverlap());
  return flag;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static LogicalResult
verifyWarps(function_ref<InFlightDiagnostic()> emitError, int64_t warps) {
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
  if (failed(verifyDim(emitError, "rows", shape[0], 16 * getWarps(), true)))
    return failure();
  bool isFolded = shape[1] == 4 && elementType.isIntOrFloat() &&
                  elementType.getIntOrFloatBitWidth() == 32;
  if (isFolded)
    return success();
  return verifyDim(emitError, "columns", shape[1], 8, true);
}

LogicalResult
OperandAAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                     int64_t warps) {
  return verifyWarps(emitError, warps);
}

LogicalResult OperandAAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "expected a tile of rank 2, got rank "
                       << shape.size();
  if (!elementType.isIntOrFloat() ||
      elementType.getIntOrFloatBitWidth() != 16)
    return emitError() << "expected 16-bit elements, got " << elementType;
  if (failed(verifyDim(emitError, "rows", shape[0], 16 * getWarps(), false)))
    return failure();
  return verifyDim(emitError, "columns", shape[1], 16, false);
}

/// * a power of two of threads in a row, no more than there are.
LogicalResult BlockedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t columns, int64_t warps) {
  if (failed(verifyWarps(emitError, warps)))
    return failure();
  if (columns < 1 || !llvm::isPowerOf2_64(columns) ||
      columns > warps * ScheduleAttr::kWarpSize)
    return emitError() << "expected `columns` to be a power of two of at most "
                       << warps * ScheduleAttr::kWarpSize << ", got "
                       << columns;
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
  return SharedType::getChecked(
      function_ref<InFlightDiagnostic()>(emitError), parser.getContext(),
      ArrayRef<int64_t>(shape), elementType, swizzle);
}

void SharedType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  printer << 'x' << getElementType() << ", swizzle = " << getSwizzle() << '>';
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

LogicalResult
BarriersType::verify(function_ref<InFlightDiagnostic()> emitError,
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
