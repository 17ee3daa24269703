//===- NaiveGradients.cpp - Gradients as host loops -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %dq, %dk, %dv = attn.sdpa_grad %q, %k, %v, %o, %lse, %do
// becomes
//   for row i of dq in [begin, end):
//     for j: if keep: dq += ds(i, j) * k[j]
//   for row j of dk and dv in [begin, end):
//     for all i of the heads that share j: if keep:
//       dv += p(i, j) * do[i]; dk += ds(i, j) * q[i]
// with
//   p(i, j)  = exp(score(i, j) - lse[i])
//   ds(i, j) = p(i, j) * (<do[i], v[j]> - delta[i])
//   delta[i] = <do[i], o[i]> - dlse[i]
//
// Where the function computes o and lse itself, so do these loops, row by row.
// What all queries of a key head need is kept from one row to the next.
//
//===----------------------------------------------------------------------===//

#include "KeyHead.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace attn;

namespace {

class NaiveGradients : KeyHead {
public:
  NaiveGradients(OpBuilder &builder, const SdpaGradBuffers &buffers,
                 Numerics numerics)
      : KeyHead(builder, buffers, numerics) {}

  void build(Value begin, Value end);

private:
  Row decodeRow(const GradientBuffer &gradient, Value number, Value heads,
                Value length);
  void forRows(const GradientBuffer &gradient, Value begin, Value end,
               Value heads, Value length, function_ref<void(Row)> body);
  void storeRow(const GradientBuffer &gradient, const Row &row, Value sums,
                int64_t features, double factor);
  void buildQueryGradient(const Row &row);
  void buildKeyGradients(const Row &row, bool isKey);
  void addShare(const Row &query, Value number, Value j);
};

} // namespace

static bool exchangesHeadsAndRows(AttentionOp op,
                                  const GradientBuffer &gradient) {
  return gradient.rope.op &&
         cast<RowOp>(gradient.rope.op).getLayout() != op.getLayout();
}

/// Rows are numbered by the layout of whoever returns the gradient.
NaiveGradients::Row NaiveGradients::decodeRow(const GradientBuffer &gradient,
                                              Value number, Value heads,
                                              Value length) {
  bool isOther = exchangesHeadsAndRows(op, gradient);
  Value inner = isOther ? heads : length, outer = isOther ? length : heads;
  Value strip = make<arith::DivUIOp>(number, inner);
  Value fast = make<arith::RemUIOp>(number, inner);
  Value slow = make<arith::RemUIOp>(strip, outer);
  Value batch = make<arith::DivUIOp>(strip, outer);
  return isOther ? Row{batch, fast, slow} : Row{batch, slow, fast};
}

void NaiveGradients::forRows(const GradientBuffer &gradient, Value begin,
                             Value end, Value heads, Value length,
                             function_ref<void(Row)> body) {
  if (!gradient.buffer)
    return;
  Value rows =
      make<arith::MulIOp>(make<arith::MulIOp>(sizes.batch, heads), length);
  forEach(begin, make<arith::MinSIOp>(end, rows), [&](Value number) {
    body(decodeRow(gradient, number, heads, length));
  });
}

/// Stores factor * sums; what is rotated then is rounded before, too.
void NaiveGradients::storeRow(const GradientBuffer &gradient, const Row &row,
                              Value sums, int64_t features, double factor) {
  forEach(index(features), [&](Value d) {
    Value scaled = make<arith::MulFOp>(load(sums, d), number(factor));
    Value rounded = roundToElement(scaled);
    if (gradient.rope.op)
      store(rounded, sums, d);
    else
      store(toDouble(rounded), gradient.buffer, position(row, d));
  });
  if (!gradient.rope.op)
    return;
  bool isOther = exchangesHeadsAndRows(op, gradient);
  RowPlace place = {row.batch, isOther ? row.index : row.head,
                    isOther ? row.head : row.index};
  auto loadElement = [&](Value d) { return load(sums, d); };
  auto storeElement = [&](Value d, Value element) {
    store(toDouble(element), gradient.buffer, position(row, d));
  };
  buildRopeRow(builder, gradient.rope, numerics, place,
               {loadElement, storeElement});
}

void NaiveGradients::buildQueryGradient(const Row &row) {
  Value keyHead = make<arith::DivUIOp>(row.head, group);
  enterHead(row.batch, keyHead);
  Value number = queryNumber(make<arith::RemUIOp>(row.head, group), row.index);
  buildQuery(row, number);
  clear(sums, dimQK);
  forEach(sizes.keyLength, [&](Value j) {
    forKept(row, number, j, [&](Value, Value gradient) {
      forEach(index(dimQK), [&](Value d) {
        addProduct(sums, d, gradient, load(key, {j, d}));
      });
    });
  });
  storeRow(buffers.queryGrad, row, sums, dimQK, op.getScaleOrDefault());
}

/// Under masked_row(uniform), a query without a key has the mean of all values.
void NaiveGradients::addShare(const Row &queryRow, Value number, Value j) {
  if (op.getMaskedRow() != MaskedRow::Uniform || op.getKeep().empty())
    return;
  Value isEmpty = make<arith::CmpFOp>(
      arith::CmpFPredicate::OEQ, load(lses, number),
      this->number(-std::numeric_limits<double>::infinity()));
  scf::IfOp::create(builder, loc, isEmpty, [&](OpBuilder &, Location) {
    Value count =
        make<arith::IndexCastOp>(builder.getI64Type(), sizes.keyLength);
    count = make<arith::SIToFPOp>(real, count);
    Value share = make<arith::DivFOp>(this->number(1.0), count);
    Value weight = roundToElement(buildLeft(queryRow, j, share));
    forEach(index(dimV),
            [&](Value d) { addTo(sums, d, weight, gradAt(queryRow, d)); });
    scf::YieldOp::create(builder, loc);
  });
}

/// The gradient of a key, or of a value.
void NaiveGradients::buildKeyGradients(const Row &row, bool isKey) {
  enterHead(row.batch, row.head);
  buildAllQueries(row.batch, row.head);
  int64_t features = isKey ? dimQK : dimV;
  clear(sums, features);
  forEach(group, [&](Value g) {
    Value head = make<arith::AddIOp>(make<arith::MulIOp>(row.head, group), g);
    forEach(sizes.queryLength, [&](Value i) {
      Value number = queryNumber(g, i);
      Row queryRow = {row.batch, head, i};
      forKept(queryRow, number, row.index, [&](Value weight, Value gradient) {
        forEach(index(features), [&](Value d) {
          if (isKey)
            addProduct(sums, d, gradient, load(query, {number, d}));
          else
            addProduct(sums, d, weight, gradAt(queryRow, d));
        });
      });
      if (!isKey)
        addShare(queryRow, number, row.index);
    });
  });
  storeRow(isKey ? buffers.keyGrad : buffers.valueGrad, row, sums, features,
           isKey ? op.getScaleOrDefault() : dropout.factor());
}

void NaiveGradients::build(Value begin, Value end) {
  allocateHead();
  forRows(buffers.queryGrad, begin, end, sizes.queryHeads, sizes.queryLength,
          [&](Row row) { buildQueryGradient(row); });
  forRows(buffers.keyGrad, begin, end, sizes.keyHeads, sizes.keyLength,
          [&](Row row) { buildKeyGradients(row, /*isKey=*/true); });
  forRows(buffers.valueGrad, begin, end, sizes.keyHeads, sizes.keyLength,
          [&](Row row) { buildKeyGradients(row, /*isKey=*/false); });
  freeHead();
}

void attn::buildNaiveGradients(OpBuilder &builder, SdpaGradBuffers buffers,
                               Numerics numerics, Value begin, Value end) {
  NaiveGradients(builder, buffers, numerics).build(begin, end);
}
