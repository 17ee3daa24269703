//===- HostEntry.cpp - The entry and the shape function -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostEntry.h"

#include "attn/Package/Passes.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Bytes that kernels read and write at a time.
static constexpr uint32_t kReadBytes = 16, kWriteBytes = 4;

HostWriter::HostWriter(func::FuncOp function, Purpose purpose)
    : EntryWriter(
          function->getParentOfType<ModuleOp>(), function.getLoc(),
          function.getSymName() +
              (purpose == Purpose::Shapes ? "__shapes" : ""),
          SmallVector<Type>(purpose == Purpose::Shapes ? 2 : 3,
                            abi::pointerType(function.getContext()))),
      function(function), purpose(purpose) {}

/// Which result of the function each launched one is, and where its shape goes.
void HostWriter::findResults() {
  int64_t offset = 0;
  Operation *terminator = function.front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    results[value] = i;
    shapeOffsets[i] = offset;
    offset += cast<RankedTensorType>(value.getType()).getRank();
  }
}

LogicalResult HostWriter::write() {
  findResults();
  bool isLaunch = purpose == Purpose::Launch;
  Value args = entry.getArgument(isLaunch ? 1 : 0);
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() > ATTNRT_MAX_RANK)
      return emitError(loc) << "expected argument " << i << " of `"
                            << function.getSymName()
                            << "` to be a tensor of rank at most "
                            << ATTNRT_MAX_RANK << ", got "
                            << argument.getType();
    Value tensor = tensorAt(args, i);
    mapping.map(argument, tensor);
    if (isLaunch)
      checkTensor(tensor, type, type.getElementType(), kReadBytes,
                  "argument " + Twine(i));
  }
  if (isLaunch)
    for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(type);
      checkTensor(tensorAt(entry.getArgument(2), i), tensor,
                  tensor.getElementType(), kWriteBytes, "result " + Twine(i));
    }
  for (Operation &op : function.front().without_terminator())
    if (failed(writeOp(op)))
      return failure();
  returnOk();
  return success();
}

LogicalResult HostWriter::writeOp(Operation &op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return dim.emitOpError("expected a constant dimension");
    mapping.map(dim.getResult(),
                toIndex(dimOf(mapping.lookup(dim.getSource()), *index)));
    return success();
  }
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    failUnless(mapping.lookup(assertion.getArg()), assertion.getMsg());
    return success();
  }
  if (isa<tensor::EmptyOp>(op))
    return success(); // a result that the caller allocated; see the launch
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    for (OpResult result : launch->getResults())
      purpose == Purpose::Launch ? checkResult(result) : writeShape(result);
    if (purpose == Purpose::Launch)
      writeLaunch(launch);
    return success();
  }
  if (isa<arith::ArithDialect>(op.getDialect())) {
    builder.clone(op, mapping);
    return success();
  }
  return op.emitOpError("is not expected in a function that launches kernels");
}

/// The dimensions of a launched result, as its destination has them.
SmallVector<Value> HostWriter::dimsOf(OpResult launched) {
  auto launch = cast<LaunchOp>(launched.getOwner());
  auto empty = launch.getOutputs()[launched.getResultNumber()]
                   .getDefiningOp<tensor::EmptyOp>();
  SmallVector<Value> dims;
  unsigned nextDynamic = 0;
  for (int64_t size : empty.getType().getShape())
    dims.push_back(
        ShapedType::isDynamic(size)
            ? toI64(mapping.lookup(empty.getDynamicSizes()[nextDynamic++]))
            : constant(64, size));
  return dims;
}

void HostWriter::writeShape(OpResult launched) {
  int64_t offset = shapeOffsets[results.lookup(launched)];
  for (auto [i, extent] : llvm::enumerate(dimsOf(launched))) {
    Value address = LLVM::GEPOp::create(
        builder, loc, pointer, builder.getI64Type(), entry.getArgument(1),
        ArrayRef<LLVM::GEPArg>{int32_t(offset + i)});
    LLVM::StoreOp::create(builder, loc, extent, address);
  }
}

/// The caller allocated the result: its dynamic dimensions must be those that
/// the arguments imply.
void HostWriter::checkResult(OpResult launched) {
  int result = results.lookup(launched);
  Value tensor = tensorAt(entry.getArgument(2), result);
  auto type = cast<RankedTensorType>(launched.getType());
  for (auto [i, extent] : llvm::enumerate(dimsOf(launched))) {
    if (!type.isDynamicDim(i))
      continue;
    Value matches =
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, extent,
                             dimOf(tensor, i));
    failUnless(matches, ("expected dimension " + Twine(i) + " of result " +
                         Twine(result) + " to be as the arguments imply")
                            .str());
  }
}

/// In the order of GlobalView: address, dynamic dimensions, strides.
SmallVector<Value> HostWriter::launchParameters(LaunchOp op) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> parameters;
  auto addTensor = [&](Value tensor, RankedTensorType type) {
    parameters.push_back(dataOf(tensor));
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        parameters.push_back(
            LLVM::TruncOp::create(builder, loc, i32, dimOf(tensor, i)));
    for (int64_t i = 0; i + 1 < type.getRank(); ++i)
      parameters.push_back(strideOf(tensor, i));
  };
  for (Value input : op.getInputs()) {
    if (auto type = dyn_cast<RankedTensorType>(input.getType()))
      addTensor(mapping.lookup(input), type);
    else
      parameters.push_back(arith::IndexCastOp::create(
          builder, loc, i32, mapping.lookup(input)));
  }
  for (OpResult result : op->getResults())
    addTensor(tensorAt(entry.getArgument(2), results.lookup(result)),
              cast<RankedTensorType>(result.getType()));
  return parameters;
}

void HostWriter::writeLaunch(LaunchOp op) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> parameters = launchParameters(op);
  Value one = constant(32, 1);
  Value array = LLVM::AllocaOp::create(builder, loc, pointer, pointer,
                                       constant(32, parameters.size()));
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    Value slot =
        LLVM::AllocaOp::create(builder, loc, pointer, parameter.getType(), one);
    LLVM::StoreOp::create(builder, loc, parameter, slot);
    Value at = LLVM::GEPOp::create(builder, loc, pointer, pointer, array,
                                   ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(builder, loc, slot, at);
  }
  auto kernel = cast<LLVM::LLVMFuncOp>(
      SymbolTable::lookupNearestSymbolFrom(op, op.getKernelAttr()));
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto shared = kernel->getAttrOfType<IntegerAttr>("tile.shared_bytes");
  SmallVector<Value> operands = {
      entry.getArgument(0),
      LLVM::AddressOfOp::create(builder, loc, pointer,
                                abi::kernelSymbol(kernel.getSymName()))};
  for (Value size : {op.getGridX(), op.getGridY(), op.getGridZ()})
    operands.push_back(arith::IndexCastOp::create(builder, loc, i32,
                                                  mapping.lookup(size)));
  operands.push_back(constant(32, threads.asArrayRef().front()));
  operands.append({one, one, constant(32, shared.getInt()), array});
  returnIfNonzero(callRuntime("attnrtLaunch", operands));
}
