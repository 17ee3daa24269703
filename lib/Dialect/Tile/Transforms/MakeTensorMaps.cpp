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
// Kernels may look at a tensor through a transposing view, whose dimensions the
// map then has.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

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
  template <typename OpT>
  LogicalResult replace(OpT op, OpOperand &memory, SharedType tile,
                        int64_t rows);
  Value mapOf(BlockArgument tensor, DenseI64ArrayAttr permutation,
              TensorMapType type);

  KernelOp kernel;
  LaunchOp launch;
  llvm::MapVector<std::tuple<BlockArgument, Attribute, Type>, Value> maps;
};

} // namespace

/// The map is the kernel's next argument after the maps before it.
Value MapMaker::mapOf(BlockArgument tensor, DenseI64ArrayAttr permutation,
                      TensorMapType type) {
  Value &map = maps[{tensor, permutation, type}];
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
  Value made = TensorMapOp::create(builder, launch.getLoc(), type, described,
                                   permutation);
  SmallVector<Value> operands(launch.getInputs());
  operands.insert(operands.begin() + at, made);
  launch.getInputsMutable().assign(operands);
  return map;
}

/// Null where the tensor is seen as it is.
static DenseI64ArrayAttr permutationOf(memref::TransposeOp view) {
  if (!view)
    return {};
  SmallVector<int64_t> permutation;
  for (AffineExpr dim : view.getPermutation().getResults())
    permutation.push_back(cast<AffineDimExpr>(dim).getPosition());
  return DenseI64ArrayAttr::get(view.getContext(), permutation);
}

template <typename OpT>
LogicalResult MapMaker::replace(OpT op, OpOperand &memory, SharedType tile,
                                int64_t rows) {
  Value source = memory.get();
  if (isa<TensorMapType>(source.getType()))
    return success();
  auto view = source.getDefiningOp<memref::TransposeOp>();
  auto tensor = dyn_cast<BlockArgument>(view ? view.getIn() : source);
  if (!tensor)
    return op.emitOpError("expected a kernel's argument, or its transpose");
  SmallVector<int64_t> box =
      boxOfRows(op.getBox(), op.getIndices().size(), rows);
  if (ShapedType::getNumElements(box) != rows)
    return op.emitOpError("expected ") << rows << " rows to be a box";
  box.push_back(tile.getSwizzle() / tile.getElementBytes());
  auto type = TensorMapType::get(op.getContext(), box, tile.getElementType(),
                                 tile.getSwizzle());
  memory.set(mapOf(tensor, permutationOf(view), type));
  if (view && view->use_empty())
    view->erase();
  return success();
}

LogicalResult MapMaker::run() {
  int64_t warps = kernel.getCta().getWarps();
  WalkResult result = kernel.walk([&](Operation *op) -> WalkResult {
    if (auto fetch = dyn_cast<FetchOp>(op)) {
      SharedType tile = fetch.getDest().getType();
      return replace(fetch, fetch.getSourceMutable(), tile,
                     std::min(tile.getRows(), kMaxBox));
    }
    if (auto send = dyn_cast<SendOp>(op))
      return replace(send, send.getDestMutable(), send.getSource().getType(),
                     send.getSource().getType().getRows() / warps);
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
