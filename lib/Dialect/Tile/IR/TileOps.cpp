//===- TileOps.cpp - Operations on tiles ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace attn::tile;

#define GET_OP_CLASSES
#include "attn/Dialect/Tile/IR/TileOps.cpp.inc"

//===----------------------------------------------------------------------===//
// KernelOp, LaunchOp
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     FunctionType type, KernelSchedule schedule,
                     StringRef target) {
  state.addAttribute(SymbolTable::getSymbolAttrName(),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  state.addAttribute(getCtaAttrName(state.name),
                     CtaAttr::get(builder.getContext(), schedule.getWarps(),
                                  schedule.getProducers()));
  state.addAttribute(getScheduleAttrName(state.name), schedule);
  state.addAttribute(getTargetAttrName(state.name),
                     builder.getStringAttr(target));
  state.addRegion();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType =
      [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
         function_interface_impl::VariadicFlag, std::string &) -> Type {
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

/// Returns true if a launch may pass a value of `type` for `argument`. A kernel
/// sees a tensor as a memref of the same shape.
static bool isCompatibleArgument(Type type, Type argument) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto memref = dyn_cast<MemRefType>(argument);
  if (!tensor || !memref)
    return type == argument;
  // Elements of i1 are bytes in memory.
  Type element = tensor.getElementType();
  if (element.isInteger(1))
    element = IntegerType::get(type.getContext(), 8);
  return tensor.getShape() == memref.getShape() &&
         element == memref.getElementType();
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
  for (auto [i, value, argument] :
       llvm::enumerate(llvm::concat<const Value>(getInputs(), getOutputs()),
                       kernel.getArgumentTypes()))
    if (!isCompatibleArgument(value.getType(), argument))
      return emitOpError("expected argument ")
             << i << " of the kernel to be " << argument << ", got "
             << value.getType();
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
LogicalResult WaitDotsOp::verify() {
  std::optional<ArrayRef<int64_t>> shares = getShares();
  if (!shares)
    return success();
  if (shares->size() != getComputed().size())
    return emitOpError("expected a share of each computed tile, got ")
           << shares->size() << " of " << getComputed().size();
  for (int64_t share : *shares)
    if (share < 1 || share > 100)
      return emitOpError("expected shares of 1 to 100 percent, got ") << share;
  return success();
}

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
  bool isSingle = elementTypeOf(getA().getType()).isF32();
  if (int64_t most = isSingle ? 2 : 1;
      getParts() < 1 || int64_t(getParts()) > most)
    return emitOpError("expected `parts` from 1 to ")
           << most << " for operands of " << elementTypeOf(getA().getType())
           << ", got " << getParts();
  if (!getFirst() != !getEnd())
    return emitOpError("expected both bounds of `within`, or none");
  if (getInner() && !getFirst())
    return emitOpError("expected bounds of `within` where there is `inner`");
  if (!getFirst())
    return success();
  for (Value bound : {getFirst(), getEnd()})
    if (shapeOf(bound.getType()) != ArrayRef<int64_t>{a[0], 1})
      return emitOpError("expected bounds of ")
             << a[0] << "x1, got " << bound.getType();
  return success();
}

void DotOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand *operand : {&getAMutable(), &getBMutable()})
    if (isa<SharedType>(operand->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), operand,
                           SharedMemory::get());
  if (getAsync())
    effects.emplace_back(MemoryEffects::Write::get(), Products::get());
}

/// Rows stay, columns become `columns`, the element type stays.
static LogicalResult verifyColumns(Operation *op, Type input, Type result,
                                   bool isLegal) {
  auto from = cast<RankedTensorType>(input),
       to = cast<RankedTensorType>(result);
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
  constexpr int64_t kQuad = 4, kAtomColumns = 8;
  int64_t columns = input.getShape().back(), parts = result.getShape().back();
  int64_t step = parts == kQuad ? kAtomColumns : parts;
  return verifyColumns(*this, input, result, parts > 1 && columns % step == 0);
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

LogicalResult InsertOp::verify() {
  auto part = cast<RankedTensorType>(getPart().getType());
  auto tile = cast<RankedTensorType>(getTile().getType());
  if (part.getRank() != 2 || tile.getRank() != 2 ||
      part.getDimSize(0) != tile.getDimSize(0) ||
      tile.getDimSize(1) % part.getDimSize(1) != 0 ||
      part.getElementType() != tile.getElementType())
    return emitOpError("does not put ") << part << " into " << tile;
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
  bool isColumns = result.getRank() == 2 && result.getDimSize(0) == 1;
  bool isRows = result.getRank() == 2 && result.getDimSize(1) == 1;
  bool isFloat =
      result.getElementType().isF32() && isColumns && getRepeat() == 1;
  if ((!isColumns && !isRows) ||
      (!result.getElementType().isInteger(32) && !isFloat))
    return emitOpError("expected a vector of i32, or columns of f32, got ")
           << result;
  return success();
}
