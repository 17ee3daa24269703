//===- MakeTensorMaps.cpp - Copy engines learn of tensors -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.kernel @f(%K) {                     tile.kernel @f(%map, %K) {
//     fetch %K[%b, %h, %j] to %k      =>       fetch %map[%b, %h, %j] to %k
//   }                                        }
//   tile.launch @f ins(%k)                   %map = tile.tensor_map %k
//                                            tile.launch @f ins(%map, %k)
//
// Kernels may look at a tensor through a transposing view; maps are of the
// tensor itself, and the indices go back through the view.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace attn::tile {
#define GEN_PASS_DEF_MAKETENSORMAPS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

/// Most rows of a box.
constexpr int64_t kMaxBox = 256;

struct MakeTensorMaps
    : public attn::tile::impl::MakeTensorMapsBase<MakeTensorMaps> {
  void runOnOperation() override;
};

/// Replaces the memrefs of one kernel's copies by maps.
class MapMaker {
public:
  MapMaker(KernelOp kernel, LaunchOp launch) : kernel(kernel), launch(launch) {}
  LogicalResult run();

private:
  LogicalResult replace(OpOperand &memory, OperandRange indices,
                        SharedType tile, int64_t rows);
  Value mapOf(BlockArgument tensor, TensorMapType type);

  KernelOp kernel;
  LaunchOp launch;
  llvm::MapVector<std::pair<BlockArgument, Type>, Value> maps;
};

} // namespace

/// The map is the kernel's next argument after the maps before it.
Value MapMaker::mapOf(BlockArgument tensor, TensorMapType type) {
  Value &map = maps[{tensor, type}];
  if (map)
    return map;
  unsigned at = maps.size() - 1;
  unsigned operand = tensor.getArgNumber() - at;
  map = kernel.getBody().front().insertArgument(at, type, tensor.getLoc());
  Builder types(kernel.getContext());
  SmallVector<Type> arguments(kernel.getArgumentTypes());
  arguments.insert(arguments.begin() + at, type);
  kernel.setFunctionType(types.getFunctionType(arguments, {}));

  OpBuilder builder(launch);
  size_t inputs = launch.getInputs().size() - at;
  Value described = operand < inputs ? launch.getInputs()[at + operand]
                                     : launch.getOutputs()[operand - inputs];
  Value made = TensorMapOp::create(builder, launch.getLoc(), type, described);
  SmallVector<Value> operands(launch.getInputs());
  operands.insert(operands.begin() + at, made);
  launch.getInputsMutable().assign(operands);
  return map;
}

LogicalResult MapMaker::replace(OpOperand &memory, OperandRange indices,
                                SharedType tile, int64_t rows) {
  Operation *op = memory.getOwner();
  Value source = memory.get();
  if (isa<TensorMapType>(source.getType()))
    return success();
  auto view = source.getDefiningOp<memref::TransposeOp>();
  auto tensor = dyn_cast<BlockArgument>(view ? view.getIn() : source);
  if (!tensor)
    return op->emitOpError("expected a kernel's argument, or its transpose");
  int64_t rank = cast<MemRefType>(tensor.getType()).getRank();
  // Dimension i of the view is dimension from[i] of the tensor.
  SmallVector<unsigned> from(rank);
  for (int64_t i = 0; i < rank; ++i)
    from[i] = view ? view.getPermutation().getDimPosition(i) : i;
  SmallVector<int64_t> box(rank, 1);
  box[from[rank - 2]] = rows;
  box[rank - 1] = tile.getSwizzle() / tile.getElementBytes();
  SmallVector<Value> position(rank - 1);
  for (auto [i, index] : llvm::enumerate(indices))
    position[from[i]] = index;
  auto type = TensorMapType::get(op->getContext(), box, tile.getElementType(),
                                 tile.getSwizzle());
  Value map = mapOf(tensor, type);
  op->setOperand(memory.getOperandNumber(), map);
  unsigned first = indices.getBeginOperandIndex();
  for (auto [i, index] : llvm::enumerate(position))
    op->setOperand(first + i, index);
  return success();
}

LogicalResult MapMaker::run() {
  int64_t rowsPerWarp = kernel.getSchedule().getRowsPerWarp();
  WalkResult result = kernel.walk([&](Operation *op) -> WalkResult {
    if (auto fetch = dyn_cast<FetchOp>(op)) {
      SharedType tile = fetch.getDest().getType();
      return replace(fetch.getSourceMutable(), fetch.getIndices(), tile,
                     std::min(tile.getRows(), kMaxBox));
    }
    if (auto send = dyn_cast<SendOp>(op))
      return replace(send.getDestMutable(), send.getIndices(),
                     send.getSource().getType(), rowsPerWarp);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void MakeTensorMaps::runOnOperation() {
  SymbolTable symbols(getOperation());
  WalkResult result = getOperation().walk([&](LaunchOp launch) -> WalkResult {
    auto kernel =
        symbols.lookup<KernelOp>(launch.getKernel().getRootReference());
    if (!kernel)
      return WalkResult::advance();
    return MapMaker(kernel, launch).run();
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
