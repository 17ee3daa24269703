//===- RopeOp.cpp - Syntax, rules and interfaces of attn.rope -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules are labelled as those of attn.sdpa are: (R1) in docs/AttnSpec.md,
// rope_r1 here and in the name of the negative test.
//
//===----------------------------------------------------------------------===//

#include "RowRules.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

// - i32 elements, no encoding, and the dimensions `dims` of the input.
static LogicalResult verifyPositions(RopeOp op, StringRef name, Value operand,
                                     ArrayRef<int64_t> dims) {
  if (!operand)
    return success();
  auto type = cast<RankedTensorType>(operand.getType());
  ArrayRef<int64_t> input = op.getInput().getType().getShape();
  bool matches = type.getElementType().isSignlessInteger(32) &&
                 !type.getEncoding() &&
                 type.getRank() == static_cast<int64_t>(dims.size());
  for (auto [i, dim] : llvm::enumerate(dims))
    matches = matches && mayBeEqual(type.getDimSize(i), input[dim]);
  if (matches)
    return success();
  SmallVector<int64_t> shape;
  for (int64_t dim : dims)
    shape.push_back(input[dim]);
  return op.emitOpError() << "expected `" << name << "` to be "
                          << RankedTensorType::get(
                                 shape, IntegerType::get(op.getContext(), 32))
                          << ", got " << type;
}

// - The base is positive, the offset above -2^30 and below 2^30.
// - Rotary dims are even and no more than there are.
static LogicalResult verifyNumbers(RopeOp op) {
  // rope_r5
  const APFloat &base = op.getBase();
  if (!base.isFinite() || base.isZero() || base.isNegative())
    return op.emitOpError() << "expected `base` to be positive and finite";
  // rope_r6
  int64_t rotary = op.getRotaryDimsOrDefault();
  if (rotary < 2 || rotary % 2 != 0 || rotary > op.getFeatures())
    return op.emitOpError()
           << "expected `rotary_dims` to be even, from 2 to the head_dim "
           << op.getFeatures() << ", got " << rotary;
  // rope_r7
  int64_t offset = static_cast<int64_t>(op.getOffset());
  if (offset <= -SdpaOp::kMaxLength || offset >= SdpaOp::kMaxLength)
    return op.emitOpError()
           << "expected `offset` above -2^30 and below 2^30, got " << offset;
  return success();
}

// - The scaling fits base and rotary dims, and the positions it counts.
static LogicalResult verifyScaling(RopeOp op) {
  RopeScalingAttrInterface scaling = op.getScalingAttr();
  if (!scaling)
    return success();
  // rope_r9
  if (isa<RopeDynamicNtkAttr>(scaling) &&
      (op.getPositions() || op.getOffsets()))
    return op.emitOpError()
           << "`rope_dynamic_ntk` counts positions by the length of the input, "
              "got `"
           << (op.getPositions() ? "positions" : "offsets") << "`";
  return scaling.verifyFor([&] { return op.emitOpError(); },
                           op.getBase().convertToDouble(),
                           op.getRotaryDimsOrDefault());
}

// - An angle is exact to a small part of a turn at every position.
static LogicalResult verifyFrequencies(RopeOp op) {
  // rope_r11
  constexpr double kMost = 16;
  for (auto [pair, frequency] : llvm::enumerate(op.getFrequencies()))
    if (!(frequency >= 0 && frequency <= kMost))
      return op.emitOpError() << "expected frequencies of at most "
                              << int64_t(kMost) << " radians per position, got "
                              << llvm::formatv("{0:e2}", frequency).str()
                              << " for pair " << pair;
  return success();
}

LogicalResult RopeOp::verify() {
  if (failed(verifyRows(*this)) || failed(verifyNumbers(*this)))
    return failure();
  // rope_r8
  if (getPositions() && getOffsets())
    return emitOpError() << "expected either `positions` or `offsets`";
  if (failed(verifyPositions(*this, "positions", getPositions(),
                             {batchDim(), lengthDim()})) ||
      failed(verifyPositions(*this, "offsets", getOffsets(), {batchDim()})))
    return failure();
  if (failed(verifyScaling(*this)))
    return failure();
  return verifyFrequencies(*this);
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

LogicalResult RopeOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

/// `rotary_dims` of the whole head dim says nothing.
static LogicalResult dropRotaryDims(RopeOp op, PatternRewriter &rewriter) {
  if (op.getRotaryDims() != op.getFeatures())
    return rewriter.notifyMatchFailure(op, "some dims are not rotary");
  rewriter.modifyOpInPlace(op, [&] { op.removeRotaryDimsAttr(); });
  return success();
}

void RopeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  patterns.add(dropRotaryDims);
}
