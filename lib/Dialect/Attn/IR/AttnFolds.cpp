//===- AttnFolds.cpp - Canonical forms of the attn ops --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %o, %lse = attn.sdpa … causal(bottom_right) window(inf, 0)   // %lse unused
// becomes, where Sq and Sk are static and equal,
//   %o = attn.sdpa … causal(top_left)
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace attn;

/// An LSE that nobody reads is not computed.
static LogicalResult dropUnusedLse(SdpaOp op, PatternRewriter &rewriter) {
  if (!op.getLse() || !op.getLse().use_empty())
    return rewriter.notifyMatchFailure(op, "no LSE, or it is used");
  auto one =
      SdpaOp::create(rewriter, op.getLoc(), TypeRange(op.getOutput().getType()),
                     op->getOperands(), op.getProperties(),
                     op->getDiscardableAttrDictionary().getValue());
  for (auto [from, to] : llvm::zip(op->getRegions(), one->getRegions()))
    rewriter.inlineRegionBefore(from, to, to.end());
  rewriter.replaceAllUsesWith(op.getOutput(), one.getOutput());
  rewriter.eraseOp(op);
  return success();
}

/// A causal row keeps j <= p, so keys up to p + right bound nothing more; a
/// window without bounds is none.
static LogicalResult simplifyWindow(SdpaOp op, PatternRewriter &rewriter) {
  WindowAttr window = op.getWindowAttr();
  if (!window)
    return rewriter.notifyMatchFailure(op, "no window");
  bool isRightImplied = op.getCausal() || !window.isRightBounded();
  if (isRightImplied && !window.isLeftBounded()) {
    rewriter.modifyOpInPlace(op, [&] { op.removeWindowAttr(); });
    return success();
  }
  if (isRightImplied && window.isRightBounded()) {
    rewriter.modifyOpInPlace(op, [&] {
      op.setWindowAttr(WindowAttr::get(op.getContext(), window.getLeft(),
                                       WindowAttr::kUnbounded));
    });
    return success();
  }
  return rewriter.notifyMatchFailure(op, "both sides matter");
}

/// An alignment that adds nothing to i is `top_left`.
static LogicalResult simplifyCausal(SdpaOp op, PatternRewriter &rewriter) {
  CausalAttr causal = op.getCausalAttr();
  if (!causal)
    return rewriter.notifyMatchFailure(op, "not causal");
  int64_t queries = op.getQuery().getType().getDimSize(op.lengthDim());
  int64_t keys = op.getKey().getType().getDimSize(op.lengthDim());
  bool addsNothing =
      (causal.getKind() == CausalKind::Offset && causal.getOffset() == 0) ||
      (causal.getKind() == CausalKind::BottomRight &&
       ShapedType::isStatic(queries) && queries == keys);
  if (!addsNothing)
    return rewriter.notifyMatchFailure(op, "the alignment matters");
  rewriter.modifyOpInPlace(op, [&] {
    op.setCausalAttr(CausalAttr::get(op.getContext(), CausalKind::TopLeft));
  });
  return success();
}

/// A predicate that is always true is no mask.
static LogicalResult dropTrueKeep(SdpaOp op, PatternRewriter &rewriter) {
  if (op.getKeep().empty() ||
      !matchPattern(op.getKeep().front().getTerminator()->getOperand(0),
                    m_One()))
    return rewriter.notifyMatchFailure(op, "no keep, or not always true");
  for (Region *region : {&op.getKeep(), &op.getRange()})
    if (!region->empty())
      rewriter.eraseBlock(&region->front());
  rewriter.modifyOpInPlace(op, [] {});
  return success();
}

void SdpaOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  patterns.add(dropUnusedLse);
  patterns.add(simplifyWindow);
  patterns.add(simplifyCausal);
  patterns.add(dropTrueKeep);
}
