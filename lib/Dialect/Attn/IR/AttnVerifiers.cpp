//===- AttnVerifiers.cpp - The rules of docs/AttnSpec.md ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each rule has a label, (C1) in docs/AttnSpec.md, sdpa_c1 here and in the name
// of its negative test in test/Dialect/Attn/invalid.mlir.
//
//===----------------------------------------------------------------------===//

#include "AttentionRules.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

// - Only `offset` has an offset.
LogicalResult CausalAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 CausalKind kind, int64_t offset) {
  if (kind != CausalKind::Offset && offset != 0)
    return emitError() << "expected an offset of 0 for `"
                       << stringifyCausalKind(kind) << "`, got " << offset;
  return success();
}

// sdpa_c15
// - A window count is at least 0, or `inf`.
LogicalResult WindowAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t left, int64_t right) {
  for (int64_t count : {left, right})
    if (count < 0 && count != kUnbounded)
      return emitError()
             << "expected a window count of at least 0, or `inf`, got "
             << count;
  return success();
}

//===----------------------------------------------------------------------===//
// attn.sdpa: types
//===----------------------------------------------------------------------===//

namespace {

/// An operand with the name that messages use.
struct NamedOperand {
  StringRef name;
  RankedTensorType type;
};

/// Whether two dimensions may be equal at run time.
bool areCompatible(int64_t lhs, int64_t rhs) {
  return lhs == rhs || ShapedType::isDynamic(lhs) || ShapedType::isDynamic(rhs);
}

} // namespace

static void printDim(InFlightDiagnostic &diag, int64_t dim) {
  if (ShapedType::isDynamic(dim))
    diag << "?";
  else
    diag << dim;
}

/// Reports that `what` of `operand` differs from that of `other`.
static LogicalResult emitMismatch(AttentionOp op, StringRef what,
                                  NamedOperand operand, NamedOperand other,
                                  int64_t dim) {
  InFlightDiagnostic diag = op.emitOpError()
                            << "expected " << what << " of " << operand.name
                            << " to match " << other.name << " (";
  printDim(diag, other.type.getDimSize(dim));
  diag << "), got ";
  printDim(diag, operand.type.getDimSize(dim));
  diag.attachNote() << other.name << " is " << other.type << ", "
                    << operand.name << " is " << operand.type;
  return diag;
}

// - Each operand has rank 4 and no encoding.
static LogicalResult verifyForm(AttentionOp op, NamedOperand operand) {
  // sdpa_c1
  if (operand.type.getRank() != SdpaOp::kRank)
    return op.emitOpError() << "expected rank of " << operand.name
                            << " to be 4, got " << operand.type.getRank();
  // sdpa_c2
  if (operand.type.getEncoding())
    return op.emitOpError()
           << "expected " << operand.name << " without an encoding, got "
           << operand.type.getEncoding();
  return success();
}

// - The element type is f16, bf16 or f32, the same for all operands.
static LogicalResult verifyElementTypes(AttentionOp op, NamedOperand query,
                                        NamedOperand key, NamedOperand value) {
  // sdpa_c3
  Type type = query.type.getElementType();
  if (!type.isF16() && !type.isBF16() && !type.isF32()) {
    auto floatType = dyn_cast<FloatType>(type);
    if (floatType && floatType.getWidth() <= 8)
      return op.emitOpError() << "element type " << type
                              << " is not supported yet; nearest are f16 and "
                                 "bf16";
    return op.emitOpError()
           << "expected element type of query to be f16, bf16 or f32, got "
           << type;
  }
  // sdpa_c4
  for (NamedOperand operand : {key, value})
    if (operand.type.getElementType() != type)
      return op.emitOpError() << "expected element type of " << operand.name
                              << " to match query (" << type << "), got "
                              << operand.type.getElementType();
  return success();
}

// - Batch is one number; key and value have the same heads and lengths.
// - Query heads are a multiple of key/value heads; neither is 0.
// - Lengths are below 2^30.
static LogicalResult verifyCounts(AttentionOp op, NamedOperand query,
                                  NamedOperand key, NamedOperand value) {
  int64_t batch = op.batchDim(), head = op.headDim(), length = op.lengthDim();
  auto dim = [](NamedOperand operand, int64_t index) {
    return operand.type.getDimSize(index);
  };
  // sdpa_c5
  if (!areCompatible(dim(query, batch), dim(key, batch)))
    return emitMismatch(op, "batch", key, query, batch);
  if (!areCompatible(dim(query, batch), dim(value, batch)))
    return emitMismatch(op, "batch", value, query, batch);
  if (!areCompatible(dim(key, batch), dim(value, batch)))
    return emitMismatch(op, "batch", value, key, batch);
  // sdpa_c6
  if (!areCompatible(dim(key, head), dim(value, head)))
    return emitMismatch(op, "head count", value, key, head);
  // sdpa_c7
  if (!areCompatible(dim(key, length), dim(value, length)))
    return emitMismatch(op, "length", value, key, length);
  // sdpa_c8
  for (NamedOperand operand : {query, key, value})
    if (dim(operand, head) == 0)
      return op.emitOpError() << "expected head count of " << operand.name
                              << " to be at least 1, got 0";
  for (NamedOperand operand : {key, value}) {
    int64_t queryHeads = dim(query, head), heads = dim(operand, head);
    if (ShapedType::isStatic(queryHeads) && ShapedType::isStatic(heads) &&
        queryHeads % heads != 0)
      return op.emitOpError()
             << "expected head count of query to be a multiple of that of "
             << operand.name << " (" << heads << "), got " << queryHeads;
  }
  // sdpa_c9
  for (NamedOperand operand : {query, key, value})
    if (dim(operand, length) >= SdpaOp::kMaxLength)
      return op.emitOpError()
             << "expected length of " << operand.name
             << " to be below 2^30, got " << dim(operand, length);
  return success();
}

// - Head dims are static multiples of 8 in 8..256.
// - Query and key have the same head dim.
static LogicalResult verifyHeadDims(AttentionOp op, NamedOperand query,
                                    NamedOperand key, NamedOperand value) {
  constexpr int64_t kStep = 8, kMax = 256;
  int64_t feature = op.featureDim();
  // sdpa_c10
  for (NamedOperand operand : {query, key, value}) {
    int64_t dim = operand.type.getDimSize(feature);
    if (ShapedType::isDynamic(dim))
      return op.emitOpError() << "expected head_dim of " << operand.name
                              << " to be static, got ?";
    if (dim > kMax && dim % kStep == 0)
      return op.emitOpError()
             << "head_dim " << dim << " of " << operand.name
             << " is not supported yet; the largest supported is " << kMax;
    if (dim < kStep || dim > kMax || dim % kStep != 0)
      return op.emitOpError()
             << "expected head_dim of " << operand.name
             << " to be a multiple of 8 from 8 to 256, got " << dim;
  }
  // sdpa_c11
  if (query.type.getDimSize(feature) != key.type.getDimSize(feature))
    return emitMismatch(op, "head_dim", key, query, feature);
  return success();
}

// - Results have exactly the types that the operands imply: dynamic where
//   query is dynamic, static where it is static.
static LogicalResult verifyResults(SdpaOp op) {
  RankedTensorType query = op.getQuery().getType();
  // sdpa_c12
  RankedTensorType output =
      SdpaOp::inferOutputType(query, op.getValue().getType());
  if (op.getOutput().getType() != output)
    return op.emitOpError() << "expected type of output to be " << output
                            << ", got " << op.getOutput().getType();
  // sdpa_c13
  if (!op.getLse())
    return success();
  RankedTensorType lse = SdpaOp::inferLseType(query, op.getLayout());
  if (op.getLse().getType() != lse)
    return op.emitOpError() << "expected type of LSE to be " << lse << ", got "
                            << op.getLse().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// attn.sdpa: clauses with tensors and numbers
//===----------------------------------------------------------------------===//

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
static LogicalResult verifyDropout(SdpaOp op) {
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

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

// - Types, see above.
// - The scale is finite, and leaves scores room in an f32.
// - A keep region stands instead of the clauses that say which keys are kept.
// - A range region stands beside a keep region.
LogicalResult attn::verifyAttention(AttentionOp op) {
  NamedOperand query{"query", op.getQuery().getType()};
  NamedOperand key{"key", op.getKey().getType()};
  NamedOperand value{"value", op.getValue().getType()};
  for (NamedOperand operand : {query, key, value})
    if (failed(verifyForm(op, operand)))
      return failure();
  if (failed(verifyElementTypes(op, query, key, value)) ||
      failed(verifyCounts(op, query, key, value)) ||
      failed(verifyHeadDims(op, query, key, value)))
    return failure();
  // sdpa_c14
  std::optional<APFloat> scale = op.getScale();
  if (scale && !scale->isFinite())
    return op.emitOpError() << "expected `scale` to be finite as an f32";
  // sdpa_c22
  constexpr float kMostScale = 0x1p64f;
  if (scale && std::abs(scale->convertToFloat()) > kMostScale)
    return op.emitOpError()
           << "expected `scale` from -2^64 to 2^64, got "
           << llvm::formatv("{0:e2}", scale->convertToFloat()).str();
  // sdpa_c16
  if (!op.getKeep().empty() && op.hasMaskClause())
    return op.emitOpError() << "expected either `keep` or clauses that say "
                               "which keys are kept, got both";
  // sdpa_c17
  if (!op.getRange().empty() && op.getKeep().empty())
    return op.emitOpError() << "expected `range` to stand beside `keep`";
  return success(succeeded(verifyNumbers(op)) &&
                 succeeded(verifyCaptures(op)) &&
                 succeeded(verifyClauseTensors(op)));
}

LogicalResult SdpaOp::verify() {
  return success(succeeded(verifyAttention(*this)) &&
                 succeeded(verifyResults(*this)) &&
                 succeeded(verifyDropout(*this)));
}
