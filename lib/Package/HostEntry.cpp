//===- HostEntry.cpp - The entry and the shape function -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostEntry.h"

#include "attn/Package/Passes.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Bytes that kernels read, and that copy engines write, at a time; and that
/// threads can write.
static constexpr uint32_t kWideBytes = 16, kNarrowBytes = 4;

/// Positions and the like are read one by one.
static uint32_t readBytes(Type elementType) {
  return elementType.isInteger() ? elementType.getIntOrFloatBitWidth() / 8
                                 : kWideBytes;
}

HostWriter::HostWriter(func::FuncOp function, Purpose purpose)
    : EntryWriter(function->getParentOfType<ModuleOp>(), function.getLoc(),
                  function.getSymName() +
                      (purpose == Purpose::Shapes ? "__shapes" : ""),
                  SmallVector<Type>(purpose == Purpose::Shapes ? 2 : 3,
                                    abi::pointerType(function.getContext()))),
      function(function), purpose(purpose) {}

LogicalResult HostWriter::write() {
  if (failed(takeArguments()))
    return failure();
  takeResults();
  for (Operation &op : function.front().without_terminator())
    if (failed(writeOp(op)))
      return failure();
  returnOk();
  return success();
}

LogicalResult HostWriter::takeArguments() {
  bool isLaunch = purpose == Purpose::Launch;
  Value args = entry.getArgument(isLaunch ? 1 : 0);
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() > ATTNRT_MAX_RANK)
      return emitError(loc)
             << "expected argument " << i << " of `" << function.getSymName()
             << "` to be a tensor of rank at most " << int(ATTNRT_MAX_RANK)
             << ", got " << argument.getType();
    Value tensor = tensorAt(args, i);
    descriptors[argument] = tensor;
    if (isLaunch)
      checkTensor(tensor, type, type.getElementType(),
                  readBytes(type.getElementType()), "argument " + Twine(i));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Memory behind tensors
//===----------------------------------------------------------------------===//

static bool isReshape(Operation *op) {
  return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                         tensor::CastOp>(op);
}

Value attn::withoutReshapes(Value tensor) {
  while (isReshape(tensor.getDefiningOp()))
    tensor = tensor.getDefiningOp()->getOperand(0);
  return tensor;
}

/// What a launch fills, as it was before.
static Value destinationOf(OpResult launched) {
  auto launch = cast<LaunchOp>(launched.getOwner());
  return launch.getOutputs()[launched.getResultNumber()];
}

Value attn::memoryOf(Value tensor) {
  Value memory = withoutReshapes(tensor);
  while (memory.getDefiningOp<LaunchOp>()) {
    Value before = withoutReshapes(destinationOf(cast<OpResult>(memory)));
    if (!before.getDefiningOp<LaunchOp>())
      return memory;
    memory = before;
  }
  return memory;
}

/// Whether a later launch reads what an earlier one filled.
static bool isReadByLaunch(Value launched) {
  return llvm::any_of(launched.getUsers(), [](Operation *user) {
    return isa<LaunchOp>(user) ||
           (isReshape(user) && isReadByLaunch(user->getResult(0)));
  });
}

/// Whether a launch fills this memory by a tensor map.
static bool isSent(Value memory) {
  for (LaunchOp launch : memory.getParentBlock()->getOps<LaunchOp>())
    for (auto [output, result] :
         llvm::zip(launch.getOutputs(), launch.getResults()))
      if (memoryOf(result) == memory &&
          llvm::any_of(output.getUsers(), llvm::IsaPred<TensorMapOp>))
        return true;
  return false;
}

void HostWriter::takeResults() {
  int64_t offset = 0;
  Operation *terminator = function.front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto type = cast<RankedTensorType>(value.getType());
    Value memory = memoryOf(value);
    results[memory] = i;
    shapeOffsets[i] = offset;
    offset += type.getRank();
    if (purpose == Purpose::Shapes)
      continue;
    descriptors[memory] = tensorAt(entry.getArgument(2), i);
    bool isWide = isReadByLaunch(withoutReshapes(value)) || isSent(memory);
    checkTensor(descriptors[memory], type, type.getElementType(),
                isWide ? kWideBytes : kNarrowBytes, "result " + Twine(i));
  }
}

LogicalResult HostWriter::writeOp(Operation &op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return dim.emitOpError("expected a constant dimension");
    if (isReshape(dim.getSource().getDefiningOp()))
      return dim.emitOpError("expected a tensor that is not reshaped");
    scalars.map(dim.getResult(), toIndex(dimOf(dim.getSource(), *index)));
    return success();
  }
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    failUnless(scalars.lookup(assertion.getArg()), assertion.getMsg());
    return success();
  }
  if (isa<MultiprocessorsOp>(op)) {
    scalars.map(op.getResult(0), emitMultiprocessors());
    return success();
  }
  if (isa<tensor::EmptyOp, TensorMapOp>(op) || isReshape(&op))
    return success(); // of a launch, which see
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    writeLaunch(launch);
    return success();
  }
  if (isa<arith::ArithDialect, math::MathDialect>(op.getDialect())) {
    builder.clone(op, scalars);
    return success();
  }
  return op.emitOpError("is not expected in a function that launches kernels");
}

void HostWriter::writeLaunch(LaunchOp op) {
  for (OpResult result : op->getResults()) {
    if (memoryOf(result) != result)
      continue; // known since an earlier launch
    bool isReturned = results.contains(result);
    if (!isReturned)
      allocate(result);
    else if (purpose == Purpose::Launch)
      checkResult(result);
    else
      writeShape(result);
  }
  if (purpose == Purpose::Launch)
    startKernel(op);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static tensor::EmptyOp emptyOf(OpResult memory) {
  return withoutReshapes(destinationOf(memory))
      .getDefiningOp<tensor::EmptyOp>();
}

/// The dimensions of memory that a launch fills, as its destination has them.
SmallVector<Value> HostWriter::dimsOf(OpResult memory) {
  tensor::EmptyOp empty = emptyOf(memory);
  SmallVector<Value> dims;
  unsigned nextDynamic = 0;
  for (int64_t size : empty.getType().getShape())
    dims.push_back(
        ShapedType::isDynamic(size)
            ? toI64(scalars.lookup(empty.getDynamicSizes()[nextDynamic++]))
            : constant(64, size));
  return dims;
}

Value HostWriter::dimOf(Value tensor, int64_t dim) {
  Value memory = memoryOf(tensor);
  // The shape function has no result to ask.
  if (memory.getDefiningOp<LaunchOp>())
    return dimsOf(cast<OpResult>(memory))[dim];
  return EntryWriter::dimOf(descriptors.lookup(memory), dim);
}

TensorParts HostWriter::partsOf(Value tensor) {
  return partsOf(tensor, memoryOf(tensor));
}

/// `tensor` is the memory as some operation sees it.
TensorParts HostWriter::partsOf(Value tensor, Value memory) {
  if (tensor.getDefiningOp<LaunchOp>())
    return partsOf(destinationOf(cast<OpResult>(tensor)), memory);
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return expanded(expand, partsOf(expand.getSrc(), memory));
  if (auto collapse = tensor.getDefiningOp<tensor::CollapseShapeOp>())
    return collapsed(collapse, partsOf(collapse.getSrc(), memory));
  if (auto cast = tensor.getDefiningOp<tensor::CastOp>())
    return partsOf(cast.getSource(), memory);
  auto found = workspace.find(memory);
  if (found != workspace.end())
    return found->second;
  Value descriptor = descriptors.lookup(memory);
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  TensorParts parts;
  parts.data = dataOf(descriptor);
  for (int64_t i = 0; i < rank; ++i)
    parts.dims.push_back(EntryWriter::dimOf(descriptor, i));
  for (int64_t i = 0; i + 1 < rank; ++i)
    parts.strides.push_back(strideOf(descriptor, i));
  return parts;
}

/// Of the dimensions that one becomes, the last has its stride.
TensorParts HostWriter::expanded(tensor::ExpandShapeOp op, TensorParts from) {
  TensorParts parts;
  parts.data = from.data;
  for (OpFoldResult size : op.getMixedOutputShape()) {
    std::optional<int64_t> known = getConstantIntValue(size);
    parts.dims.push_back(known ? constant(64, *known)
                               : toI64(scalars.lookup(cast<Value>(size))));
  }
  from.strides.push_back(constant(64, 1));
  parts.strides.resize(parts.dims.size());
  for (auto [stride, dims] :
       llvm::zip(from.strides, op.getReassociationIndices()))
    for (int64_t dim : llvm::reverse(dims)) {
      parts.strides[dim] = stride;
      if (dim != dims.front())
        stride = LLVM::MulOp::create(builder, loc, stride, parts.dims[dim]);
    }
  parts.strides.pop_back();
  return parts;
}

/// Only of dimensions that one became.
TensorParts HostWriter::collapsed(tensor::CollapseShapeOp op,
                                  TensorParts from) {
  TensorParts parts;
  parts.data = from.data;
  from.strides.push_back(constant(64, 1));
  for (ArrayRef<int64_t> dims : op.getReassociationIndices()) {
    Value size = from.dims[dims.front()];
    for (int64_t dim : dims.drop_front())
      size = LLVM::MulOp::create(builder, loc, size, from.dims[dim]);
    parts.dims.push_back(size);
    parts.strides.push_back(from.strides[dims.back()]);
  }
  parts.strides.pop_back();
  return parts;
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
  RankedTensorType type = emptyOf(launched).getType();
  for (auto [i, extent] : llvm::enumerate(dimsOf(launched))) {
    if (!type.isDynamicDim(i))
      continue;
    Value matches = LLVM::ICmpOp::create(
        builder, loc, LLVM::ICmpPredicate::eq, extent,
        EntryWriter::dimOf(descriptors.lookup(launched), i));
    failUnless(matches, ("expected dimension " + Twine(i) + " of result " +
                         Twine(result) + " to be as the arguments imply")
                            .str());
  }
}

/// Compact and row-major.
void HostWriter::allocate(OpResult launched) {
  RankedTensorType type = emptyOf(launched).getType();
  TensorParts parts;
  parts.dims = dimsOf(launched);
  Value stride = constant(64, 1);
  for (Value extent : llvm::reverse(parts.dims)) {
    parts.strides.insert(parts.strides.begin(), stride);
    stride = LLVM::MulOp::create(builder, loc, stride, extent);
  }
  parts.strides.pop_back();
  if (purpose == Purpose::Launch) {
    Value bytes = LLVM::MulOp::create(
        builder, loc, stride, constant(64, type.getElementTypeBitWidth() / 8));
    Value slot =
        LLVM::AllocaOp::create(builder, loc, pointer, pointer, constant(32, 1));
    returnIfNonzero(
        callRuntime("attnrtAllocate", {entry.getArgument(0), bytes, slot}));
    parts.data = LLVM::LoadOp::create(builder, loc, pointer, slot);
  }
  workspace[launched] = parts;
}

/// A release that fails is a failure of the device, which the caller's next
/// call of it reports.
void HostWriter::cleanUp() {
  for (auto &[tensor, parts] : workspace)
    if (parts.data)
      callRuntime("attnrtRelease", {entry.getArgument(0), parts.data});
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// In the order of GlobalView: address, dynamic dimensions, strides.
SmallVector<Value> HostWriter::launchParameters(LaunchOp op) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> slots;
  auto add = [&](Value parameter) { slots.push_back(inMemory(parameter)); };
  auto addTensor = [&](Value tensor) {
    TensorParts parts = partsOf(tensor);
    add(parts.data);
    auto type = cast<RankedTensorType>(tensor.getType());
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        add(LLVM::TruncOp::create(builder, loc, i32, parts.dims[i]));
    llvm::for_each(parts.strides, add);
  };
  for (Value input : op.getInputs()) {
    if (auto map = input.getDefiningOp<TensorMapOp>())
      slots.push_back(emitTensorMap(op, map));
    else if (isa<RankedTensorType>(input.getType()))
      addTensor(input);
    else if (input.getType().isIndex())
      add(arith::IndexCastOp::create(builder, loc, i32, scalars.lookup(input)));
    else
      add(scalars.lookup(input));
  }
  for (Value result : op->getResults())
    addTensor(result);
  return slots;
}

/// The values one after the other in memory; all of one type.
Value HostWriter::emitArray(ValueRange values) {
  Type type = values.front().getType();
  Value array = LLVM::AllocaOp::create(builder, loc, pointer, type,
                                       constant(32, values.size()));
  for (auto [i, value] : llvm::enumerate(values)) {
    Value at = LLVM::GEPOp::create(builder, loc, pointer, type, array,
                                   ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(builder, loc, value, at);
  }
  return array;
}

Value HostWriter::inMemory(Value parameter) { return emitArray(parameter); }

/// Asked for launches only: results' shapes do not depend on it.
Value HostWriter::emitMultiprocessors() {
  if (purpose == Purpose::Shapes)
    return toIndex(constant(64, 1));
  Type i64 = builder.getI64Type();
  Value slot =
      LLVM::AllocaOp::create(builder, loc, pointer, i64, constant(32, 1));
  returnIfNonzero(callRuntime("attnrtMultiprocessors", {slot}));
  return toIndex(LLVM::LoadOp::create(builder, loc, i64, slot));
}

/// As messages call it: an argument, a result, or what lies between launches.
std::string HostWriter::nameOf(Value tensor) {
  Value memory = memoryOf(tensor);
  if (auto argument = dyn_cast<BlockArgument>(memory))
    return ("argument " + Twine(argument.getArgNumber())).str();
  auto found = results.find(memory);
  if (found != results.end())
    return ("result " + Twine(found->second)).str();
  return "an intermediate result";
}

/// Destinations of the launch are described as its results, which have places.
Value HostWriter::emitTensorMap(LaunchOp op, TensorMapOp map) {
  Value tensor = map.getTensor();
  for (auto [output, result] : llvm::zip(op.getOutputs(), op.getResults()))
    if (output == tensor)
      tensor = result;
  TensorParts parts = partsOf(tensor);
  if (std::optional<ArrayRef<int64_t>> permutation = map.getPermutation()) {
    applyPermutationToVector(parts.dims, *permutation);
    applyPermutationToVector(parts.strides, permutation->drop_back());
  }
  TensorMapType type = map.getType();
  auto words = LLVM::LLVMArrayType::get(
      builder.getI64Type(), ATTNRT_TENSOR_MAP_BYTES / sizeof(int64_t));
  Value memory = LLVM::AllocaOp::create(builder, loc, pointer, words,
                                        constant(32, 1),
                                        ATTNRT_TENSOR_MAP_ALIGNMENT);
  Value box = emitSpec("box" + Twine(numBoxes++), nameOf(tensor),
                       type.getElementType(), type.getBox(), type.getSwizzle());
  returnIfNonzero(callRuntime("attnrtEncodeTensorMap",
                              {box, parts.data, emitArray(parts.dims),
                               emitArray(parts.strides), memory}));
  return memory;
}

void HostWriter::startKernel(LaunchOp op) {
  Type i32 = builder.getI32Type();
  Value array = emitArray(launchParameters(op));
  Value one = constant(32, 1);
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
    operands.push_back(
        arith::IndexCastOp::create(builder, loc, i32, scalars.lookup(size)));
  operands.push_back(constant(32, threads.asArrayRef().front()));
  operands.append({one, one, constant(32, shared.getInt()), array});
  returnIfNonzero(callRuntime("attnrtLaunch", operands));
}
