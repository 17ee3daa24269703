//===- HeadGroups.cpp - Query heads that share a key head -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HeadGroups.h"

using namespace mlir;
using namespace attn;

HostHeadGroups::HostHeadGroups(HostBuilder &b, SdpaOp op, int64_t headsOfTile)
    : b(b), headsOfTile(headsOfTile),
      keyHeads(b.dim(op.getKey(), op.headDim())) {
  Value queryHeads = b.dim(op.getQuery(), op.headDim());
  group = b.div(queryHeads, b.atLeastOne(keyHeads));
  if (headsOfTile == 1) {
    tilesOfGroup = group;
    allTiles = queryHeads;
    return;
  }
  tilesOfGroup = b.ceilDiv(group, b.constant(headsOfTile));
  allTiles = b.mul(keyHeads, tilesOfGroup);
}

/// Maps dimensions to those of a view that splits dimension `dim` in two.
static SmallVector<ReassociationIndices> splittingDim(int64_t rank,
                                                      int64_t dim) {
  SmallVector<ReassociationIndices> parts;
  for (int64_t i = 0; i < rank; ++i)
    parts.push_back(i < dim    ? ReassociationIndices{i}
                    : i == dim ? ReassociationIndices{i, i + 1}
                               : ReassociationIndices{i + 1});
  return parts;
}

static int64_t staticSize(OpFoldResult size) {
  return getConstantIntValue(size).value_or(ShapedType::kDynamic);
}

/// The sizes of a tensor; those of a destination are the operands that it was
/// made with.
static SmallVector<OpFoldResult> sizesOf(HostBuilder &b, Value tensor) {
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes();
  return tensor::getMixedSizes(b, b.getLoc(), tensor);
}

Value HostHeadGroups::splitHeads(Value tensor, int64_t headDim) {
  if (headsOfTile == 1 || !tensor)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> sizes = sizesOf(b, tensor);
  sizes[headDim] = getAsOpFoldResult(keyHeads);
  sizes.insert(sizes.begin() + headDim + 1, getAsOpFoldResult(group));
  SmallVector<int64_t> shape(type.getShape());
  shape[headDim] = staticSize(sizes[headDim]);
  int64_t ofGroup = staticSize(sizes[headDim + 1]);
  if (ShapedType::isDynamic(ofGroup) && !type.isDynamicDim(headDim)) {
    SmallVector<int64_t> open(type.getShape());
    open[headDim] = ShapedType::kDynamic;
    type = type.clone(open);
    tensor = tensor::CastOp::create(b, type, tensor);
  }
  shape.insert(shape.begin() + headDim + 1, ofGroup);
  return tensor::ExpandShapeOp::create(b, type.clone(shape), tensor,
                                       splittingDim(type.getRank(), headDim),
                                       sizes);
}

Value HostHeadGroups::mergeHeads(Value tensor, int64_t headDim, Type type) {
  if (headsOfTile == 1 || !tensor)
    return tensor;
  int64_t rank = cast<RankedTensorType>(type).getRank();
  Value result =
      tensor::CollapseShapeOp::create(b, tensor, splittingDim(rank, headDim));
  if (result.getType() == type)
    return result;
  return tensor::CastOp::create(b, type, result);
}
