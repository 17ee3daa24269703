//===- GlobalView.cpp - Places in global memory ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Memory.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// GlobalView
//===----------------------------------------------------------------------===//

/// Strides that a memref of this type has at run time: but for the innermost
/// one where that is 1. It is not in transposed row vectors.
static int64_t numStrides(MemRefType type) {
  if (type.getRank() == 0)
    return 0;
  return type.getRank() - (type.getStridesAndOffset().first.back() == 1);
}

void GlobalView::partTypes(MemRefType type, SmallVectorImpl<Type> &types) {
  MLIRContext *context = type.getContext();
  types.push_back(LLVM::LLVMPointerType::get(context, 1));
  types.append(type.getNumDynamicDims(), IntegerType::get(context, 32));
  types.append(numStrides(type), IntegerType::get(context, 64));
}

GlobalView GlobalView::unpack(OpBuilder &builder, Location loc, MemRefType type,
                              ValueRange parts) {
  GlobalView view;
  view.elementType = type.getElementType();
  view.pointer = parts.front();
  parts = parts.drop_front();
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      view.dims.push_back(emitI32(builder, loc, size));
      continue;
    }
    view.dims.push_back(parts.front());
    parts = parts.drop_front();
  }
  view.strides.assign(parts.begin(), parts.end());
  if (numStrides(type) != type.getRank())
    view.strides.push_back(emitI64(builder, loc, 1));
  return view;
}

SmallVector<Value> GlobalView::pack(MemRefType type) const {
  SmallVector<Value> parts = {pointer};
  for (auto [dim, size] : llvm::zip(dims, type.getShape()))
    if (ShapedType::isDynamic(size))
      parts.push_back(dim);
  llvm::append_range(parts, ArrayRef(strides).take_front(numStrides(type)));
  return parts;
}

/// Indices may be `index` (32 bits in kernels) or i32.
static Value toI64(OpBuilder &builder, Location loc, Value index) {
  Type i64 = builder.getI64Type();
  if (index.getType() == i64)
    return index;
  if (index.getType().isIndex())
    index =
        arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
  return arith::ExtSIOp::create(builder, loc, i64, index);
}

Value GlobalView::address(OpBuilder &builder, Location loc,
                          ValueRange indices) const {
  Value offset;
  for (auto [index, stride] : llvm::zip(indices, strides)) {
    Value term =
        arith::MulIOp::create(builder, loc, toI64(builder, loc, index), stride);
    offset = offset ? arith::AddIOp::create(builder, loc, offset, term) : term;
  }
  if (!offset) // of rank 0
    return pointer;
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), elementType,
                             pointer, offset);
}

Value GlobalView::isAligned(OpBuilder &builder, Location loc,
                            int64_t bytes) const {
  Value bits =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(), pointer);
  int64_t elementBytes = elementType.getIntOrFloatBitWidth() / 8;
  for (Value stride : ArrayRef(strides).drop_back()) {
    Value inBytes = arith::MulIOp::create(builder, loc, stride,
                                          emitI64(builder, loc, elementBytes));
    bits = arith::OrIOp::create(builder, loc, bits, inBytes);
  }
  Value rest = arith::AndIOp::create(builder, loc, bits,
                                     emitI64(builder, loc, bytes - 1));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rest,
                               emitI64(builder, loc, 0));
}

void attn::tile::storeSegment(OpBuilder &builder, Location loc, Value address,
                              ValueRange columns, int64_t alignment) {
  Value stored = columns.front();
  if (columns.size() > 1) {
    auto type = VectorType::get(columns.size(), stored.getType());
    stored = LLVM::PoisonOp::create(builder, loc, type);
    for (auto [i, column] : llvm::enumerate(columns))
      stored = LLVM::InsertElementOp::create(builder, loc, stored, column,
                                             emitI32(builder, loc, i));
  }
  LLVM::StoreOp::create(builder, loc, stored, address, alignment);
}

//===----------------------------------------------------------------------===//
// RowIndexer
//===----------------------------------------------------------------------===//

RowIndexer::RowIndexer(OpBuilder &builder, Location loc, ValueRange indices,
                       std::optional<ArrayRef<int64_t>> box) {
  for (Value index : indices)
    first.push_back(
        arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index));
  if (box)
    this->box.assign(box->begin(), box->end());
}

SmallVector<Value> RowIndexer::at(OpBuilder &builder, Location loc, Value row,
                                  int64_t offset) const {
  SmallVector<Value> indices(first);
  auto add = [&](Value &index, Value step) {
    index = builder.createOrFold<arith::AddIOp>(loc, index, step);
  };
  if (!hasBox()) {
    add(indices.back(), row);
    if (offset)
      add(indices.back(), emitI32(builder, loc, offset));
    return indices;
  }
  Value left = row;
  if (offset)
    add(left, emitI32(builder, loc, offset));
  size_t outermost =
      llvm::find_if(box, [](int64_t size) { return size != 1; }) - box.begin();
  for (size_t i = box.size(); i-- > outermost + 1;) {
    if (box[i] == 1)
      continue;
    Value size = emitI32(builder, loc, box[i]);
    add(indices[i], builder.createOrFold<arith::RemUIOp>(loc, left, size));
    left = builder.createOrFold<arith::DivUIOp>(loc, left, size);
  }
  add(indices[outermost], left);
  return indices;
}

Value RowIndexer::isInside(OpBuilder &builder, Location loc,
                           const GlobalView &view, ValueRange indices) const {
  Value isInside;
  for (auto [i, index] : llvm::enumerate(indices)) {
    if (hasBox() ? box[i] == 1 : i + 1 != indices.size())
      continue;
    Value isLess = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::slt, index, view.dims[i]);
    isInside = isInside ? arith::AndIOp::create(builder, loc, isInside, isLess)
                        : isLess;
  }
  return isInside;
}
