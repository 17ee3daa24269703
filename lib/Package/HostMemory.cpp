//===- HostMemory.cpp - Tensors of an entry and the memory behind ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "HostMemory.h"

#include "HostEntry.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"

using namespace mlir;
using namespace attn;

/// Bytes that kernels read at a time, and that threads write.
static constexpr uint32_t kWideBytes = 16, kNarrowBytes = 4;

/// Positions and the like are read one by one.
static uint32_t readBytes(Type elementType) {
  return elementType.isInteger() ? abi::elementBytes(elementType) : kWideBytes;
}

//===----------------------------------------------------------------------===//
// Memory behind tensors
//===----------------------------------------------------------------------===//

Value attn::withoutViews(Value tensor) {
  while (tensor.getDefiningOp<HostView>())
    tensor = tensor.getDefiningOp()->getOperand(0);
  return tensor;
}

Value attn::destinationOf(OpResult filled) {
  return cast<HostWork>(filled.getOwner())
      .getDestination(filled.getResultNumber());
}

Value attn::memoryOf(Value tensor) {
  Value memory = withoutViews(tensor);
  while (memory.getDefiningOp<HostWork>()) {
    Value before = withoutViews(destinationOf(cast<OpResult>(memory)));
    if (!before.getDefiningOp<HostWork>())
      return memory;
    memory = before;
  }
  return memory;
}

/// Whether later work reads what earlier work filled.
static bool isReadByWork(Value filled) {
  return llvm::any_of(filled.getUsers(), [](Operation *user) {
    return isa<HostWork>(user) ||
           (isa<HostView>(user) && isReadByWork(user->getResult(0)));
  });
}

/// Processors read and write vectors wherever they lie.
uint32_t HostMemory::alignmentOf(BlockArgument argument) {
  Type elementType = getElementTypeOrSelf(argument.getType());
  auto loose = function->getAttrOfType<DenseI64ArrayAttr>(tile::kByElementAttr);
  bool isByElement = entry.isForProcessors() ||
                     (loose && llvm::is_contained(loose.asArrayRef(),
                                                  argument.getArgNumber()));
  return isByElement ? abi::elementBytes(elementType) : readBytes(elementType);
}

/// Returns the alignment that the readers of a result of the function, and the
/// work that fills it, ask for.
uint32_t HostMemory::alignmentOfResult(Value returned) {
  auto loose =
      function->getAttrOfType<DenseI64ArrayAttr>(tile::kResultsByElementAttr);
  bool isByElement =
      entry.isForProcessors() ||
      (loose && llvm::is_contained(loose.asArrayRef(),
                                   results.lookup(memoryOf(returned))));
  if (isByElement)
    return abi::elementBytes(getElementTypeOrSelf(returned.getType()));
  if (isReadByWork(withoutViews(returned)))
    return kWideBytes;
  uint32_t alignment = kNarrowBytes;
  for (Operation &op : function.front())
    if (auto work = dyn_cast<HostWork>(op))
      for (OpResult result : op.getResults())
        if (memoryOf(result) == memoryOf(returned))
          alignment =
              std::max(alignment,
                       work.getDestinationAlignment(result.getResultNumber()));
  return alignment;
}

static tensor::EmptyOp emptyOf(OpResult memory) {
  return withoutViews(destinationOf(memory)).getDefiningOp<tensor::EmptyOp>();
}

//===----------------------------------------------------------------------===//
// Arguments and results
//===----------------------------------------------------------------------===//

HostMemory::HostMemory(HostEntry &entry, func::FuncOp function)
    : entry(entry), writer(entry.getWriter()), function(function) {
  int64_t offset = 0;
  Operation *terminator = function.front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    results[memoryOf(value)] = i;
    shapeOffsets.push_back(offset);
    offset += cast<RankedTensorType>(value.getType()).getRank();
  }
}

void HostMemory::addArguments(Value args) {
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto type = cast<RankedTensorType>(argument.getType());
    Value tensor = writer.tensorAt(args, i);
    descriptors[argument] = tensor;
    if (entry.isLaunching())
      writer.checkTensor(tensor, type, type.getElementType(),
                         alignmentOf(argument), "argument " + Twine(i));
  }
}

void HostMemory::addResults(Value array) {
  Operation *terminator = function.front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto type = cast<RankedTensorType>(value.getType());
    Value tensor = writer.tensorAt(array, i);
    descriptors[memoryOf(value)] = tensor;
    writer.checkTensor(tensor, type, type.getElementType(),
                       alignmentOfResult(value), "result " + Twine(i));
  }
}

void HostMemory::writeShape(OpResult filled) {
  int64_t offset = shapeOffsets[results.lookup(filled)];
  for (auto [i, extent] : llvm::enumerate(dimsOf(filled)))
    writer.storeAt(extent, writer.getArgument(1), offset + i);
}

/// The caller allocated the result: its dynamic dimensions must be those that
/// the arguments imply.
void HostMemory::checkResult(OpResult filled) {
  OpBuilder &builder = writer.getBuilder();
  RankedTensorType type = emptyOf(filled).getType();
  for (auto [i, extent] : llvm::enumerate(dimsOf(filled))) {
    if (!type.isDynamicDim(i))
      continue;
    Value matches = LLVM::ICmpOp::create(
        builder, writer.getLoc(), LLVM::ICmpPredicate::eq, extent,
        writer.dimOf(descriptors.lookup(filled), i));
    writer.failUnless(matches,
                      ("expected dimension " + Twine(i) + " of " +
                       nameOf(filled) + " to be as the arguments imply")
                          .str());
  }
}

//===----------------------------------------------------------------------===//
// Workspace
//===----------------------------------------------------------------------===//

void HostMemory::provide(OpResult filled) {
  if (!results.contains(filled))
    allocate(filled);
  else if (entry.isLaunching())
    checkResult(filled);
  else
    writeShape(filled);
}

/// Strides of a workspace are compact and row-major.
void HostMemory::allocate(OpResult filled) {
  RankedTensorType type = emptyOf(filled).getType();
  TensorParts parts;
  parts.dims = dimsOf(filled);
  Value stride = writer.constant(64, 1);
  for (Value extent : llvm::reverse(parts.dims)) {
    parts.strides.insert(parts.strides.begin(), stride);
    stride = writer.multiply(stride, extent);
  }
  if (!parts.strides.empty())
    parts.strides.pop_back();
  if (entry.isLaunching()) {
    Value bytes = writer.multiply(
        stride, writer.constant(64, abi::elementBytes(type.getElementType())));
    Value slot = writer.emitSlot(writer.getPointerType());
    writer.callRuntime("attnrtAllocate",
                       {entry.getDevice(), entry.getStream(), bytes, slot});
    parts.data = writer.load(writer.getPointerType(), slot);
    writer.setCleanUp([this] { release(); });
  }
  workspace[filled] = parts;
}

/// A release that fails is a failure of the device, which the caller's next
/// call of it reports.
void HostMemory::release() {
  for (auto &[tensor, parts] : workspace)
    writer.callRuntimeUnchecked(
        "attnrtRelease", {entry.getDevice(), entry.getStream(), parts.data});
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The dimensions of memory that work fills, as its destination has them.
SmallVector<Value> HostMemory::dimsOf(OpResult memory) {
  tensor::EmptyOp empty = emptyOf(memory);
  SmallVector<Value> dims;
  unsigned nextDynamic = 0;
  for (int64_t size : empty.getType().getShape()) {
    if (!ShapedType::isDynamic(size)) {
      dims.push_back(writer.constant(64, size));
      continue;
    }
    Value dynamic = empty.getDynamicSizes()[nextDynamic++];
    dims.push_back(writer.toI64(entry.scalarOf(dynamic)));
  }
  return dims;
}

Value HostMemory::dimOf(Value tensor, int64_t dim) {
  Value memory = memoryOf(tensor);
  // The shape function has no result to ask.
  if (memory.getDefiningOp<HostWork>())
    return dimsOf(cast<OpResult>(memory))[dim];
  return writer.dimOf(descriptors.lookup(memory), dim);
}

TensorParts HostMemory::partsOf(Value tensor) {
  return partsOf(tensor, memoryOf(tensor));
}

/// `tensor` is the memory as some operation sees it, perhaps with other
/// dimensions.
TensorParts HostMemory::partsOf(Value tensor, Value memory) {
  Operation *producer = tensor.getDefiningOp();
  if (isa_and_nonnull<HostWork>(producer))
    return partsOf(destinationOf(cast<OpResult>(tensor)), memory);
  if (auto view = dyn_cast_or_null<HostView>(producer))
    return view.emitView(entry, partsOf(producer->getOperand(0), memory));
  auto found = workspace.find(memory);
  if (found != workspace.end())
    return found->second;
  return partsOfDescriptor(descriptors.lookup(memory),
                           cast<RankedTensorType>(tensor.getType()).getRank());
}

TensorParts HostMemory::partsOfDescriptor(Value descriptor, int64_t rank) {
  TensorParts parts;
  parts.data = writer.dataOf(descriptor);
  for (int64_t i = 0; i < rank; ++i)
    parts.dims.push_back(writer.dimOf(descriptor, i));
  for (int64_t i = 0; i + 1 < rank; ++i)
    parts.strides.push_back(writer.strideOf(descriptor, i));
  return parts;
}

std::string HostMemory::nameOf(Value tensor) const {
  Value memory = memoryOf(tensor);
  if (auto argument = dyn_cast<BlockArgument>(memory))
    return ("argument " + Twine(argument.getArgNumber())).str();
  auto found = results.find(memory);
  if (found != results.end())
    return ("result " + Twine(found->second)).str();
  return "an intermediate result";
}
