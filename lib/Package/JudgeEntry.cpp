//===- JudgeEntry.cpp - The functions that judge, on DLTensors ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JudgeEntry.h"

#include "attnrt/PackageFormat.h"

using namespace mlir;
using namespace attn;

/// Whether a memref has the tensor's shape, and strides that may be any.
static bool sees(Type type, RankedTensorType tensor, Type elementType) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.isStrided() && !memref.getMemorySpace() &&
         memref.getElementType() == elementType &&
         memref.getShape() == tensor.getShape();
}

static bool hasJudgesType(func::FuncOp function, func::FuncOp judge,
                          bool isFlops) {
  Type f64 = Float64Type::get(function.getContext());
  SmallVector<std::pair<RankedTensorType, Type>> seen;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    seen.emplace_back(tensor, tensor.getElementType());
  }
  if (!isFlops)
    for (Type type : function.getResultTypes())
      seen.emplace_back(cast<RankedTensorType>(type), f64);
  ArrayRef<Type> types = judge.getArgumentTypes();
  if (types.size() != seen.size() + (isFlops ? 0 : 2))
    return false;
  for (auto [type, tensor] : llvm::zip(types, seen))
    if (!sees(type, tensor.first, tensor.second))
      return false;
  if (isFlops)
    return judge.getResultTypes() == ArrayRef<Type>(f64);
  return judge.getNumResults() == 0 &&
         llvm::all_of(types.take_back(2), llvm::IsaPred<IndexType>);
}

LogicalResult attn::checkJudge(func::FuncOp function, func::FuncOp judge,
                               StringRef suffix) {
  bool isFlops = suffix == attnrt::kFlopsSuffix;
  if (!judge.isExternal() && hasJudgesType(function, judge, isFlops))
    return success();
  return emitError(judge.getLoc())
         << "expected `" << judge.getSymName()
         << "` to have a body and to take "
         << (isFlops ? "each argument as memref, and to return f64"
                     : "each argument as memref, each result as memref of f64, "
                       "and two indices")
         << "; those are of `" << function.getSymName() << "`";
}

static SmallVector<Type> argumentTypes(Type pointer, ArrayRef<Type> trailing) {
  SmallVector<Type> types = {pointer};
  llvm::append_range(types, trailing);
  return types;
}

JudgeWriter::JudgeWriter(func::FuncOp function, func::FuncOp judge,
                         StringRef suffix, ArrayRef<Type> trailing,
                         SymbolTable &symbols)
    : function(function), judge(judge),
      writer(symbols, function.getLoc(), function.getSymName() + suffix,
             argumentTypes(abi::pointerType(function.getContext()), trailing)) {
}

/// A memref descriptor as LLVM has it: allocated, aligned, offset, sizes,
/// strides. A scalar has neither of the last two.
Value JudgeWriter::memrefOf(Value tensor, MemRefType type) {
  OpBuilder &builder = writer.getBuilder();
  Location loc = writer.getLoc();
  Type i64 = builder.getI64Type(), pointer = writer.getPointerType();
  SmallVector<Type> fields = {pointer, pointer, i64};
  if (type.getRank() > 0)
    fields.append(2, LLVM::LLVMArrayType::get(i64, type.getRank()));
  auto descriptor =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  Value value = LLVM::UndefOp::create(builder, loc, descriptor);
  auto set = [&](Value field, ArrayRef<int64_t> position) {
    value = LLVM::InsertValueOp::create(builder, loc, value, field, position);
  };
  Value data = writer.dataOf(tensor);
  set(data, {0});
  set(data, {1});
  set(writer.constant(64, 0), {2});
  for (int64_t i = 0; i < type.getRank(); ++i) {
    set(writer.dimOf(tensor, i), {3, i});
    set(writer.strideOf(tensor, i), {4, i});
  }
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

SmallVector<Value> JudgeWriter::arguments(bool readsData) {
  SmallVector<Value> values;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensorType = cast<RankedTensorType>(type);
    Value tensor = writer.tensorAt(writer.getArgument(0), i);
    writer.checkTensor(
        tensor, tensorType, tensorType.getElementType(),
        readsData ? abi::elementBytes(tensorType.getElementType()) : 0,
        "argument " + Twine(i));
    values.push_back(
        memrefOf(tensor, cast<MemRefType>(judge.getArgumentTypes()[i])));
  }
  return values;
}

void JudgeWriter::writeRows() {
  OpBuilder &builder = writer.getBuilder();
  SmallVector<Value> operands = arguments(/*readsData=*/true);
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    Value tensor = writer.tensorAt(writer.getArgument(1), i);
    writer.checkTensor(tensor, cast<RankedTensorType>(type),
                       builder.getF64Type(), sizeof(double),
                       "result " + Twine(i));
    operands.push_back(memrefOf(
        tensor, cast<MemRefType>(judge.getArgumentTypes()[operands.size()])));
  }
  for (unsigned bound : {2, 3})
    operands.push_back(writer.toIndex(writer.getArgument(bound)));
  func::CallOp::create(builder, writer.getLoc(), judge, operands);
  writer.returnOk();
}

void JudgeWriter::writeFlops() {
  OpBuilder &builder = writer.getBuilder();
  Value flops = func::CallOp::create(builder, writer.getLoc(), judge,
                                     arguments(/*readsData=*/false))
                    .getResult(0);
  writer.storeAt(flops, writer.getArgument(1), 0);
  writer.returnOk();
}
