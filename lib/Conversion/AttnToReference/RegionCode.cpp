//===- RegionCode.cpp - Regions of attn.sdpa as host code -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %t = attn.capture %slopes[%h] : tensor<4xbf16>
//   %x = arith.extf %t : bf16 to f32
//   %y = arith.mulf %s, %x : f32
// becomes, in the reference,
//   %t = memref.load %slopes[max(min(%h, 3), 0)]     widened to f64
//   %y = arith.mulf %s, %t : f64
//
//===----------------------------------------------------------------------===//

#include "RegionCode.h"

#include "attn/Dialect/Attn/Transforms/RegionUtils.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// Whether the judges have a meaning for values of this type.
static bool isJudged(Type type) {
  return type.isIntOrIndex() || type.isF16() || type.isBF16() || type.isF32() ||
         type.isF64();
}

/// - All values are integers, indices and floats of at least 16 bits.
/// - No operation looks at the bits of a float: they differ in an f64.
static LogicalResult checkOp(Operation &op) {
  auto refuse = [&](const Twine &what) {
    return op.emitOpError()
           << "is not supported in a region of `attn.sdpa`: " << what;
  };
  for (Type type : op.getResultTypes())
    if (!isJudged(type))
      return refuse("expected integers, indices, f16, bf16, f32 or f64")
             << ", got " << type;
  auto isFloat = [](Type type) { return isa<FloatType>(type); };
  if (isa<arith::BitcastOp>(op) &&
      (llvm::any_of(op.getOperandTypes(), isFloat) ||
       llvm::any_of(op.getResultTypes(), isFloat)))
    return refuse("the reference computes in f64, where a float has other "
                  "bits");
  return success();
}

LogicalResult attn::checkRegions(AttentionOp op) {
  for (Region &region : op->getRegions())
    for (Operation &nested : region.getOps())
      if (failed(checkOp(nested)))
        return failure();
  return success();
}

/// The type that the judge has for values of `type`.
Type RegionCode::held(Type type) {
  if (!isa<FloatType>(type) || type.isF64())
    return type;
  return real;
}

/// What the operation's own type leaves of a value, in the baseline.
Value RegionCode::rounded(Type type, Value value) {
  return type.isF16() || type.isBF16() ? roundTo(cast<FloatType>(type), value)
                                       : value;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

void RegionCode::start(Block &block, ValueRange arguments) {
  mapping.clear();
  mapping.map(block.getArguments(), arguments);
}

SmallVector<Value> RegionCode::emitWith(CaptureOp read, Value value,
                                        ValueRange arguments) {
  replaced = read;
  replacement = value;
  SmallVector<Value> results = emit(*read->getParentRegion(), arguments);
  replaced = {};
  return results;
}

RegionCode::Element RegionCode::emitRead(CaptureOp read, ValueRange arguments) {
  start(*read->getBlock(), arguments);
  for (Operation &op : *read->getBlock()) {
    emitOp(op);
    if (&op == read)
      break;
  }
  Element element = {mapping.lookup(read.getResult()), {}};
  for (unsigned dim = 0; dim < read.getIndices().size(); ++dim)
    element.indices.push_back(clampedIndex(read, dim));
  return element;
}

SmallVector<Value> RegionCode::emit(Region &region, ValueRange arguments) {
  Block &block = region.front();
  start(block, arguments);
  for (Operation &op : block.without_terminator())
    emitOp(op);
  emitConstants(*block.getTerminator());
  return llvm::map_to_vector(
      block.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookup(value); });
}

void RegionCode::emitOp(Operation &op) {
  auto become = [&](Value value) { mapping.map(op.getResult(0), value); };
  emitConstants(op);
  if (isa<QueryLengthOp>(op))
    become(sizes.queryLength);
  else if (isa<KeyLengthOp>(op))
    become(sizes.keyLength);
  else if (auto capture = dyn_cast<CaptureOp>(op))
    become(capture == replaced ? replacement : readCapture(capture));
  else if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    become(emitCast(op));
  else
    emitCopy(op);
}

/// Copies the constants that come from outside of the region, since the judge
/// is another function. Captured tensors do, too, and have their buffers.
void RegionCode::emitConstants(Operation &op) {
  for (Value operand : op.getOperands())
    if (!mapping.contains(operand) && !buffers.captures.contains(operand))
      emitCopy(*operand.getDefiningOp());
}

/// The same operation on the types of the judge, without the flags that leave
/// its result open.
void RegionCode::emitCopy(Operation &op) {
  Operation *copy = builder.clone(op, mapping);
  guardDivisor(builder, copy);
  if (auto relaxed = dyn_cast<arith::ArithFastMathInterface>(copy))
    copy->setAttr(relaxed.getFastMathAttrName(),
                  arith::FastMathFlagsAttr::get(builder.getContext(),
                                                arith::FastMathFlags::none));
  for (OpResult result : copy->getResults())
    result.setType(held(result.getType()));
  if (auto constant = dyn_cast<arith::ConstantOp>(copy))
    if (auto value = dyn_cast<FloatAttr>(constant.getValue()))
      constant.setValueAttr(
          FloatAttr::get(held(value.getType()), value.getValueAsDouble()));
  for (auto [result, made] :
       llvm::zip_equal(op.getResults(), copy->getResults())) {
    Value value = made;
    // GPUs have an instruction, whose relative error is 2^-11: 11 bits.
    constexpr int kCutByTanh = 24 - 11;
    if (isa<math::TanhOp>(op) && made.getType().isF32())
      value = cutBits(value, kCutByTanh);
    mapping.map(result, rounded(result.getType(), value));
  }
}

/// From one float to another: most of them are the same to the judge.
Value RegionCode::emitCast(Operation &op) {
  Value value = mapping.lookup(op.getOperand(0));
  Type type = op.getResult(0).getType(), to = held(type);
  if (value.getType().isF64() && to.isF32())
    value = make<arith::TruncFOp>(to, value);
  else if (value.getType() != to)
    value = make<arith::ExtFOp>(to, value);
  return rounded(type, value);
}

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

/// The index of a dimension that is closest to the one asked for.
Value RegionCode::clampedIndex(CaptureOp op, unsigned dim) {
  Value size =
      make<memref::DimOp>(buffers.captures.lookup(op.getSource()), dim);
  Value last = make<arith::SubIOp>(size, index(1));
  Value clamped =
      make<arith::MinSIOp>(mapping.lookup(op.getIndices()[dim]), last);
  return make<arith::MaxSIOp>(clamped, index(0));
}

/// Reads the element at the index that is closest to the one asked for. A
/// tensor without elements reads as 0.
Value RegionCode::readCapture(CaptureOp op) {
  Value buffer = buffers.captures.lookup(op.getSource());
  Value hasElements;
  SmallVector<Value> indices;
  for (unsigned i = 0; i < op.getIndices().size(); ++i) {
    indices.push_back(clampedIndex(op, i));
    Value size = make<memref::DimOp>(buffer, i);
    int64_t known = op.getSource().getType().getDimSize(i);
    if (ShapedType::isStatic(known) && known > 0)
      continue;
    Value isSome =
        make<arith::CmpIOp>(arith::CmpIPredicate::sgt, size, index(0));
    hasElements =
        hasElements ? make<arith::AndIOp>(hasElements, isSome) : isSome;
  }
  if (!hasElements)
    return readElement(op, buffer, indices);
  Type type = held(op.getType());
  Value zero =
      make<arith::ConstantOp>(cast<TypedAttr>(builder.getZeroAttr(type)));
  return choose(
      hasElements,
      [&]() -> SmallVector<Value> {
        return {readElement(op, buffer, indices)};
      },
      zero)[0];
}

Value RegionCode::readElement(CaptureOp op, Value buffer, ValueRange indices) {
  if (isa<FloatType>(op.getType()))
    return loadElement(buffer, indices);
  return make<memref::LoadOp>(buffer, indices);
}
