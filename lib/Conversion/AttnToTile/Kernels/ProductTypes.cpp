//===- ProductTypes.cpp - What products multiply --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductTypes.h"

#include "../FunctionLowering.h"
#include "attn/Target/MmaAtom.h"
#include "attn/Target/TargetRegistry.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;

/// Processors widen what they have no instruction for.
static Type productType(const TargetDesc &target, Type element) {
  if (!target.isProcessor() ||
      (element.isBF16() && target.processor->hasBF16Dot))
    return element;
  return Float32Type::get(element.getContext());
}

static int64_t inSteps(int64_t dim, const TargetDesc &target, Type element) {
  int64_t step = target.isProcessor()
                     ? target.processor->lanes()
                     : WarpFragment::depth(element.getIntOrFloatBitWidth());
  return llvm::alignTo(dim, step);
}

ProductTypes::ProductTypes(AttentionOp op) {
  const TargetDesc &target = *lookupTarget(targetOf(op));
  element = op.getElementType();
  multiplied = productType(target, element);
  dimQK = inSteps(op.getHeadDimQK(), target, element);
  dimV = inSteps(op.getHeadDimV(), target, element);
}

void attn::setProductParts(tile::KernelOp kernel, AttentionOp op) {
  if (lookupTarget(targetOf(op))->isProcessor() || !op.getElementType().isF32())
    return;
  int64_t parts = op.getPrecisionOrDefault() == Precision::TF32x3 ? 2 : 1;
  kernel.walk([&](tile::DotOp dot) { dot.setParts(parts); });
}
