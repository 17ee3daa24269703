//===- GradSums.cpp - A gradient from sums over pairs ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Rows are elements of the gradient along its last dimension. Each of the four
// dimensions of the sums is one of the gradient's, or is added up: entries of
// the batch and heads one after the other, places in columns.
//
//   for batch, for head, for columns:
//     acc += sums[batch, head, entry, columns]
//   gradient = sum of acc over columns
//
// Elements that no pair can read have no sums and become 0.
//
//===----------------------------------------------------------------------===//

#include "GradSums.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Argument = GradSumsArgument;
using Dim = TensorReads::Dim;

class GradSumsKernel {
public:
  GradSumsKernel(KernelOp kernel, const TensorReads &reads,
                 const GradSumsSignature &signature, bool endsInEntries)
      : b(kernel), reads(reads), arguments(signature.bind(kernel)),
        memory(arguments[Argument::Gradient]), endsInEntries(endsInEntries),
        rows(kernel.getSchedule().getTileRows()) {}
  void emit();

private:
  /// Where the sums have a dimension of the gradient.
  enum SumDim { kBatch, kHead, kEntry, kPlace, kSumDims };
  /// One of them: a number, a vector of the rows, or, if null, all.
  struct Index {
    Value number, vector;
    bool isAll() const { return !number && !vector; }
  };

  void locate();
  Index indexOf(std::initializer_list<Dim> dims);
  Index entryIndex();
  /// Which dimension of the sums in memory it is.
  int64_t numberOf(SumDim dim) {
    if (endsInEntries && dim >= kEntry)
      return dim == kEntry ? kPlace : kEntry;
    return dim;
  }
  Value sizeOf(SumDim dim) {
    return b.dim(arguments[Argument::Sums], numberOf(dim));
  }
  Value forAll(SumDim dim, int64_t step, Value sum,
               function_ref<Value(Value, Value)> body);
  Value emitPart(ArrayRef<Value> at);
  Value emitSums();

  TileBuilder b;
  const TensorReads &reads;
  NamedValues<Argument> arguments;
  Value memory;
  bool endsInEntries;
  int64_t rows, columns = 1;
  Value firstRow, rowNumbers;
  SmallVector<Value> ofGrid; // the dimensions of the gradient but the last
  Index indices[kSumDims];
};

} // namespace

/// Places are added in so many columns.
static constexpr int64_t kColumns = 64;

/// The dimension of the gradient that is one of these.
GradSumsKernel::Index GradSumsKernel::indexOf(std::initializer_list<Dim> dims) {
  for (Dim dim : dims) {
    if (!reads.has(dim))
      continue;
    size_t number = reads.find(dim);
    if (number + 1 == reads.dims.size())
      return {{}, rowNumbers};
    return {ofGrid[number], {}};
  }
  return {};
}

/// Entries count the dimensions that only indices tell, the last one fastest.
GradSumsKernel::Index GradSumsKernel::entryIndex() {
  Value number = b.index(0);
  for (auto [dim, kind] : llvm::enumerate(reads.dims)) {
    if (kind != Dim::Entry)
      continue;
    number = b.mul(number, b.dim(memory, dim));
    if (dim + 1 != reads.dims.size()) {
      number = b.add(number, ofGrid[dim]);
      continue;
    }
    auto type = cast<RankedTensorType>(rowNumbers.getType());
    Value base = tensor::SplatOp::create(b, type, b.toI32(number));
    return {{}, arith::AddIOp::create(b, rowNumbers, base)};
  }
  return {number, {}};
}

void GradSumsKernel::locate() {
  TileIndex tile =
      tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]);
  firstRow = b.mul(tile.block, b.index(rows));
  rowNumbers = emitPositions(b, firstRow, b.tileType(rows, 1, b.getI32Type()));
  ofGrid.resize(reads.dims.size() - 1);
  Value rest = tile.head;
  for (size_t dim = ofGrid.size(); dim-- > 0;) {
    Value size = b.dim(memory, dim);
    ofGrid[dim] = b.rem(rest, size);
    rest = b.div(rest, size);
  }
  indices[kBatch] = indexOf({Dim::Batch});
  indices[kHead] = indexOf({Dim::Head});
  indices[kEntry] = entryIndex();
  indices[kPlace] = indexOf({Dim::Query, Dim::Key});
  if (indices[kPlace].isAll())
    columns = kColumns;
}

/// Adds the parts at one index, or at all of them, if there are any.
Value GradSumsKernel::forAll(SumDim dim, int64_t step, Value sum,
                             function_ref<Value(Value, Value)> body) {
  Value begin = b.index(0), end = sizeOf(dim), size = end;
  if (Value number = indices[dim].number) {
    begin = number;
    end = b.min(b.add(number, b.index(1)), size);
  } else if (indices[dim].vector) {
    end = b.min(size, b.index(1)); // once, for all rows
  }
  auto loop = scf::ForOp::create(b, begin, end, b.index(step), ValueRange(sum));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b,
                       body(loop.getInductionVar(), loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

/// The sums at these indices, zeros where a row or a column has none.
Value GradSumsKernel::emitPart(ArrayRef<Value> at) {
  SmallVector<Value> places;
  SmallVector<Value> inside;
  auto addVector = [&](Value numbers, SumDim dim) {
    auto type = cast<RankedTensorType>(numbers.getType());
    Value end = tensor::SplatOp::create(b, type, b.toI32(sizeOf(dim)));
    inside.push_back(
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, numbers, end));
    places.push_back(b.clampBelow(numbers, sizeOf(dim)));
  };
  for (SumDim dim : {kBatch, kHead, kEntry, kPlace}) {
    if (Value vector = indices[dim].vector)
      addVector(vector, dim);
    else if (dim == kPlace && columns != 1)
      addVector(
          emitPositions(b, at[dim], b.tileType(1, columns, b.getI32Type())),
          dim);
    else
      places.push_back(b.toI32(at[dim]));
  }
  if (endsInEntries)
    std::swap(places[kEntry], places[kPlace]);
  Value part = GatherOp::create(b, b.tileType(rows, columns, b.getF32Type()),
                                arguments[Argument::Sums], places);
  RankedTensorType flags = b.tileType(rows, columns, b.getI1Type());
  for (Value each : inside) {
    if (each.getType() != flags)
      each = BroadcastOp::create(b, flags, each);
    part = arith::SelectOp::create(b, each, part, b.splat(0, rows, columns));
  }
  return part;
}

Value GradSumsKernel::emitSums() {
  Value zero = b.splat(0, rows, columns);
  return forAll(kBatch, 1, zero, [&](Value batch, Value ofBatch) {
    return forAll(kHead, 1, ofBatch, [&](Value head, Value ofHead) {
      return forAll(kEntry, 1, ofHead, [&](Value entry, Value ofEntry) {
        return forAll(kPlace, columns, ofEntry, [&](Value place, Value sum) {
          Value part = emitPart({batch, head, entry, place});
          return arith::AddFOp::create(b, sum, part).getResult();
        });
      });
    });
  });
}

void GradSumsKernel::emit() {
  locate();
  Value sum = emitSums();
  if (columns != 1)
    sum = ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                           Combiner::add, sum);
  SmallVector<Value> at(ofGrid);
  at.push_back(firstRow);
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  b.store(b.convert(sum, element), memory, at);
  ReturnOp::create(b);
}

void attn::emitGradSumsKernel(KernelOp kernel, const TensorReads &reads,
                              const GradSumsSignature &signature,
                              bool endsInEntries) {
  GradSumsKernel(kernel, reads, signature, endsInEntries).emit();
}
