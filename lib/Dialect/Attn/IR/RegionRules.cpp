//===- RegionRules.cpp - The rules of regions of attn.sdpa ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Labels are as in AttnVerifiers.cpp.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace attn;

namespace {

/// What a region takes and yields.
struct RegionForm {
  StringRef name;
  Region &region;
  bool hasScore;
  SmallVector<size_t, 2> yielded; // numbers of values
  Type type;
};

} // namespace

static LogicalResult verifyArguments(AttentionOp op, const RegionForm &form) {
  if (!form.region.hasOneBlock())
    return op.emitOpError()
           << "expected `" << form.name << "` to be one block, got "
           << form.region.getBlocks().size();
  ArrayRef<BlockArgument> arguments = form.region.front().getArguments();
  bool hasScore =
      !form.hasScore || (!arguments.empty() && arguments[0].getType().isF32());
  if (form.hasScore && hasScore)
    arguments = arguments.drop_front();
  if (!hasScore || arguments.size() != 4 ||
      !llvm::all_of(arguments, [](Value argument) {
        return argument.getType().isIndex();
      }))
    return op.emitOpError()
           << "expected `" << form.name << "` to take "
           << (form.hasScore ? "an f32 and " : "") << "four index arguments";
  return success();
}

static LogicalResult verifyYield(AttentionOp op, const RegionForm &form) {
  auto yield = dyn_cast<YieldOp>(form.region.front().getTerminator());
  if (yield && llvm::is_contained(form.yielded, yield.getNumOperands()) &&
      llvm::all_of(yield.getOperandTypes(),
                   [&](Type operand) { return operand == form.type; }))
    return success();
  size_t count = form.yielded.front();
  return op.emitOpError() << "expected `" << form.name << "` to end in "
                          << "`attn.yield` of " << count << " value"
                          << (count == 1 ? "" : "s") << " of type "
                          << form.type;
}

static InFlightDiagnostic refuse(AttentionOp op, Operation &nested,
                                 const Twine &message) {
  InFlightDiagnostic diag = op.emitOpError() << message;
  diag.attachNote(nested.getLoc()) << "see this operation";
  return diag;
}

// - Nothing has a side effect: how often it runs is not defined. What a slope
//   adds to gradients is part of what it yields.
// - Operations are those of arith and math, and of attn that regions have.
static LogicalResult verifyKind(AttentionOp op, Operation &nested) {
  // sdpa_c20
  if (isa<AddGradientOp>(nested))
    return success();
  if (!isMemoryEffectFree(&nested))
    return refuse(op, nested,
                  "expected operations without side effects in its regions, "
                  "got `" +
                      nested.getName().getStringRef() + "`");
  // sdpa_c25
  StringRef dialect = nested.getName().getDialectNamespace();
  if (dialect == arith::ArithDialect::getDialectNamespace() ||
      dialect == math::MathDialect::getDialectNamespace() ||
      isa<CaptureOp, QueryLengthOp, KeyLengthOp, YieldOp>(nested))
    return success();
  return refuse(op, nested,
                "expected operations of arith and math and `attn.capture` in "
                "its regions, got `" +
                    nested.getName().getStringRef() + "`");
}

// - From outside come captured tensors, through attn.capture, and constants.
static LogicalResult verifySources(AttentionOp op, Region &region,
                                   Operation &nested) {
  // sdpa_c26
  for (OpOperand &operand : nested.getOpOperands()) {
    Value value = operand.get();
    if (region.isAncestor(value.getParentRegion()) ||
        value.getDefiningOp<arith::ConstantOp>())
      continue;
    if (isa<AddGradientOp>(nested) && operand.getOperandNumber() == 1)
      continue;
    bool isSource = isa<CaptureOp>(nested) && operand.getOperandNumber() == 0;
    if (!isSource)
      return refuse(op, nested,
                    "expected values from outside of its regions to be read "
                    "by `attn.capture`, got one as an operand of `" +
                        nested.getName().getStringRef() + "`");
    if (!llvm::is_contained(op.getCaptures(), value))
      return refuse(op, nested,
                    "expected the tensor of `attn.capture` in `captures`");
  }
  return success();
}

static LogicalResult verifyRegion(AttentionOp op, const RegionForm &form) {
  if (form.region.empty())
    return success();
  if (failed(verifyArguments(op, form)) || failed(verifyYield(op, form)))
    return failure();
  for (Operation &nested : form.region.getOps())
    if (failed(verifyKind(op, nested)) ||
        failed(verifySources(op, form.region, nested)))
      return failure();
  return success();
}

// - score: (s, b, h, i, j) -> f32; keep: (b, h, i, j) -> i1;
//   range: (b, h, i0, i1) -> four index values, or six.
static LogicalResult verifyAll(AttentionOp op) {
  Builder builder(op.getContext());
  const RegionForm forms[] = {
      // sdpa_c24
      {"score", op.getScore(), /*hasScore=*/true, {1}, builder.getF32Type()},
      // sdpa_c18
      {"keep", op.getKeep(), /*hasScore=*/false, {1}, builder.getI1Type()},
      // sdpa_c19
      {"range",
       op.getRange(),
       /*hasScore=*/false,
       {4, 6},
       builder.getIndexType()}};
  for (const RegionForm &form : forms)
    if (failed(verifyRegion(op, form)))
      return failure();
  return success();
}

LogicalResult SdpaOp::verifyRegions() { return verifyAll(*this); }

// - query_range: (b, h, j0, j1) -> four index values, or six;
//   slope: (s, b, h, i, j) -> f32.
LogicalResult SdpaGradOp::verifyRegions() {
  if (failed(verifyAll(*this)))
    return failure();
  // sdpa_grad_g6
  Type index = IndexType::get(getContext());
  if (failed(verifyRegion(*this, {"query_range",
                                  getQueryRange(),
                                  /*hasScore=*/false,
                                  {4, 6},
                                  index})))
    return failure();
  // sdpa_grad_g7
  Type real = Float32Type::get(getContext());
  return verifyRegion(*this,
                      {"slope", getSlope(), /*hasScore=*/true, {1}, real});
}

//===----------------------------------------------------------------------===//
// Operations in regions
//===----------------------------------------------------------------------===//

// - It stands inside a region of attn.sdpa.
static LogicalResult verifyInsideSdpa(Operation *op) {
  // sdpa_c21
  if (!op->getParentOfType<AttentionOp>())
    return op->emitOpError() << "expected to stand in a region of `attn.sdpa`";
  return success();
}

LogicalResult QueryLengthOp::verify() { return verifyInsideSdpa(*this); }
LogicalResult KeyLengthOp::verify() { return verifyInsideSdpa(*this); }

// - There is one index for each dimension, and constant ones are inside.
LogicalResult CaptureOp::verify() {
  if (failed(verifyInsideSdpa(*this)))
    return failure();
  // sdpa_c27
  RankedTensorType type = getSource().getType();
  if (int64_t(getIndices().size()) != type.getRank())
    return emitOpError() << "expected " << type.getRank()
                         << " indices, as many as the rank of " << type
                         << ", got " << getIndices().size();
  // sdpa_c28
  for (auto [i, index] : llvm::enumerate(getIndices())) {
    APInt constant;
    if (!matchPattern(index, m_ConstantInt(&constant)))
      continue;
    int64_t size = type.getDimSize(i), value = constant.getSExtValue();
    if (value < 0 || (ShapedType::isStatic(size) && value >= size))
      return emitOpError() << "expected index " << i << " to be inside of "
                           << type << ", got " << value;
  }
  return success();
}
