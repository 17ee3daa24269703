//===- JudgeEntry.cpp - The functions that judge, on DLTensors ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JudgeEntry.h"

using namespace mlir;
using namespace attn;

JudgeWriter::JudgeWriter(func::FuncOp function, func::FuncOp judge,
                         StringRef suffix, ArrayRef<Type> trailing)
    : EntryWriter(function->getParentOfType<ModuleOp>(), function.getLoc(),
                  function.getSymName() + suffix,
                  [&] {
                    SmallVector<Type> types = {
                        abi::pointerType(function.getContext())};
                    llvm::append_range(types, trailing);
                    return types;
                  }()),
      function(function), judge(judge) {}

/// A memref descriptor as LLVM has it: allocated, aligned, offset, sizes,
/// strides. A scalar has neither of the last two.
Value JudgeWriter::memrefOf(Value tensor, MemRefType type) {
  Type i64 = builder.getI64Type();
  SmallVector<Type> fields = {pointer, pointer, i64};
  if (type.getRank() > 0)
    fields.append(2, LLVM::LLVMArrayType::get(i64, type.getRank()));
  auto descriptor =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  Value value = LLVM::UndefOp::create(builder, loc, descriptor);
  auto set = [&](Value field, ArrayRef<int64_t> position) {
    value = LLVM::InsertValueOp::create(builder, loc, value, field, position);
  };
  Value data = dataOf(tensor);
  set(data, {0});
  set(data, {1});
  set(constant(64, 0), {2});
  for (int64_t i = 0; i < type.getRank(); ++i) {
    set(dimOf(tensor, i), {3, i});
    set(strideOf(tensor, i), {4, i});
  }
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

SmallVector<Value> JudgeWriter::arguments() {
  SmallVector<Value> values;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensorType = cast<RankedTensorType>(type);
    Value tensor = tensorAt(entry.getArgument(0), i);
    checkTensor(tensor, tensorType, tensorType.getElementType(),
                tensorType.getElementTypeBitWidth() / 8,
                "argument " + Twine(i));
    values.push_back(
        memrefOf(tensor, cast<MemRefType>(judge.getArgumentTypes()[i])));
  }
  return values;
}

void JudgeWriter::writeRows() {
  SmallVector<Value> operands = arguments();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    Value tensor = tensorAt(entry.getArgument(1), i);
    checkTensor(tensor, cast<RankedTensorType>(type), builder.getF64Type(),
                sizeof(double), "result " + Twine(i));
    operands.push_back(memrefOf(
        tensor, cast<MemRefType>(judge.getArgumentTypes()[operands.size()])));
  }
  operands.push_back(toIndex(entry.getArgument(2)));
  operands.push_back(toIndex(entry.getArgument(3)));
  func::CallOp::create(builder, loc, judge, operands);
  returnOk();
}

void JudgeWriter::writeFlops() {
  Value flops =
      func::CallOp::create(builder, loc, judge, arguments()).getResult(0);
  LLVM::StoreOp::create(builder, loc, flops, entry.getArgument(1));
  returnOk();
}
