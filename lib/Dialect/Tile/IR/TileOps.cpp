//===- TileOps.cpp - Operations on tiles ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionImplementation.h"

#include <numeric>

using namespace mlir;
using namespace attn::tile;

#define GET_OP_CLASSES
#include "attn/Dialect/Tile/IR/TileOps.cpp.inc"

//===----------------------------------------------------------------------===//
// KernelOp, LaunchOp
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     FunctionType type, ScheduleAttr schedule,
                     StringRef target) {
  state.addAttribute(SymbolTable::getSymbolAttrName(),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  state.addAttribute(getScheduleAttrName(state.name), schedule);
  state.addAttribute(getTargetAttrName(state.name),
                     builder.getStringAttr(target));
  state.addRegion();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) -> Type {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

bool KernelOp::hasBlockedTiles() {
  bool hasLoad = false, hasDot = false;
  walk([&](Operation *op) {
    hasLoad |= isa<LoadOp>(op);
    hasDot |= isa<DotOp>(op);
  });
  return hasLoad && !hasDot;
}

/// * a kernel returns nothing;
/// * its arguments are memrefs and index scalars.
LogicalResult KernelOp::verify() {
  if (getFunctionType().getNumResults() != 0)
    return emitOpError("expected no results, got ")
           << getFunctionType().getNumResults();
  for (Type type : getArgumentTypes())
    if (!isa<MemRefType, TensorMapType, IndexType>(type))
      return emitOpError(
                 "expected arguments of memref, tensor map or index type, got ")
             << type;
  return success();
}

/// A tensor is a memref of the same shape to a kernel.
static bool isPassedAs(Type type, Type argument) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto memref = dyn_cast<MemRefType>(argument);
  if (!tensor || !memref)
    return type == argument;
  return tensor.getShape() == memref.getShape() &&
         tensor.getElementType() == memref.getElementType();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *symbol =
      symbols.lookupNearestSymbolFrom(getOperation(), getKernelAttr());
  if (!isa_and_nonnull<FunctionOpInterface>(symbol))
    return emitOpError("expected `") << getKernel() << "` to be a kernel";
  auto kernel = dyn_cast<KernelOp>(symbol);
  if (!kernel)
    return success(); // lowered: each argument is several
  size_t count = getInputs().size() + getOutputs().size();
  if (kernel.getNumArguments() != count)
    return emitOpError("expected ")
           << kernel.getNumArguments() << " kernel arguments, got " << count;
  for (auto [i, value, argument] : llvm::enumerate(
           llvm::concat<const Value>(getInputs(), getOutputs()),
           kernel.getArgumentTypes()))
    if (!isPassedAs(value.getType(), argument))
      return emitOpError("expected argument ")
             << i << " of the kernel to be " << argument << ", got "
             << value.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Loads, stores and copies
//===----------------------------------------------------------------------===//

/// * a size for each index, positive;
/// * as many elements as the tile has rows.
template <typename OpT>
static LogicalResult verifyBox(OpT op, int64_t rows) {
  std::optional<ArrayRef<int64_t>> box = op.getBox();
  if (!box)
    return success();
  if (box->size() != op.getIndices().size())
    return op.emitOpError("expected a box of ")
           << op.getIndices().size() << " sizes, got " << box->size();
  int64_t elements = 1;
  for (int64_t size : *box) {
    if (size < 1 || size > rows)
      return op.emitOpError("expected sizes of a box in 1..")
             << rows << ", got " << size;
    elements *= size;
    if (elements > rows)
      break;
  }
  if (elements != rows)
    return op.emitOpError("expected a box of the tile's ") << rows << " rows";
  return success();
}

/// * one index for each dimension but the columns;
/// * memory and tile agree on the element type.
template <typename OpT>
static LogicalResult verifyAccess(OpT op, MemRefType memory,
                                  ArrayRef<int64_t> tile, Type elementType) {
  bool isVector = tile.back() == 1;
  size_t expected = memory.getRank() - (isVector ? 0 : 1);
  if (op.getIndices().size() != expected)
    return op.emitOpError("expected ")
           << expected << " indices, got " << op.getIndices().size();
  if (memory.getElementType() != elementType)
    return op.emitOpError("expected element type ")
           << memory.getElementType() << ", got " << elementType;
  return verifyBox(op, tile.front());
}

static LogicalResult verifyRank2(Operation *op, Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile || tile.getRank() == 2)
    return success();
  return op->emitOpError("expected a tile of rank 2, got ") << type;
}

LogicalResult LoadOp::verify() {
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  return verifyAccess(*this, getSource().getType(), tile.getShape(),
                      tile.getElementType());
}

LogicalResult StoreOp::verify() {
  auto tile = cast<RankedTensorType>(getValue().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  return verifyAccess(*this, getDest().getType(), tile.getShape(),
                      tile.getElementType());
}

LogicalResult CopyAsyncOp::verify() {
  SharedType dest = getDest().getType();
  if (dest.isRing())
    return emitOpError("expected one tile as destination, got the ring ")
           << dest;
  return verifyAccess(*this, getSource().getType(), dest.getShape(),
                      dest.getElementType());
}

LogicalResult CopyOutOp::verify() {
  SharedType source = getSource().getType();
  if (source.isRing())
    return emitOpError("expected one tile as source, got the ring ") << source;
  return verifyAccess(*this, getDest().getType(), source.getShape(),
                      source.getElementType());
}

LogicalResult PutOp::verify() {
  SharedType dest = getDest().getType();
  auto tile = cast<RankedTensorType>(getValue().getType());
  if (dest.isRing() || dest.getShape() != tile.getShape() ||
      dest.getElementType() != tile.getElementType())
    return emitOpError("expected a tile in shared memory like ")
           << tile << ", got " << dest;
  return success();
}

LogicalResult SlotOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                       ValueRange operands, DictionaryAttr,
                                       OpaqueProperties, RegionRange,
                                       SmallVectorImpl<Type> &types) {
  auto ring = dyn_cast<SharedType>(operands.front().getType());
  if (!ring)
    return failure();
  types.push_back(ring.getSlotType());
  return success();
}

LogicalResult SlotOp::verify() {
  if (!getRing().getType().isRing())
    return emitOpError("expected a ring, got ") << getRing().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Warps with roles
//===----------------------------------------------------------------------===//

SmallVector<int64_t>
attn::tile::boxOfRows(std::optional<ArrayRef<int64_t>> tile, size_t numIndices,
                      int64_t rows) {
  SmallVector<int64_t> box(numIndices, 1);
  if (!tile) {
    box.back() = rows;
    return box;
  }
  for (size_t i = numIndices; i-- > 0;) {
    box[i] = std::gcd((*tile)[i], rows);
    rows /= box[i];
  }
  return box;
}

/// A map has an index for each dimension but the last, and boxes of the tile's
/// panels and of rows that follow one another.
template <typename OpT>
static LogicalResult verifyBoxes(OpT op, Type memory, SharedType tile) {
  if (tile.isRing())
    return op.emitOpError("expected one tile, got the ring ") << tile;
  if (auto memref = dyn_cast<MemRefType>(memory))
    return verifyAccess(op, memref, tile.getShape(), tile.getElementType());
  auto map = cast<TensorMapType>(memory);
  if (op.getIndices().size() != map.getBox().size() - 1)
    return op.emitOpError("expected ")
           << map.getBox().size() - 1 << " indices, got "
           << op.getIndices().size();
  if (map.getElementType() != tile.getElementType() ||
      map.getSwizzle() != tile.getSwizzle())
    return op.emitOpError("expected boxes of the panels of ")
           << tile << ", got " << map;
  if (failed(verifyBox(op, tile.getRows())))
    return failure();
  ArrayRef<int64_t> box = map.getBox().drop_back();
  int64_t rows = ShapedType::getNumElements(box);
  if (tile.getRows() % rows != 0 ||
      box != ArrayRef(boxOfRows(op.getBox(), box.size(), rows)))
    return op.emitOpError("expected boxes of rows of ")
           << tile << ", got " << map;
  return success();
}

LogicalResult FetchOp::verify() {
  return verifyBoxes(*this, getSource().getType(), getDest().getType());
}

LogicalResult SendOp::verify() {
  return verifyBoxes(*this, getDest().getType(), getSource().getType());
}

LogicalResult ReuseOp::verify() {
  SharedType from = getSource().getType(), to = getResult().getType();
  if (from.isRing() || to.isRing() || from.getRows() != to.getRows() ||
      from.getSwizzle() != to.getSwizzle() ||
      to.getSlotBytes() > from.getSlotBytes())
    return emitOpError("cannot put ") << to << " in the place of " << from;
  return success();
}

/// The columns stay the last dimension.
static LogicalResult verifyPermutation(TensorMapOp op) {
  std::optional<ArrayRef<int64_t>> permutation = op.getPermutation();
  int64_t rank = op.getTensor().getType().getRank();
  if (!permutation || (isPermutationVector(*permutation) &&
                       static_cast<int64_t>(permutation->size()) == rank &&
                       permutation->back() == rank - 1))
    return success();
  return op.emitOpError("expected a permutation of ")
         << rank << " dimensions with the last one last";
}

LogicalResult TensorMapOp::verify() {
  RankedTensorType tensor = getTensor().getType();
  TensorMapType map = getResult().getType();
  if (tensor.getRank() != static_cast<int64_t>(map.getBox().size()) ||
      tensor.getElementType() != map.getElementType())
    return emitOpError("expected boxes of ") << tensor << ", got " << map;
  return verifyPermutation(*this);
}

LogicalResult FragmentOp::verify() {
  SharedType source = getSource().getType();
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (source.isRing() || source.getShape() != tile.getShape() ||
      source.getElementType() != tile.getElementType())
    return emitOpError("expected a tile in shared memory like ")
           << tile << ", got " << source;
  return success();
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Type type) {
  if (auto shared = dyn_cast<SharedType>(type))
    return shared.getShape();
  return cast<RankedTensorType>(type).getShape();
}

static Type elementTypeOf(Type type) {
  if (auto shared = dyn_cast<SharedType>(type))
    return shared.getElementType();
  return cast<RankedTensorType>(type).getElementType();
}

/// * operands are tiles of rank 2 with equal element types;
/// * a is MxK, b KxN (NxK with `transpose_b`), acc MxN.
LogicalResult DotOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA().getType());
  ArrayRef<int64_t> b = shapeOf(getB().getType());
  ArrayRef<int64_t> acc = shapeOf(getAcc().getType());
  if (a.size() != 2 || b.size() != 2 || acc.size() != 2)
    return emitOpError("expected tiles of rank 2");
  if (elementTypeOf(getA().getType()) != elementTypeOf(getB().getType()))
    return emitOpError("expected operands of one element type, got ")
           << elementTypeOf(getA().getType()) << " and "
           << elementTypeOf(getB().getType());
  int64_t k = getTransposeB() ? b[1] : b[0], n = getTransposeB() ? b[0] : b[1];
  if (a[1] != k)
    return emitOpError("expected inner dimensions to be equal, got ")
           << a[1] << " and " << k;
  if (acc[0] != a[0] || acc[1] != n)
    return emitOpError("expected an accumulator of ")
           << a[0] << 'x' << n << ", got " << acc[0] << 'x' << acc[1];
  return success();
}

void DotOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand *operand : {&getAMutable(), &getBMutable()})
    if (isa<SharedType>(operand->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), operand,
                           SideEffects::DefaultResource::get());
}

/// Rows stay, columns become `columns`, the element type stays.
static LogicalResult verifyColumns(Operation *op, Type input, Type result,
                                   bool isLegal) {
  auto from = cast<RankedTensorType>(input), to = cast<RankedTensorType>(result);
  if (from.getRank() != 2 || to.getRank() != 2 ||
      from.getDimSize(0) != to.getDimSize(0) ||
      from.getElementType() != to.getElementType() || !isLegal)
    return op->emitOpError("does not give ") << result << " from " << input;
  return success();
}

LogicalResult ReduceOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  return verifyColumns(*this, getInput().getType(), result,
                       result.getShape().back() == 1);
}

LogicalResult FoldOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  return verifyColumns(*this, input, result,
                       input.getShape().back() % 8 == 0 &&
                           result.getShape().back() == 4);
}

LogicalResult BroadcastOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  bool isLegal = input.getRank() == 2 && result.getRank() == 2 &&
                 input.getElementType() == result.getElementType();
  for (unsigned dim : {0u, 1u})
    isLegal = isLegal && (input.getDimSize(dim) == 1 ||
                          input.getDimSize(dim) == result.getDimSize(dim));
  if (!isLegal)
    return emitOpError("does not give ") << result << " from " << input;
  return success();
}

/// `whole` has twice the columns of `half`.
static LogicalResult verifyHalf(Operation *op, Type whole, Type half) {
  auto from = cast<RankedTensorType>(whole), to = cast<RankedTensorType>(half);
  if (from.getRank() != 2 || to.getRank() != 2 ||
      from.getDimSize(0) != to.getDimSize(0) ||
      from.getDimSize(1) != 2 * to.getDimSize(1) ||
      from.getElementType() != to.getElementType() ||
      from.getEncoding() != to.getEncoding())
    return op->emitOpError("expected ")
           << half << " to have half the columns of " << whole;
  return success();
}

LogicalResult DeinterleaveOp::verify() {
  return verifyHalf(*this, getInput().getType(), getEven().getType());
}

LogicalResult InterleaveOp::verify() {
  return verifyHalf(*this, getResult().getType(), getEven().getType());
}

LogicalResult IotaOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getRank() != 2 || !result.getElementType().isInteger(32) ||
      (result.getDimSize(0) != 1 && result.getDimSize(1) != 1))
    return emitOpError("expected a vector of i32, got ") << result;
  return success();
}
