//===- NaiveNormGrad.cpp - Gradients of norms as host loops ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %dx, %dw, %db = attn.norm_grad %x, %dy
// becomes, with y the norm without weight, scale and bias, y[d] = c[d] / n and
// n = sqrt(sum of c^2 / d + eps) or max(sqrt(sum of c^2), eps):
//
//   for each row:
//     for d: dc[d] = scale * w[d] * dy[d] / n
//     dn = -sum over d of scale * w[d] * dy[d] * c[d] / n^2
//     for d: dc[d] += dn * c[d] / n, by d again for a mean of squares
//     for d: dx[d] = dc[d], less their mean where c = x - mean(x)
//   for each row and d: dw[d] += dy[d] * scale * y[d]; db[d] += dy[d]
//
// Terms of different rows may cancel in the sums over them. The baseline is off
// by what the roundings of cotangents may make of it.
//
//===----------------------------------------------------------------------===//

#include "NaiveNormGrad.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;

namespace {

class NaiveNormGrad : HostLoops {
public:
  NaiveNormGrad(OpBuilder &builder, NormGradOp op,
                const NormGradBuffers &buffers, Numerics numerics)
      : HostLoops(builder, op.getLoc(),
                  cast<FloatType>(op.getInput().getType().getElementType()),
                  numerics),
        op(op), buffers(buffers), features(op.getFeatures()) {}
  void build(Value begin, Value end);

private:
  Value load(Value memref, ValueRange at) {
    return make<memref::LoadOp>(memref, at);
  }
  void store(Value value, Value memref, ValueRange at) {
    memref::StoreOp::create(builder, loc, value, memref, at);
  }
  Value dim(int64_t i) { return make<memref::DimOp>(buffers.outputGrad, i); }
  SmallVector<Value> position(const RowPlace &row);
  Value sum(function_ref<Value(Value)> term);
  void forRows(Value begin, Value end, function_ref<void(RowPlace)> body);
  void loadRow(const RowPlace &row);
  SmallVector<Value> cellOf(Value buffer, const RowPlace &row, Value d);
  void buildInputRow(const RowPlace &row);
  void buildFactor(Value buffer, Value gradient, Value begin, Value end,
                   bool isWeight);
  double relativeError();

  NormGradOp op;
  const NormGradBuffers &buffers;
  int64_t features;
  std::optional<ChainRows> rows; // what makes those of the input
  Value centred, cotangent;      // of the row in hand
  Value divisor, hasRoot;        // and whether the divisor is a root
};

} // namespace

SmallVector<Value> NaiveNormGrad::position(const RowPlace &row) {
  SmallVector<Value> indices(SdpaOp::kRank - 1);
  indices[op.batchDim()] = row.batch;
  indices[op.headDim()] = row.head;
  indices[op.lengthDim()] = row.row;
  return indices;
}

Value NaiveNormGrad::sum(function_ref<Value(Value)> term) {
  return fold(index(features), number(0.0),
              [&](Value d, ValueRange soFar) -> SmallVector<Value> {
                return {make<arith::AddFOp>(soFar[0], term(d))};
              })[0];
}

void NaiveNormGrad::forRows(Value begin, Value end,
                            function_ref<void(RowPlace)> body) {
  Value heads = dim(op.headDim()), length = dim(op.lengthDim());
  Value count = make<arith::MulIOp>(
      make<arith::MulIOp>(dim(op.batchDim()), heads), length);
  forEach(begin, make<arith::MinSIOp>(end, count), [&](Value number) {
    Value strip = make<arith::DivUIOp>(number, length);
    body({make<arith::DivUIOp>(strip, heads),
          make<arith::RemUIOp>(strip, heads),
          make<arith::RemUIOp>(number, length)});
  });
}

/// The row of the input, less its mean, what it is divided by, and its
/// cotangent.
void NaiveNormGrad::loadRow(const RowPlace &row) {
  SmallVector<Value> place = position(row);
  auto at = [&](Value d) {
    SmallVector<Value> indices(place);
    indices.push_back(d);
    return indices;
  };
  if (rows)
    rows->build(place,
                [&](Value d, Value element) { store(element, centred, d); });
  else
    forEach(index(features), [&](Value d) {
      store(loadElement(buffers.input.buffer, at(d)), centred, d);
    });
  forEach(index(features), [&](Value d) {
    store(loadElement(buffers.outputGrad, at(d)), cotangent, d);
  });
  if (op.getKind() == NormKind::Layer) {
    Value mean = make<arith::DivFOp>(
        sum([&](Value d) { return load(centred, d); }), number(features));
    forEach(index(features), [&](Value d) {
      store(make<arith::SubFOp>(load(centred, d), mean), centred, d);
    });
  }
  Value squares = sum([&](Value d) -> Value {
    return make<arith::MulFOp>(load(centred, d), load(centred, d));
  });
  Value eps = number(op.getEpsOrDefault());
  if (op.getKind() == NormKind::L2) {
    Value root = make<math::SqrtOp>(squares);
    divisor = make<arith::MaximumFOp>(root, eps);
    hasRoot = make<arith::CmpFOp>(arith::CmpFPredicate::OGT, root, eps);
    return;
  }
  Value mean = make<arith::DivFOp>(squares, number(features));
  divisor = make<math::SqrtOp>(make<arith::AddFOp>(mean, eps));
  hasRoot = boolean(true);
}

/// The place of the element of a weight or a bias, of [d], [H, d] or [H, 1].
SmallVector<Value> NaiveNormGrad::cellOf(Value buffer, const RowPlace &row,
                                         Value d) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return {d};
  return {row.head, type.getShape().back() == 1 ? index(0) : d};
}

void NaiveNormGrad::buildInputRow(const RowPlace &row) {
  loadRow(row);
  Value scale = number(op.getScaleOrDefault());
  forEach(index(features), [&](Value d) {
    Value of = make<arith::MulFOp>(load(cotangent, d), scale);
    if (buffers.weight)
      of = make<arith::MulFOp>(
          of, loadElement(buffers.weight, cellOf(buffers.weight, row, d)));
    store(of, cotangent, d);
  });
  Value ofDivisor = sum([&](Value d) -> Value {
    return make<arith::MulFOp>(load(cotangent, d), load(centred, d));
  });
  ofDivisor =
      make<arith::DivFOp>(ofDivisor, make<arith::MulFOp>(divisor, divisor));
  if (op.getKind() != NormKind::L2)
    ofDivisor = make<arith::DivFOp>(ofDivisor, number(features));
  ofDivisor = make<arith::SelectOp>(hasRoot, ofDivisor, number(0.0));
  forEach(index(features), [&](Value d) {
    Value along = make<arith::MulFOp>(ofDivisor, load(centred, d));
    Value of = make<arith::SubFOp>(load(cotangent, d), along);
    store(make<arith::DivFOp>(of, divisor), cotangent, d);
  });
  Value mean;
  if (op.getKind() == NormKind::Layer)
    mean = make<arith::DivFOp>(sum([&](Value d) { return load(cotangent, d); }),
                               number(features));
  SmallVector<Value> place = position(row);
  forEach(index(features), [&](Value d) {
    Value of = load(cotangent, d);
    if (mean)
      of = make<arith::SubFOp>(of, mean);
    SmallVector<Value> at(place);
    at.push_back(d);
    store(toDouble(roundToElement(of)), buffers.inputGrad, at);
  });
}

/// What roundings of a cotangent are, relative to it.
double NaiveNormGrad::relativeError() {
  Type element = getElementTypeOrSelf(op.getOutputGrad());
  return element.isF32() ? 0x1p-22 : element.isF16() ? 0x1p-12 : 0x1p-9;
}

/// The gradient of the weight or of the bias, a row of its own.
void NaiveNormGrad::buildFactor(Value buffer, Value gradient, Value begin,
                                Value end, bool isWeight) {
  if (!buffer)
    return;
  auto shape = cast<RankedTensorType>(gradient.getType());
  auto columns = index(shape.getShape().back());
  Value heads = shape.getRank() == 2 ? dim(op.headDim()) : index(1);
  Value cells = make<arith::MulIOp>(heads, columns);
  auto allocate = [&]() -> Value {
    return make<memref::AllocOp>(MemRefType::get({ShapedType::kDynamic}, real),
                                 cells);
  };
  Value sums = allocate(), squares = allocate();
  auto add = [&](Value memref, Value cell, Value term) {
    store(make<arith::AddFOp>(load(memref, cell), term), memref, cell);
  };
  auto body = [&](Value) {
    forEach(cells, [&](Value cell) {
      store(number(0.0), sums, cell);
      store(number(0.0), squares, cell);
    });
    forRows(index(0), index(int64_t(1) << 62), [&](RowPlace row) {
      loadRow(row);
      forEach(index(features), [&](Value d) {
        Value term = load(cotangent, d);
        if (isWeight) {
          Value y = make<arith::DivFOp>(load(centred, d), divisor);
          y = make<arith::MulFOp>(y, number(op.getScaleOrDefault()));
          term = make<arith::MulFOp>(term, y);
        }
        SmallVector<Value> at = cellOf(buffer, row, d);
        Value cell = at.size() == 1
                         ? at[0]
                         : make<arith::AddIOp>(
                               make<arith::MulIOp>(at[0], columns), at[1]);
        add(sums, cell, term);
        add(squares, cell, make<arith::MulFOp>(term, term));
      });
    });
    forEach(cells, [&](Value cell) {
      Value result = load(sums, cell);
      if (real.isF32()) {
        Value off = make<math::SqrtOp>(load(squares, cell));
        off = make<arith::MulFOp>(off, number(relativeError()));
        result = make<arith::AddFOp>(result, off);
      }
      result = roundTo(cast<FloatType>(shape.getElementType()), result);
      SmallVector<Value> at = {cell};
      if (shape.getRank() == 2)
        at = {make<arith::DivUIOp>(cell, columns),
              make<arith::RemUIOp>(cell, columns)};
      store(toDouble(result), buffer, at);
    });
  };
  forEach(begin, make<arith::MinSIOp>(end, index(1)), body);
  for (Value memref : {sums, squares})
    memref::DeallocOp::create(builder, loc, memref);
}

void NaiveNormGrad::build(Value begin, Value end) {
  if (!buffers.inputGrad && !buffers.weightGrad && !buffers.biasGrad)
    return;
  if (!buffers.input.maps.empty())
    rows.emplace(builder, buffers.input, numerics);
  centred = scratch(features);
  cotangent = scratch(features);
  if (buffers.inputGrad)
    forRows(begin, end, [&](RowPlace row) { buildInputRow(row); });
  buildFactor(buffers.weightGrad, op.getWeightGrad(), begin, end,
              /*isWeight=*/true);
  buildFactor(buffers.biasGrad, op.getBiasGrad(), begin, end,
              /*isWeight=*/false);
}

void attn::buildNaiveNormGrad(OpBuilder &builder, NormGradOp op,
                              const NormGradBuffers &buffers, Numerics numerics,
                              Value begin, Value end) {
  NaiveNormGrad(builder, op, buffers, numerics).build(begin, end);
}
