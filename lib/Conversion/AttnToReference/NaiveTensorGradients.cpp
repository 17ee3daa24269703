//===- NaiveTensorGradients.cpp - Gradients of what scores read -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa_grad … gradients_of(%t) score { … attn.capture %t[e] … }
// becomes
//   for each row of dt in [begin, end), and all pairs (i, j) that read of it:
//     if keep: dt[e] += p(i, j) * (<do[i], v[j]> - delta[i]) * dscore/dt[e]
// and of sinks
//   for each query i of head h: dt[h] -= exp(t[h] - lse[i]) * delta[i]
//
// The derivative is taken from two scores with other elements beside the one
// that is read. Terms of a row of queries may cancel: the baseline is off by
// what another order of these sums may make of it.
//
//===----------------------------------------------------------------------===//

#include "KeyHead.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace attn;

namespace {

/// The gradients of tensors of one attention.
class NaiveTensorGradients : KeyHead {
public:
  NaiveTensorGradients(OpBuilder &builder, const SdpaGradBuffers &buffers,
                       Numerics numerics)
      : KeyHead(builder, buffers, numerics),
        grad(cast<SdpaGradOp>(op.getOperation())) {}

  void build(Value begin, Value end);

private:
  /// The gradient of one tensor: its dimensions that count rows, the others,
  /// and, of the row in hand, the sums over pairs.
  struct Target {
    Value tensor, buffer;
    SmallVector<int64_t> rowDims, cellDims;
    Value cells;            // elements of a row
    Value sums;             // of the row
    Value ofQuery, squares; // what sums may be off by
  };
  /// [begin, end) of batch entries, heads or queries.
  struct Bounds {
    Value begin, end;
  };

  Value dim(Value memref, int64_t dimension) {
    return make<memref::DimOp>(memref, dimension);
  }
  Value product(Value buffer, ArrayRef<int64_t> dims);
  void buildTensor(OpResult result, Value buffer, Value begin, Value end);
  SmallVector<Value> rowIndices(const Target &target, Value number);
  Bounds boundsOf(const Target &target, ArrayRef<Value> row, unsigned argument,
                  Value size);
  void buildRow(const Target &target, Value number);
  void addQuery(const Target &target, const Row &row, Value number);
  void addSink(const Target &target, const Row &row, Value number);
  void addPair(const Target &target, CaptureOp read, const Row &row,
               Value number, Value j);
  void add(const Target &target, Value cell, Value term, Value size);
  Value cellOf(const Target &target, ValueRange indices);
  void finishQuery(const Target &target);
  double relativeError();
  void storeRow(const Target &target, ArrayRef<Value> row);

  SdpaGradOp grad;
};

} // namespace

Value NaiveTensorGradients::product(Value buffer, ArrayRef<int64_t> dims) {
  Value count = index(1);
  for (int64_t each : dims)
    count = make<arith::MulIOp>(count, dim(buffer, each));
  return count;
}

/// The indices of the row dimensions, the slowest first.
SmallVector<Value> NaiveTensorGradients::rowIndices(const Target &target,
                                                    Value number) {
  SmallVector<Value> indices(target.rowDims.size());
  for (size_t i = indices.size(); i-- > 0;) {
    Value size = dim(target.buffer, target.rowDims[i]);
    indices[i] = make<arith::RemUIOp>(number, size);
    number = make<arith::DivUIOp>(number, size);
  }
  return indices;
}

/// All of them, or the one that the row is of, if there is such a one. Sinks
/// are rows of heads.
NaiveTensorGradients::Bounds
NaiveTensorGradients::boundsOf(const Target &target, ArrayRef<Value> row,
                               unsigned argument, Value size) {
  constexpr unsigned kHead = 2;
  bool isSinks = target.tensor == grad.getSinks();
  for (auto [at, dimension] : llvm::zip_equal(row, target.rowDims)) {
    bool isOfRow = isSinks && argument == kHead;
    if (!isSinks) {
      CaptureOp read = grad.getReadsOf(target.tensor).front();
      isOfRow = read.getIndices()[dimension] ==
                read->getBlock()->getArgument(argument);
    }
    if (isOfRow)
      return {at,
              make<arith::MinSIOp>(make<arith::AddIOp>(at, index(1)), size)};
  }
  return {index(0), size};
}

/// The number of an element among those of its row.
Value NaiveTensorGradients::cellOf(const Target &target, ValueRange indices) {
  Value cell = index(0);
  for (int64_t each : target.cellDims)
    cell = make<arith::AddIOp>(
        make<arith::MulIOp>(cell, dim(target.buffer, each)), indices[each]);
  return cell;
}

/// Adds a term that is the difference of terms of this size.
void NaiveTensorGradients::add(const Target &target, Value cell, Value term,
                               Value size) {
  store(make<arith::AddFOp>(load(target.sums, cell), term), target.sums, cell);
  if (real.isF32())
    store(make<arith::AddFOp>(load(target.ofQuery, cell), size), target.ofQuery,
          cell);
}

/// What a query adds is off independently of the others.
void NaiveTensorGradients::finishQuery(const Target &target) {
  if (real.isF64())
    return;
  forEach(target.cells, [&](Value cell) {
    Value size = load(target.ofQuery, cell);
    addTo(target.squares, cell, size, size);
    store(number(0.0), target.ofQuery, cell);
  });
}

void NaiveTensorGradients::addSink(const Target &target, const Row &row,
                                   Value number) {
  Value lse = load(lses, number);
  Value takesPart = make<arith::CmpFOp>(
      arith::CmpFPredicate::UNE, lse,
      this->number(-std::numeric_limits<double>::infinity()));
  scf::IfOp::create(builder, loc, takesPart, [&](OpBuilder &, Location) {
    Value sink = loadElement(buffers.sinks, row.head);
    Value weight = make<math::ExpOp>(make<arith::SubFOp>(sink, lse));
    Value term = make<arith::MulFOp>(weight, load(deltas, number));
    Value size = make<arith::MulFOp>(weight, load(deltaSizes, number));
    add(target, index(0), make<arith::NegFOp>(term), size);
    scf::YieldOp::create(builder, loc);
  });
}

void NaiveTensorGradients::addPair(const Target &target, CaptureOp read,
                                   const Row &row, Value number, Value j) {
  forWeighed(row, number, j, [&](Value weight, Value product) {
    Value score = toDouble(buildProduct(number, j));
    SmallVector<Value> arguments = {score, row.batch, row.head, row.index, j};
    RegionCode::Element element = exactRegions.emitRead(read, arguments);
    Value slope = buildSlope(element.value, weight, [&](Value moved) {
      return exactRegions.emitWith(read, moved, arguments)[0];
    });
    Value delta = load(deltas, number);
    Value by = make<arith::MulFOp>(weight, slope);
    Value term = make<arith::MulFOp>(by, make<arith::SubFOp>(product, delta));
    Value size = make<arith::MulFOp>(
        make<math::AbsFOp>(by), make<arith::AddFOp>(make<math::AbsFOp>(product),
                                                    load(deltaSizes, number)));
    add(target, cellOf(target, element.indices), term, size);
  });
}

void NaiveTensorGradients::addQuery(const Target &target, const Row &row,
                                    Value number) {
  buildQuery(row, number);
  if (target.tensor == grad.getSinks())
    addSink(target, row, number);
  for (CaptureOp read : grad.getReadsOf(target.tensor))
    forEach(sizes.keyLength,
            [&](Value j) { addPair(target, read, row, number, j); });
  finishQuery(target);
}

/// What a query adds is off by this, relative to its terms before they cancel:
/// by roundings of outputs and weights, or of sums in another order.
double NaiveTensorGradients::relativeError() {
  if (elementType.isF32())
    return 0x1p-22;
  return elementType.isF16() ? 0x1p-12 : 0x1p-9;
}

/// Rounded once, to the type of the tensor.
void NaiveTensorGradients::storeRow(const Target &target, ArrayRef<Value> row) {
  auto element = cast<FloatType>(getElementTypeOrSelf(target.tensor));
  forEach(target.cells, [&](Value cell) {
    Value sum = load(target.sums, cell);
    if (real.isF32()) {
      Value off = make<math::SqrtOp>(load(target.squares, cell));
      off = make<arith::MulFOp>(off, this->number(relativeError()));
      sum = make<arith::AddFOp>(sum, off);
    }
    SmallVector<Value> at(target.rowDims.size() + target.cellDims.size());
    for (auto [dimension, place] : llvm::zip_equal(target.rowDims, row))
      at[dimension] = place;
    Value rest = cell;
    for (int64_t each : llvm::reverse(target.cellDims)) {
      Value size = dim(target.buffer, each);
      at[each] = make<arith::RemUIOp>(rest, size);
      rest = make<arith::DivUIOp>(rest, size);
    }
    store(toDouble(roundTo(element, sum)), target.buffer, at);
  });
}

void NaiveTensorGradients::buildRow(const Target &target, Value number) {
  forEach(target.cells, [&](Value cell) {
    for (Value sums : {target.sums, target.ofQuery, target.squares})
      store(this->number(0.0), sums, cell);
  });
  SmallVector<Value> row = rowIndices(target, number);
  Bounds batches = boundsOf(target, row, 1, sizes.batch);
  Bounds heads = boundsOf(target, row, 2, sizes.queryHeads);
  Bounds queries = boundsOf(target, row, 3, sizes.queryLength);
  forEach(batches.begin, batches.end, [&](Value batch) {
    forEach(heads.begin, heads.end, [&](Value head) {
      enterHead(batch, make<arith::DivUIOp>(head, group));
      Value ofGroup = make<arith::RemUIOp>(head, group);
      forEach(queries.begin, queries.end, [&](Value i) {
        addQuery(target, {batch, head, i}, queryNumber(ofGroup, i));
      });
    });
  });
  storeRow(target, row);
}

void NaiveTensorGradients::buildTensor(OpResult result, Value buffer,
                                       Value begin, Value end) {
  Target target;
  target.tensor = grad.getTensorOf(result);
  target.buffer = buffer;
  target.rowDims = grad.getRowDims(result);
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  for (int64_t dimension = 0; dimension < rank; ++dimension)
    if (!llvm::is_contained(target.rowDims, dimension))
      target.cellDims.push_back(dimension);
  target.cells = product(buffer, target.cellDims);
  target.sums = allocate(target.cells);
  target.ofQuery = allocate(target.cells);
  target.squares = allocate(target.cells);
  Value rows = product(buffer, target.rowDims);
  forEach(begin, make<arith::MinSIOp>(end, rows),
          [&](Value number) { buildRow(target, number); });
  for (Value sums : {target.sums, target.ofQuery, target.squares})
    memref::DeallocOp::create(builder, loc, sums);
}

void NaiveTensorGradients::build(Value begin, Value end) {
  allocateHead();
  for (auto [result, buffer] :
       llvm::zip_equal(grad.getTensorGrads(), buffers.tensorGrads))
    if (buffer)
      buildTensor(cast<OpResult>(result), buffer, begin, end);
  freeHead();
}

void attn::buildNaiveTensorGradients(OpBuilder &builder,
                                     SdpaGradBuffers buffers, Numerics numerics,
                                     Value begin, Value end) {
  if (llvm::any_of(buffers.tensorGrads, [](Value each) { return bool(each); }))
    NaiveTensorGradients(builder, buffers, numerics).build(begin, end);
}
