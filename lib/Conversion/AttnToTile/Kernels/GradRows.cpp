//===- GradRows.cpp - What gradients need of each query -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A CTA has some queries of one head of one batch entry:
//
//   exponent = -lse * log2(e)
//   delta    = sum of output_grad * output, less lse_grad
//   sink     = -exp(sink - lse) * delta, whose sum is the gradient of the sink
//
// An LSE of -inf is that of a row without a key that weighs anything. Its
// exponent is -inf as well, so that no weight of the row is more than 0.
//
//===----------------------------------------------------------------------===//

#include "GradRows.h"

#include "../Index/HeadGroups.h"
#include "../Index/TileOrder.h"
#include "../Parts/RowTiles.h"
#include "attn/Schedule/RowSchedules.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kLog2E = 1.4426950408889634;

namespace {

class GradRowsKernel {
public:
  GradRowsKernel(KernelOp kernel, SdpaGradOp op,
                 const GradRowsSignature &signature)
      : b(kernel), op(op), arguments(signature.bind(kernel)),
        rows(kernel.getSchedule().getTileRows()),
        columns(gradRowsTileColumns(op)) {}
  void emit();

private:
  Value loadRows(GradRowsArgument name, int64_t first);
  Value emitProducts(int64_t first);
  Value loadVector(GradRowsArgument name) {
    return b.load(b.tileType(rows, 1, b.getF32Type()), arguments[name],
                  indices);
  }
  Value emitIsEmpty(Value lse);
  Value emitExponents();
  Value emitDeltas();
  Value emitSinkTerms(Value head, Value exponents, Value deltas);

  TileBuilder b;
  SdpaGradOp op;
  NamedValues<GradRowsArgument> arguments;
  int64_t rows, columns;
  SmallVector<Value> indices;
};

} // namespace

/// A tile of columns, those from `first` on.
Value GradRowsKernel::loadRows(GradRowsArgument name, int64_t first) {
  Value view = viewAsBHSD(b, arguments[name], op.getLayout());
  int64_t features = op.getHeadDimV();
  if (features > columns)
    view = columnsOf(b, view, first, std::min(columns, features - first));
  Value tile =
      b.load(b.tileType(rows, columns, op.getElementType()), view, indices);
  return b.convert(tile, b.getF32Type());
}

/// The sum of the products of a tile of columns.
Value GradRowsKernel::emitProducts(int64_t first) {
  Value products = b.multiply(loadRows(GradRowsArgument::Output, first),
                              loadRows(GradRowsArgument::OutputGrad, first));
  return ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()), Combiner::add,
                          products);
}

/// Whether no key of a row weighs anything.
Value GradRowsKernel::emitIsEmpty(Value lse) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, lse,
                               b.splat(-INFINITY, rows, 1));
}

Value GradRowsKernel::emitExponents() {
  Value lse = loadVector(GradRowsArgument::Lse);
  Value lowest = b.splat(-INFINITY, rows, 1);
  Value isEmpty = emitIsEmpty(lse);
  Value exponent = b.multiply(lse, b.splat(-kLog2E, rows, 1));
  return arith::SelectOp::create(b, isEmpty, lowest, exponent);
}

/// The output of a row without a key may be NaN, and no weight makes 0 of that.
Value GradRowsKernel::emitDeltas() {
  Value deltas = emitProducts(/*first=*/0);
  for (int64_t first = columns; first < op.getHeadDimV(); first += columns)
    deltas = arith::AddFOp::create(b, deltas, emitProducts(first));
  if (arguments[GradRowsArgument::LseGrad])
    deltas =
        arith::SubFOp::create(b, deltas, loadVector(GradRowsArgument::LseGrad));
  if (op.getMaskedRow() != MaskedRow::NaN)
    return deltas;
  Value isEmpty = emitIsEmpty(loadVector(GradRowsArgument::Lse));
  return arith::SelectOp::create(b, isEmpty, b.splat(0, rows, 1), deltas);
}

Value GradRowsKernel::emitSinkTerms(Value head, Value exponents, Value deltas) {
  RankedTensorType type = b.tileType(rows, 1, b.getF32Type());
  Value sinks = arguments[GradRowsArgument::Sinks];
  Value sink = tensor::SplatOp::create(b, type, b.element(sinks, head));
  Value weights = b.exp2(b.fma(sink, b.splat(kLog2E, rows, 1), exponents));
  return arith::NegFOp::create(b, b.multiply(weights, deltas));
}

void GradRowsKernel::emit() {
  TileIndex tile = tileOfGrid(b, arguments[GradRowsArgument::Blocks],
                              arguments[GradRowsArgument::Heads]);
  indices = {tile.batch, tile.head, b.mul(tile.block, b.index(rows))};
  Value exponents = emitExponents(), deltas = emitDeltas();
  b.store(exponents, arguments[GradRowsArgument::Exponents], indices);
  b.store(deltas, arguments[GradRowsArgument::Deltas], indices);
  if (Value terms = arguments[GradRowsArgument::SinkTerms])
    b.store(emitSinkTerms(tile.head, exponents, deltas), terms,
            {indices[0], indices[1], b.index(0), indices[2]});
  ReturnOp::create(b);
}

void attn::emitGradRowsKernel(KernelOp kernel, SdpaGradOp op,
                              const GradRowsSignature &signature) {
  GradRowsKernel(kernel, op, signature).emit();
}
