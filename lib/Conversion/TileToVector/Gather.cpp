//===- Gather.cpp - Elements of memory, wherever they lie -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Gather.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static Value widened(ImplicitLocOpBuilder &b, Value value) {
  Type element = getElementTypeOrSelf(value);
  if (!isa<FloatType>(element) || element.isF32())
    return value;
  Type f32 = b.getF32Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    f32 = vector.clone(f32);
  return arith::ExtFOp::create(b, f32, value);
}

static SmallVector<Value> asIndices(ImplicitLocOpBuilder &b,
                                    ValueRange numbers) {
  return llvm::map_to_vector(numbers, [&](Value number) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), number);
  });
}

Value tile::emitElement(Frame &frame, Value memref, ValueRange indices) {
  ImplicitLocOpBuilder &b = frame.b;
  return widened(b, memref::LoadOp::create(b, memref, asIndices(b, indices)));
}

Value tile::emitNeighbours(Frame &frame, Value memref, ValueRange indices) {
  ImplicitLocOpBuilder &b = frame.b;
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return widened(b, vector::LoadOp::create(b, frame.vectorOf(element), memref,
                                           asIndices(b, indices)));
}

/// Offsets are of 64 bits: strides may be as large.
Value tile::emitGather(Frame &frame, Value memref, ValueRange indices) {
  ImplicitLocOpBuilder &b = frame.b;
  auto type = cast<MemRefType>(memref.getType());
  int64_t lanes = frame.processor.lanes();
  auto offsets = VectorType::get(lanes, b.getIndexType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  Value offset;
  for (auto [index, stride] : llvm::zip(indices, metadata.getStrides())) {
    Value number = index;
    if (!isa<VectorType>(number.getType()))
      number = vector::BroadcastOp::create(
          b, VectorType::get(lanes, number.getType()), number);
    number = arith::IndexCastOp::create(b, offsets, number);
    Value step = vector::BroadcastOp::create(b, offsets, stride);
    Value term = arith::MulIOp::create(b, number, step);
    offset = offset ? arith::AddIOp::create(b, offset, term).getResult() : term;
  }
  VectorType result = frame.vectorOf(type.getElementType());
  auto flags = VectorType::get(lanes, b.getI1Type());
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(flags, true));
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(result));
  SmallVector<Value> origin(type.getRank(), frame.index(0));
  return widened(b, vector::GatherOp::create(b, result, memref, origin, offset,
                                             all, none));
}
