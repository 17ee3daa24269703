//===- LaunchStep.cpp - A launch in an entry ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "LaunchStep.h"

#include "HostEntry.h"
#include "Kernels.h"

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The bytes that copy engines, and threads, write at a time.
static constexpr uint32_t kEngineBytes = 16, kThreadBytes = 4;

namespace {

/// Writes the call of attnrtLaunch for one launch.
class LaunchWriter {
public:
  LaunchWriter(LaunchOp launch, HostEntry &entry)
      : launch(launch), entry(entry), writer(entry.getWriter()) {}

  void write();

private:
  void addPointer(Value value) { slots.push_back(writer.emitArray(value)); }
  void addInput(Value input);
  void addTensor(Value tensor);
  Value emitTensorMap(TensorMapOp map);

  LaunchOp launch;
  HostEntry &entry;
  EntryWriter &writer;
  SmallVector<Value> slots; // addresses of the kernel's parameters
};

} // namespace

void LaunchWriter::write() {
  llvm::for_each(launch.getInputs(), [&](Value input) { addInput(input); });
  llvm::for_each(launch->getResults(),
                 [&](Value result) { addTensor(result); });
  Value parameters = writer.emitArray(slots);

  Operation *kernel =
      SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr());
  LaunchNeeds needs = launchNeedsOf(kernel);
  Value one = writer.constant(32, 1);
  SmallVector<Value> operands = {
      entry.getDevice(), entry.getStream(),
      LLVM::AddressOfOp::create(
          writer.getBuilder(), writer.getLoc(), writer.getPointerType(),
          abi::kernelSymbol(SymbolTable::getSymbolName(kernel)))};
  for (Value size : {launch.getGridX(), launch.getGridY(), launch.getGridZ()})
    operands.push_back(writer.toI32(entry.scalarOf(size)));
  operands.push_back(writer.constant(32, needs.threads));
  operands.append(
      {one, one, writer.constant(32, needs.sharedBytes), parameters});
  writer.callRuntime("attnrtLaunch", operands);
}

void LaunchWriter::addInput(Value input) {
  if (auto map = input.getDefiningOp<TensorMapOp>())
    slots.push_back(emitTensorMap(map));
  else if (isa<RankedTensorType>(input.getType()))
    addTensor(input);
  else if (input.getType().isIndex())
    addPointer(writer.toI32(entry.scalarOf(input)));
  else
    addPointer(entry.scalarOf(input));
}

/// Adds a tensor in the order of GlobalView: address, dynamic dimensions,
/// strides.
void LaunchWriter::addTensor(Value tensor) {
  TensorParts parts = entry.getMemory().partsOf(tensor);
  addPointer(parts.data);
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      addPointer(LLVM::TruncOp::create(writer.getBuilder(), writer.getLoc(),
                                       writer.getBuilder().getI32Type(),
                                       parts.dims[i]));
  llvm::for_each(parts.strides, [&](Value stride) { addPointer(stride); });
}

/// Destinations of the launch are described as its results, which have places.
Value LaunchWriter::emitTensorMap(TensorMapOp map) {
  Value tensor = map.getTensor();
  for (auto [output, result] :
       llvm::zip(launch.getOutputs(), launch.getResults()))
    if (output == tensor)
      tensor = result;
  TensorParts parts = entry.getMemory().partsOf(tensor);
  if (std::optional<ArrayRef<int64_t>> permutation = map.getPermutation()) {
    applyPermutationToVector(parts.dims, *permutation);
    applyPermutationToVector(parts.strides, permutation->drop_back());
  }
  TensorMapType type = map.getType();
  auto words =
      LLVM::LLVMArrayType::get(writer.getBuilder().getI64Type(),
                               ATTNRT_TENSOR_MAP_BYTES / sizeof(int64_t));
  Value memory = writer.emitSlot(words, ATTNRT_TENSOR_MAP_ALIGNMENT);
  Value box = writer.emitSpec(
      "box" + Twine(entry.nextBox()), entry.getMemory().nameOf(tensor),
      type.getElementType(), type.getBox(), type.getSwizzle());
  writer.callRuntime("attnrtEncodeTensorMap",
                     {entry.getDevice(), box, parts.data,
                      writer.emitArray(parts.dims),
                      writer.emitArray(parts.strides), memory});
  return memory;
}

namespace {

struct LaunchStep : HostStep::ExternalModel<LaunchStep, LaunchOp> {
  LogicalResult emitStep(Operation *op, HostEntry &entry) const {
    return entry.emitWork(cast<HostWork>(op));
  }
};

struct LaunchWork : HostWork::ExternalModel<LaunchWork, LaunchOp> {
  Value getDestination(Operation *op, unsigned result) const {
    return cast<LaunchOp>(op).getOutputs()[result];
  }

  /// Tensor maps of destinations are for the copy engines that store.
  uint32_t getDestinationAlignment(Operation *op, unsigned result) const {
    Value output = cast<LaunchOp>(op).getOutputs()[result];
    return llvm::any_of(output.getUsers(), llvm::IsaPred<TensorMapOp>)
               ? kEngineBytes
               : kThreadBytes;
  }

  LogicalResult emitWork(Operation *op, HostEntry &entry) const {
    LaunchWriter(cast<LaunchOp>(op), entry).write();
    return success();
  }
};

} // namespace

void attn::attachLaunchStep(MLIRContext *context) {
  LaunchOp::attachInterface<LaunchStep, LaunchWork>(*context);
}
