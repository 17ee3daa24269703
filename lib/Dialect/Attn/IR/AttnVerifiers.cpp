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
// attn.sdpa
//===----------------------------------------------------------------------===//

// - Types, see above.
// - The scale is finite, and leaves scores room in an f32.
// - A keep region stands instead of the clauses that say which keys are kept.
// - A range region stands beside a keep region.
// - A precision stands beside operands of f32.
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
  // sdpa_c36
  if (op.getPrecision() && !op.getElementType().isF32())
    return op.emitOpError() << "expected `precision` beside operands of f32, "
                               "got "
                            << op.getElementType();
  return verifyClauses(op);
}

LogicalResult SdpaOp::verify() {
  return success(succeeded(verifyAttention(*this)) &&
                 succeeded(verifyResults(*this)) &&
                 succeeded(verifyDropout(*this)));
}
