//===- NormGrad.cpp - Kernels of the gradient of a norm -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A CTA of the first kernel has some rows of one head of one batch entry. One
// of the second kernel has every so many tile of rows of a head, and adds up
//
//   dy * x / n * scale    of the gradient of the weight
//   dy                    of that of the bias
//
// in registers, for each row of its tiles and each column, or all columns
// together where the weight has an element for each head. Then it stores these
// sums, which a kernel behind adds up (GradSums.cpp).
//
//===----------------------------------------------------------------------===//

#include "NormGrad.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"
#include "../Parts/RowTiles.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Argument = NormGradArgument;

class NormGradKernel {
public:
  NormGradKernel(KernelOp kernel, NormGradOp op,
                 const NormGradSignature &signature)
      : b(kernel), op(op), arguments(signature.bind(kernel)),
        rows(kernel.getSchedule().getTileRows()), tiling(normGradTiling(op)) {}
  void emitGradient();
  void emitSums();

private:
  /// Rows of the input and of the cotangent, from `first` on.
  struct Tiles {
    RowTiles input, cotangent;
  };
  void locate();
  Tiles load(Value first);
  bool hasColumns(Argument name) {
    constexpr int64_t kPlace = 2; // or the one column
    return cast<MemRefType>(arguments[name].getType()).getDimSize(kPlace) != 1;
  }
  SmallVector<Value> initialSums();
  SmallVector<Value> addTile(Value first, ValueRange sums);
  void storeSums(Argument name, ValueRange sums);

  TileBuilder b;
  NormGradOp op;
  NamedValues<Argument> arguments;
  int64_t rows;
  RowTiling tiling;
  TileIndex tile;
  Value input, cotangent; // as [batch, head, length, features]
};

} // namespace

void NormGradKernel::locate() {
  tile = tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]);
  input = viewAsBHSD(b, arguments[Argument::Input], op.getLayout());
  cotangent = viewAsBHSD(b, arguments[Argument::OutputGrad], op.getLayout());
}

NormGradKernel::Tiles NormGradKernel::load(Value first) {
  constexpr int64_t kHead = 1, kLength = 2;
  RowIndices indices;
  indices.batch = tile.batch;
  indices.first = first;
  indices.head = tile.head;
  indices.length = b.dim(input, kLength);
  indices.numHeads = b.dim(input, kHead);
  Tiles tiles = {RowTiles(b, tiling, rows, indices),
                 RowTiles(b, tiling, rows, indices)};
  tiles.input.load(input, {tile.batch, tile.head, first});
  tiles.cotangent.load(cotangent, {tile.batch, tile.head, first});
  tiles.input.widen();
  tiles.cotangent.widen();
  return tiles;
}

void NormGradKernel::emitGradient() {
  locate();
  Value first = b.mul(tile.block, b.index(rows));
  Tiles tiles = load(first);
  RowTiles::Divisor divisor = tiles.input.divide(op);
  tiles.input.differentiate(op, divisor, tiles.cotangent,
                            arguments[Argument::Weight]);
  tiles.input.store(
      viewAsBHSD(b, arguments[Argument::InputGrad], op.getLayout()),
      {tile.batch, tile.head, first});
  ReturnOp::create(b);
}

//===----------------------------------------------------------------------===//
// Sums over rows
//===----------------------------------------------------------------------===//

/// Those of the weight, then those of the bias.
SmallVector<Value> NormGradKernel::initialSums() {
  SmallVector<Value> sums;
  RowTiles tiles(b, tiling, rows, RowIndices());
  for (Argument name : {Argument::WeightSums, Argument::BiasSums})
    if (arguments[name] && hasColumns(name))
      llvm::append_range(sums, tiles.zeros());
    else if (arguments[name])
      sums.push_back(b.splat(0, rows, 1));
  return sums;
}

SmallVector<Value> NormGradKernel::addTile(Value first, ValueRange sums) {
  Tiles tiles = load(first);
  SmallVector<Value> added;
  auto add = [&](Argument name, RowTiles &terms) {
    if (!arguments[name])
      return;
    ValueRange rest = sums.drop_front(added.size());
    if (hasColumns(name))
      llvm::append_range(added,
                         terms.addTo(rest.take_front(tiling.pieces.size())));
    else
      added.push_back(terms.addToColumn(rest.front()));
  };
  if (arguments[Argument::WeightSums])
    tiles.input.multiply(op, tiles.input.divide(op), tiles.cotangent);
  add(Argument::WeightSums, tiles.input);
  add(Argument::BiasSums, tiles.cotangent);
  return added;
}

void NormGradKernel::storeSums(Argument name, ValueRange sums) {
  Value memory = arguments[name];
  Value place = b.mul(tile.block, b.index(rows));
  if (!hasColumns(name))
    return b.store(sums.front(), memory,
                   {tile.batch, tile.head, b.index(0), place});
  RowTiles tiles(b, tiling, rows, RowIndices());
  tiles.set(sums);
  tiles.store(memory, {tile.batch, tile.head, place});
}

void NormGradKernel::emitSums() {
  locate();
  constexpr int64_t kLength = 2;
  Value length = b.dim(input, kLength);
  Value first = b.mul(tile.block, b.index(rows));
  Value step = b.mul(arguments[Argument::Shares], b.index(rows));
  auto loop = scf::ForOp::create(b, first, length, step, initialSums());
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, addTile(loop.getInductionVar(),
                                    ValueRange(loop.getRegionIterArgs())));
  }
  ValueRange sums = loop.getResults();
  for (Argument name : {Argument::WeightSums, Argument::BiasSums}) {
    if (!arguments[name])
      continue;
    size_t count = hasColumns(name) ? tiling.pieces.size() : 1;
    storeSums(name, sums.take_front(count));
    sums = sums.drop_front(count);
  }
  ReturnOp::create(b);
}

void attn::emitNormGradKernel(KernelOp kernel, NormGradOp op,
                              const NormGradSignature &signature) {
  NormGradKernel(kernel, op, signature).emitGradient();
}

void attn::emitNormGradSumsKernel(KernelOp kernel, NormGradOp op,
                                  const NormGradSignature &signature) {
  NormGradKernel(kernel, op, signature).emitSums();
}
