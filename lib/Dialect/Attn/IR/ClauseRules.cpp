//===- ClauseRules.cpp - Rules of clauses with tensors and numbers --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionRules.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace attn;

// - A cap leaves room for its reciprocal, runs and prefixes are counts.
// - There is one prefix, of a number or of a tensor.
static LogicalResult verifyNumbers(AttentionOp op) {
  // sdpa_c29
  constexpr float kLeastCap = 0x1p-64f, kMostCap = 0x1p64f;
  if (op.getSoftcap()) {
    float cap = op.getSoftcap()->convertToFloat();
    if (!(cap >= kLeastCap && cap <= kMostCap))
      return op.emitOpError() << "expected `softcap` from 2^-64 to 2^64, got "
                              << llvm::formatv("{0:e2}", cap).str();
  }
  // sdpa_c30
  auto verifyCount = [&](StringRef word, std::optional<uint64_t> count,
                         int64_t least) -> LogicalResult {
    auto value = static_cast<int64_t>(count.value_or(least));
    if (value >= least && value <= SdpaOp::kMaxLength)
      return success();
    return op.emitOpError() << "expected `" << word << "` to be from " << least
                            << " to 2^30, got " << value;
  };
  if (failed(verifyCount("chunked", op.getChunked(), 1)) ||
      failed(verifyCount("prefix", op.getPrefix(), 0)) ||
      failed(verifyCount("max_distance", op.getMaxDistance(), 2)))
    return failure();
  if (op.getPrefix() && op.getPrefixLengths())
    return op.emitOpError() << "expected one `prefix`, got two";
  bool countsDistances = op.getAlibi() || op.getRelativeBias();
  if (countsDistances && op.getCausal() &&
      std::abs(static_cast<double>(op.getCausal()->getOffset())) >
          SdpaOp::kMaxLength)
    return op.emitOpError() << "expected an offset from -2^30 to 2^30 beside "
                               "`alibi` and `relative_bias`, got "
                            << op.getCausal()->getOffset();
  return success();
}

// - Captures have no encoding, and elements of f16, bf16, f32, i1, i8 or i32.
static LogicalResult verifyCaptures(AttentionOp op) {
  // sdpa_c23
  for (auto [i, type] : llvm::enumerate(op.getCaptures().getTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    Type element = tensor.getElementType();
    bool isElement = element.isF16() || element.isBF16() || element.isF32() ||
                     element.isSignlessInteger(1) ||
                     element.isSignlessInteger(8) ||
                     element.isSignlessInteger(32);
    if (!isElement || tensor.getEncoding())
      return op.emitOpError() << "expected capture " << i
                              << " to be a tensor of f16, bf16, f32, i1, i8 or "
                                 "i32 without an encoding, got "
                              << type;
  }
  return success();
}

namespace {

/// What a clause asks of its tensor.
struct ClauseTensor {
  StringRef name;
  Value value;
  /// "floats", "i32" or "i1"; of f16, bf16 and f32.
  StringRef elements;
  /// The sizes; kDynamic where any will do.
  SmallVector<int64_t, 4> shape;
  StringRef dims;
  /// Sizes of 1 stand for any.
  bool isBroadcast = false;
};

} // namespace

static bool isOf(Type element, StringRef elements) {
  if (elements == "i32")
    return element.isSignlessInteger(32);
  if (elements == "i1")
    return element.isSignlessInteger(1);
  return element.isF16() || element.isBF16() || element.isF32();
}

static LogicalResult verifyClauseTensor(AttentionOp op,
                                        const ClauseTensor &clause) {
  if (!clause.value)
    return success();
  auto type = cast<RankedTensorType>(clause.value.getType());
  bool fits = !type.getEncoding() &&
              isOf(type.getElementType(), clause.elements) &&
              type.getRank() == int64_t(clause.shape.size());
  for (int64_t i = 0; fits && i < type.getRank(); ++i)
    fits = areCompatible(type.getDimSize(i), clause.shape[i]) ||
           (clause.isBroadcast && type.getDimSize(i) == 1);
  if (fits)
    return success();
  return op.emitOpError() << "expected `" << clause.name
                          << "` to be a tensor of " << clause.elements << ", "
                          << clause.dims
                          << (clause.isBroadcast ? " or 1 each" : "")
                          << ", got " << type;
}

// - Tensors of clauses have the sizes that the operands give them.
// - With sinks, every row keeps something.
static LogicalResult verifyClauseTensors(AttentionOp op) {
  RankedTensorType query = op.getQuery().getType();
  int64_t batch = query.getDimSize(op.batchDim());
  int64_t heads = query.getDimSize(op.headDim());
  int64_t queries = query.getDimSize(op.lengthDim());
  int64_t keys = op.getKey().getType().getDimSize(op.lengthDim());
  constexpr int64_t kAny = ShapedType::kDynamic;
  // sdpa_c31
  const ClauseTensor clauses[] = {
      {"alibi", op.getAlibi(), "floats", {heads}, "[Hq]"},
      {"relative_bias",
       op.getRelativeBias(),
       "floats",
       {kAny, heads},
       "[buckets, Hq]"},
      {"bias",
       op.getBias(),
       "floats",
       {batch, heads, queries, keys},
       "[B, Hq, Sq, Sk]",
       true},
      {"sinks", op.getSinks(), "floats", {heads}, "[Hq]"},
      {"prefix", op.getPrefixLengths(), "i32", {batch}, "[B]"},
      {"documents", op.getQueryDocuments(), "i32", {batch, queries}, "[B, Sq]"},
      {"documents", op.getKeyDocuments(), "i32", {batch, keys}, "[B, Sk]"},
      {"mask",
       op.getMask(),
       "i1",
       {batch, heads, queries, keys},
       "[B, Hq, Sq, Sk]",
       true}};
  for (const ClauseTensor &clause : clauses)
    if (failed(verifyClauseTensor(op, clause)))
      return failure();
  if (bool(op.getQueryDocuments()) != bool(op.getKeyDocuments()))
    return op.emitOpError() << "expected `documents` of queries and of keys";
  // sdpa_c32
  if (!op.getRelativeBias() && (op.getMaxDistance() || op.getBidirectional()))
    return op.emitOpError() << "expected `max_distance` and `bidirectional` "
                               "beside `relative_bias`";
  if (auto table = op.getRelativeBias()) {
    int64_t buckets = table.getType().getDimSize(0);
    int64_t step = op.getBidirectional() ? 4 : 2;
    if (ShapedType::isDynamic(buckets) || buckets < step || buckets % step != 0)
      return op.emitOpError() << "expected the buckets of `relative_bias` to "
                                 "be a static multiple of "
                              << step << ", got " << table.getType();
    int64_t exact = buckets / step;
    if (op.getMaxDistanceOrDefault() <= exact)
      return op.emitOpError() << "expected `max_distance` above " << exact
                              << ", the distances with buckets of their own, "
                                 "got "
                              << op.getMaxDistanceOrDefault();
  }
  // sdpa_c33
  if (op.getSinks() && op.getMaskedRow() != MaskedRow::Zero)
    return op.emitOpError() << "expected `masked_row(zero)` beside `sinks`: "
                               "no row is without a score";
  return success();
}

// - Not all weights are dropped.
// - A rate, a seed and an offset stand together; the latter are numbers.
LogicalResult attn::verifyDropout(SdpaOp op) {
  // sdpa_c34
  if (op.getDropout()) {
    double rate = op.getDropout()->convertToDouble();
    if (!(rate >= 0 && rate < 1))
      return op.emitOpError()
             << "expected the rate of `dropout` to be at least 0 and below 1, "
                "got "
             << llvm::formatv("{0:f6}", rate).str();
  }
  // sdpa_c35
  if (bool(op.getSeed()) != bool(op.getDropout()) ||
      bool(op.getOffset()) != bool(op.getDropout()))
    return op.emitOpError()
           << "expected a rate, a seed and an offset in `dropout`";
  for (Value number : {op.getSeed(), op.getOffset()}) {
    if (!number)
      continue;
    Type type = number.getType();
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && tensor.getRank() == 0 && !tensor.getEncoding())
      type = tensor.getElementType();
    if (!type.isSignlessInteger(64))
      return op.emitOpError() << "expected seed and offset of `dropout` to be "
                                 "i64 or tensor<i64>, got "
                              << number.getType();
  }
  return success();
}

LogicalResult attn::verifyClauses(AttentionOp op) {
  return success(succeeded(verifyNumbers(op)) &&
                 succeeded(verifyCaptures(op)) &&
                 succeeded(verifyClauseTensors(op)));
}
