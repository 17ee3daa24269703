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
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

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
static LogicalResult simplifyWindow(AttentionOp op, PatternRewriter &rewriter) {
  WindowAttr window = op.getWindowAttr();
  if (!window)
    return rewriter.notifyMatchFailure(op, "no window");
  // A prefix keeps keys behind the row, which the window then bounds.
  bool isCausal = op.getCausal() && !op.getPrefix() && !op.getPrefixLengths();
  bool isRightImplied = isCausal || !window.isRightBounded();
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
static LogicalResult simplifyCausal(AttentionOp op, PatternRewriter &rewriter) {
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
static LogicalResult dropTrueKeep(AttentionOp op, PatternRewriter &rewriter) {
  if (op.getKeep().empty() ||
      !matchPattern(op.getKeep().front().getTerminator()->getOperand(0),
                    m_One()))
    return rewriter.notifyMatchFailure(op, "no keep, or not always true");
  auto erase = [&](Region &region) {
    if (!region.empty())
      rewriter.eraseBlock(&region.front());
  };
  erase(op.getKeep());
  erase(op.getRange());
  if (auto grad = dyn_cast<SdpaGradOp>(op.getOperation()))
    erase(grad.getQueryRange());
  rewriter.modifyOpInPlace(op, [] {});
  return success();
}

/// A rate that is too small for 16 bits drops nothing.
static LogicalResult dropDropout(SdpaOp op, PatternRewriter &rewriter) {
  if (!op.getDropout() || op.getDropThreshold() != 0)
    return rewriter.notifyMatchFailure(op, "no dropout, or it drops weights");
  rewriter.modifyOpInPlace(op, [&] {
    op.removeDropoutAttr();
    op.getSeedMutable().clear();
    op.getOffsetMutable().clear();
  });
  return success();
}

namespace {

/// Bounds of j around the position of a row, as constraints show them: j <= p +
/// upper, j >= p + lower.
struct Band {
  bool isBottomRight = false;
  std::optional<int64_t> lower, upper;
};

} // namespace

/// Fails where a constraint is no bound around one position.
static FailureOr<Band> readBand(ArrayRef<KeepConstraint> constraints) {
  Band band;
  for (auto [number, constraint] : llvm::enumerate(constraints)) {
    int64_t sign = constraint.j;
    bool isBottomRight = constraint.keyLength != 0;
    int64_t length = isBottomRight ? -sign : 0;
    if (std::abs(sign) != 1 || constraint.i != -sign ||
        constraint.keyLength != length || constraint.queryLength != -length ||
        (number > 0 && isBottomRight != band.isBottomRight))
      return failure();
    band.isBottomRight = isBottomRight;
    std::optional<int64_t> &bound = sign > 0 ? band.upper : band.lower;
    if (bound)
      return failure();
    bound = -sign * constraint.constant;
  }
  return band;
}

/// A keep region without range that spells `causal` and `window` becomes them.
static LogicalResult recognizeBand(AttentionOp op, PatternRewriter &rewriter) {
  if (op.getKeep().empty() || !op.getRange().empty())
    return rewriter.notifyMatchFailure(op, "no keep region alone");
  if (op.getAlibi() || op.getRelativeBias())
    return rewriter.notifyMatchFailure(op, "`causal` would move positions");
  auto constraints = deriveKeepConstraints(op.getKeep());
  if (failed(constraints) || constraints->empty())
    return rewriter.notifyMatchFailure(op, "no affine keep region");
  FailureOr<Band> band = readBand(*constraints);
  if (failed(band))
    return rewriter.notifyMatchFailure(op, "no band around the diagonal");
  // What is relative to the last key has no other diagonal.
  bool isCausal = band->upper && (band->isBottomRight || *band->upper == 0 ||
                                  band->lower.value_or(1) > 0);
  int64_t diagonal = isCausal ? *band->upper : 0;
  int64_t left = diagonal - band->lower.value_or(diagonal);
  int64_t right = isCausal ? 0 : band->upper.value_or(0);
  if ((band->isBottomRight && (!isCausal || diagonal != 0)) || left < 0 ||
      right < 0)
    return rewriter.notifyMatchFailure(op, "no clause for the band");
  rewriter.modifyOpInPlace(op, [&] {
    MLIRContext *context = op.getContext();
    if (isCausal)
      op.setCausalAttr(
          band->isBottomRight
              ? CausalAttr::get(context, CausalKind::BottomRight)
              : CausalAttr::get(context, CausalKind::Offset, diagonal));
    bool hasRight = !isCausal && band->upper;
    if (band->lower || hasRight)
      op.setWindowAttr(
          WindowAttr::get(context, band->lower ? left : WindowAttr::kUnbounded,
                          hasRight ? right : WindowAttr::kUnbounded));
  });
  rewriter.eraseBlock(&op.getKeep().front());
  return success();
}

/// A pattern on any attention as one on a certain op.
template <typename OpT,
          LogicalResult (*pattern)(AttentionOp, PatternRewriter &)>
static LogicalResult onOp(OpT op, PatternRewriter &rewriter) {
  return pattern(op, rewriter);
}

template <typename OpT>
static void addPatterns(RewritePatternSet &patterns) {
  patterns.add(onOp<OpT, simplifyWindow>);
  patterns.add(onOp<OpT, simplifyCausal>);
  patterns.add(onOp<OpT, dropTrueKeep>);
  patterns.add(onOp<OpT, recognizeBand>);
}

void SdpaOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  patterns.add(dropUnusedLse);
  patterns.add(dropDropout);
  addPatterns<SdpaOp>(patterns);
}

void SdpaGradOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *) {
  addPatterns<SdpaGradOp>(patterns);
}
