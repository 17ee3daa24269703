//===- EntryWriter.cpp - Writes functions of the C interface --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryWriter.h"

#include "attnrt/PackageFormat.h"

using namespace mlir;
using namespace attn;

static Type i32Of(MLIRContext *context) {
  return IntegerType::get(context, 32);
}

EntryWriter::EntryWriter(SymbolTable &symbols, Location loc,
                         const Twine &symbol, ArrayRef<Type> arguments)
    : symbols(symbols), loc(loc), pointer(abi::pointerType(loc.getContext())),
      builder(
          OpBuilder::atBlockEnd(cast<ModuleOp>(symbols.getOp()).getBody())) {
  auto type = LLVM::LLVMFunctionType::get(i32Of(loc.getContext()), arguments);
  entry = LLVM::LLVMFuncOp::create(
      builder, loc, (attnrt::kSymbolPrefix + symbol).str(), type);
  builder.setInsertionPointToStart(entry.addEntryBlock(builder));
}

OpBuilder EntryWriter::atModule() {
  return OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
}

LLVM::LLVMFuncOp EntryWriter::runtimeFunction(StringRef name, Type result,
                                              ArrayRef<Type> arguments,
                                              bool isVarArg) {
  if (auto found = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return found;
  OpBuilder declaring = atModule();
  auto declared = LLVM::LLVMFuncOp::create(
      declaring, loc, name,
      LLVM::LLVMFunctionType::get(result, arguments, isVarArg));
  symbols.insert(declared);
  return declared;
}

Value EntryWriter::emitCall(StringRef name, ValueRange arguments) {
  SmallVector<Type> types(arguments.getTypes());
  auto callee = runtimeFunction(name, i32Of(builder.getContext()), types);
  return LLVM::CallOp::create(builder, loc, callee, arguments).getResult();
}

void EntryWriter::returnIf(Value condition, function_ref<Value()> status) {
  Block *current = builder.getInsertionBlock();
  Block *exit = builder.createBlock(&entry.getBody(), entry.getBody().end());
  Block *rest = builder.createBlock(&entry.getBody(), entry.getBody().end());
  builder.setInsertionPointToEnd(current);
  LLVM::CondBrOp::create(builder, loc, condition, exit, rest);
  builder.setInsertionPointToEnd(exit);
  Value result = status();
  cleanUp();
  LLVM::ReturnOp::create(builder, loc, result);
  builder.setInsertionPointToEnd(rest);
}

void EntryWriter::returnOk() {
  cleanUp();
  LLVM::ReturnOp::create(builder, loc, constant(32, ATTNRT_OK));
}

void EntryWriter::callRuntime(StringRef name, ValueRange arguments) {
  Value status = emitCall(name, arguments);
  Value failed = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                      status, constant(32, ATTNRT_OK));
  returnIf(failed, [&] { return status; });
}

void EntryWriter::callRuntimeUnchecked(StringRef name, ValueRange arguments) {
  emitCall(name, arguments);
}

void EntryWriter::failUnless(Value condition, StringRef message) {
  Value fails = LLVM::XOrOp::create(builder, loc, condition, constant(1, 1));
  returnIf(fails, [&]() -> Value {
    Type i32 = i32Of(builder.getContext());
    auto fail = runtimeFunction("attnrtFail", i32, {i32, pointer},
                                /*isVarArg=*/true);
    Value format = abi::emitString(builder, loc, symbols, "%s");
    Value text = abi::emitString(builder, loc, symbols, message);
    return LLVM::CallOp::create(
               builder, loc, fail,
               ValueRange{constant(32, ATTNRT_BAD_INPUT), format, text})
        .getResult();
  });
}

Value EntryWriter::loadAt(Value base, int64_t byteOffset, Type type) {
  Value address =
      LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                          ArrayRef<LLVM::GEPArg>{int32_t(byteOffset)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

Value EntryWriter::load(Type type, Value address) {
  return LLVM::LoadOp::create(builder, loc, type, address);
}

Value EntryWriter::emitSlot(Type type, uint32_t alignment) {
  return LLVM::AllocaOp::create(builder, loc, pointer, type, constant(32, 1),
                                alignment);
}

void EntryWriter::storeAt(Value value, Value base, int64_t i) {
  Value address = LLVM::GEPOp::create(builder, loc, pointer, value.getType(),
                                      base, ArrayRef<LLVM::GEPArg>{int32_t(i)});
  LLVM::StoreOp::create(builder, loc, value, address);
}

Value EntryWriter::emitArray(ValueRange values) {
  Type type = values.front().getType();
  Value array = LLVM::AllocaOp::create(builder, loc, pointer, type,
                                       constant(32, values.size()));
  for (auto [i, value] : llvm::enumerate(values))
    storeAt(value, array, i);
  return array;
}

Value EntryWriter::dimOf(Value tensor, int64_t dim) {
  Value shape = loadAt(tensor, abi::DLTensorOffset::shape, pointer);
  return loadAt(shape, dim * sizeof(int64_t), builder.getI64Type());
}

/// The runtime knows what a missing stride array means.
Value EntryWriter::strideOf(Value tensor, int64_t dim) {
  auto callee = runtimeFunction("attnrtStride", builder.getI64Type(),
                                {pointer, i32Of(builder.getContext())});
  return LLVM::CallOp::create(builder, loc, callee,
                              ValueRange{tensor, constant(32, dim)})
      .getResult();
}

Value EntryWriter::dataOf(Value tensor) {
  Value data = loadAt(tensor, abi::DLTensorOffset::data, pointer);
  Value offset =
      loadAt(tensor, abi::DLTensorOffset::byteOffset, builder.getI64Type());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), data,
                             offset);
}

/// Constants for AttnrtTensorSpec.
Value EntryWriter::emitSpec(const Twine &symbol, const Twine &name,
                            Type elementType, ArrayRef<int64_t> shape,
                            uint32_t number) {
  std::string global = (entry.getSymName() + "." + symbol).str();
  uint8_t code = elementType.isInteger(1)  ? ATTNRT_DL_BOOL
                 : elementType.isInteger() ? kDLInt
                 : elementType.isBF16()    ? kDLBfloat
                                           : kDLFloat;
  auto spec = abi::tensorSpecType(builder.getContext());
  abi::emitStruct(
      builder, loc, symbols.getOp(), global, spec, /*isConstant=*/true,
      [&](OpBuilder &body) -> SmallVector<Value> {
        SmallVector<int64_t> padded(shape);
        for (int64_t &size : padded)
          size = ShapedType::isDynamic(size) ? -1 : size;
        padded.resize(ATTNRT_MAX_RANK, 0);
        Value dims = LLVM::ConstantOp::create(
            body, loc, spec.getBody().back(),
            DenseIntElementsAttr::get(
                RankedTensorType::get(ATTNRT_MAX_RANK, builder.getI64Type()),
                padded));
        return {
            abi::emitString(body, loc, symbols, name.str()),
            abi::emitConstant(body, loc, 8, code),
            abi::emitConstant(body, loc, 8, 8 * abi::elementBytes(elementType)),
            abi::emitConstant(body, loc, 16, shape.size()),
            abi::emitConstant(body, loc, 32, number),
            dims};
      });
  return LLVM::AddressOfOp::create(builder, loc, pointer, global);
}

void EntryWriter::checkTensor(Value tensor, RankedTensorType type,
                              Type elementType, uint32_t alignment,
                              const Twine &name) {
  Value spec =
      emitSpec(name + ".spec", name, elementType, type.getShape(), alignment);
  callRuntime("attnrtCheckTensor", {tensor, spec});
}
