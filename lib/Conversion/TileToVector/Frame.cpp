//===- Frame.cpp - The function that computes a CTA -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parameters come as a GPU's launch passes them: the i-th is the address of a
// value, and a memref is its address, its dynamic dimensions (i32) and its
// strides but the innermost one (i64).
//
//===----------------------------------------------------------------------===//
#include "Frame.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Origins.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Of a cache line, and of the widest vectors.
static constexpr int64_t kAlignment = 64;
/// Where AttnrtCta has the address of the scratch memory.
static constexpr int32_t kScratchOffset = 24;

static LLVM::LLVMPointerType pointerType(OpBuilder &b) {
  return LLVM::LLVMPointerType::get(b.getContext());
}

Frame::Frame(KernelOp kernel, const ProcessorDesc &processor)
    : b(kernel.getLoc(), kernel.getContext()), processor(processor) {
  b.setInsertionPoint(kernel);
  Type pointer = pointerType(b);
  function =
      func::FuncOp::create(b, kernel.getSymName(),
                           b.getFunctionType({pointer, pointer}, TypeRange()));
  function.setPrivate();
  function->setAttr(kTargetAttr, kernel.getTargetAttr());
  if (KernelSchedule schedule = kernel.getSchedule())
    function->setAttr(kScheduleAttr, schedule);
  if (Attribute source = kernel->getAttr(kSourceAttr))
    function->setAttr(kSourceAttr, source);
  b.setInsertionPointToStart(function.addEntryBlock());
  cta = function.getArgument(0);
  params = function.getArgument(1);
  for (Type type : kernel.getArgumentTypes()) {
    if (auto memref = dyn_cast<MemRefType>(type))
      arguments.push_back(unpackMemRef(memref));
    else
      arguments.push_back(arith::IndexCastOp::create(
          b, b.getIndexType(), loadParameter(b.getI32Type())));
  }
  Value address = LLVM::LoadOp::create(
      b, pointer,
      LLVM::GEPOp::create(b, pointer, b.getI8Type(), cta,
                          ArrayRef<LLVM::GEPArg>{kScratchOffset}));
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  Value zero = LLVM::ConstantOp::create(b, b.getI64Type(), 0);
  Value most = LLVM::ConstantOp::create(b, b.getI64Type(), INT64_MAX);
  Value one = LLVM::ConstantOp::create(b, b.getI64Type(), 1);
  auto array = LLVM::LLVMArrayType::get(b.getI64Type(), 1);
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), {pointer, pointer, b.getI64Type(), array, array});
  Value descriptor = LLVM::PoisonOp::create(b, type);
  auto set = [&](Value value, ArrayRef<int64_t> position) {
    descriptor = LLVM::InsertValueOp::create(b, descriptor, value, position);
  };
  set(address, {0});
  set(address, {1});
  set(zero, {2});
  set(most, {3, 0});
  set(one, {4, 0});
  scratch =
      UnrealizedConversionCastOp::create(b, bytes, descriptor).getResult(0);
}

Value Frame::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value Frame::splat(float value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(vectorOf(b.getF32Type()), value));
}

Value Frame::loadFromCta(int word) {
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointAfterValue(scratch);
  Value address = LLVM::GEPOp::create(b, pointerType(b), b.getI32Type(), cta,
                                      ArrayRef<LLVM::GEPArg>{word});
  return arith::IndexCastOp::create(
      b, b.getIndexType(), LLVM::LoadOp::create(b, b.getI32Type(), address));
}

Value Frame::loadParameter(Type type) {
  Type pointer = pointerType(b);
  Value slot =
      LLVM::GEPOp::create(b, pointer, pointer, params,
                          ArrayRef<LLVM::GEPArg>{int32_t(nextParameter++)});
  return LLVM::LoadOp::create(b, type, LLVM::LoadOp::create(b, pointer, slot));
}

Value Frame::unpackMemRef(MemRefType type) {
  Type pointer = pointerType(b), i64 = b.getI64Type();
  Value address = loadParameter(pointer);
  int64_t rank = type.getRank();
  SmallVector<Value> sizes, strides;
  for (int64_t size : type.getShape())
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? Value(LLVM::SExtOp::create(b, i64, loadParameter(b.getI32Type())))
            : Value(LLVM::ConstantOp::create(b, i64, size)));
  SmallVector<int64_t> known;
  int64_t offset;
  LogicalResult isStrided = type.getStridesAndOffset(known, offset);
  assert(succeeded(isStrided) && "kernels have strided arguments");
  (void)isStrided;
  for (int64_t stride : known)
    strides.push_back(ShapedType::isDynamic(stride)
                          ? loadParameter(i64)
                          : Value(LLVM::ConstantOp::create(b, i64, stride)));
  auto array = LLVM::LLVMArrayType::get(i64, rank);
  SmallVector<Type> fields = {pointer, pointer, i64};
  if (rank)
    fields.append(2, array);
  auto descriptorType =
      LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
  Value descriptor = LLVM::PoisonOp::create(b, descriptorType);
  auto set = [&](Value value, ArrayRef<int64_t> position) {
    descriptor = LLVM::InsertValueOp::create(b, descriptor, value, position);
  };
  set(address, {0});
  set(address, {1});
  set(LLVM::ConstantOp::create(b, i64, 0), {2});
  for (int64_t i = 0; i < rank; ++i) {
    set(sizes[i], {3, i});
    set(strides[i], {4, i});
  }
  return UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0);
}

Value Frame::allocate(ArrayRef<int64_t> shape, Type element) {
  auto type = MemRefType::get(shape, element);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointAfterValue(scratch);
  Value view = memref::ViewOp::create(b, type, scratch, index(scratchBytes),
                                      ValueRange());
  int64_t bits = type.getNumElements() * element.getIntOrFloatBitWidth();
  scratchBytes += llvm::alignTo(llvm::divideCeil(bits, 8), kAlignment);
  return view;
}

void Frame::finish() {
  func::ReturnOp::create(b);
  function->setAttr(kScratchBytesAttr, b.getI64IntegerAttr(scratchBytes));
}
