//===- ExpandMath.cpp - Functions that targets have -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   math.exp %x   becomes   math.exp2 (%x * log2(e))
//
// Regions of attention may use any function of math. Here they become those
// that targets have an instruction for, and arithmetic, by upstream's
// expansions and approximations in f32.
//
//===----------------------------------------------------------------------===//

#include "FunctionLowering.h"

#include "attn/Conversion/AttnToTile/Passes.h"
#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace attn {
#define GEN_PASS_DEF_EXPANDMATH
#include "attn/Conversion/AttnToTile/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

struct ExpandMath : public attn::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override;
};

/// A function by another one: f(x) = after * g(before * x).
template <typename FromT, typename ToT>
struct ByAnother : OpRewritePattern<FromT> {
  ByAnother(MLIRContext *context, double before, double after)
      : OpRewritePattern<FromT>(context, /*benefit=*/2), before(before),
        after(after) {}

  LogicalResult matchAndRewrite(FromT op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return failure();
    Location loc = op.getLoc();
    auto scaled = [&](Value value, double factor) -> Value {
      if (factor == 1)
        return value;
      Value constant = arith::ConstantOp::create(
          rewriter, loc, rewriter.getF32FloatAttr(factor));
      return arith::MulFOp::create(rewriter, loc, value, constant);
    };
    Value result = ToT::create(rewriter, loc, scaled(op.getOperand(), before));
    rewriter.replaceOp(op, scaled(result, after));
    return success();
  }

  double before, after;
};

} // namespace

static constexpr double kLog2E = 1.4426950408889634;
static constexpr double kLn2 = 0.6931471805599453;
static constexpr double kLog10Of2 = 0.30102999566398120;

static void populatePatterns(RewritePatternSet &patterns, bool isProcessor) {
  MLIRContext *context = patterns.getContext();
  math::populateExpansionPatterns(patterns, {"tan", "sinh", "cosh", "asinh",
                                             "acosh", "atanh", "powf", "rsqrt",
                                             "round", "clampf"});
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  // GPUs have an instruction for the hyperbolic tangent and the logarithm;
  // processors have neither.
  populateMathPolynomialApproximationPatterns(
      patterns, [isProcessor](StringRef name) {
        if (name == math::TanhOp::getOperationName() ||
            name == math::Log2Op::getOperationName())
          return isProcessor;
        return name != math::Exp2Op::getOperationName();
      });
  patterns.add<ByAnother<math::ExpOp, math::Exp2Op>>(context, kLog2E, 1);
  patterns.add<ByAnother<math::LogOp, math::Log2Op>>(context, 1, kLn2);
  patterns.add<ByAnother<math::Log10Op, math::Log2Op>>(context, 1, kLog10Of2);
}

/// Operations that may be written in others.
static SmallVector<Operation *> candidatesOf(Region &region) {
  SmallVector<Operation *> ops;
  for (Operation &op : region.getOps())
    if (isa<arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op) ||
        isa<math::MathDialect>(op.getDialect()))
      ops.push_back(&op);
  return ops;
}

void ExpandMath::runOnOperation() {
  getOperation()->walk([&](AttentionOp op) {
    const TargetDesc *target = lookupTarget(targetOf(op));
    OpBuilder builder(op);
    SmallVector<Region *, 3> regions = {&op.getScore(), &op.getKeep()};
    if (auto grad = dyn_cast<SdpaGradOp>(op.getOperation()))
      regions.push_back(&grad.getSlope());
    for (Region *region : regions) {
      for (Operation &nested : region->getOps())
        guardDivisor(builder, &nested);
      SmallVector<Operation *> ops = candidatesOf(*region);
      if (ops.empty())
        continue;
      RewritePatternSet patterns(&getContext());
      populatePatterns(patterns, target && target->isProcessor());
      GreedyRewriteConfig config;
      config.setScope(region).setStrictness(
          GreedyRewriteStrictness::ExistingAndNewOps);
      if (failed(applyOpPatternsGreedily(ops, std::move(patterns), config)))
        return signalPassFailure();
    }
  });
}
