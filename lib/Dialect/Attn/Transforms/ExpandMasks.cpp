//===- ExpandMasks.cpp - Turns the clauses of masks into regions ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa %q, %k, %v causal(top_left)
// becomes
//   attn.sdpa %q, %k, %v keep  { j <= i }
//                        range { 0, 0, min(i0 + 1, Sk), min(i1, Sk) }
//
// In two steps that do not know each other: the clauses become a predicate, and
// the range is derived from whatever predicate stands in the op.
//
//===----------------------------------------------------------------------===//

#include "IndexMath.h"
#include "KeepRange.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <optional>

namespace attn {
#define GEN_PASS_DEF_EXPANDMASKS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

/// offset + count, in +-2^30. Rows and keys are at least 0 and below 2^30, so a
/// bound that far out already keeps all or none. The sum is what is clamped:
/// an offset and a count, both large, may cancel.
static int64_t clampedSum(int64_t offset, int64_t count) {
  constexpr int64_t kBound = SdpaOp::kMaxLength;
  int64_t sum;
  if (llvm::AddOverflow(offset, count, sum)) // Only where the signs agree.
    return offset < 0 ? -kBound : kBound;
  return std::clamp(sum, -kBound, kBound);
}

namespace {

/// Writes the keep region of one op from its clauses.
class MaskExpander {
public:
  explicit MaskExpander(AttentionOp op);
  void expand();

private:
  void keepWhere(Value predicate) {
    kept = kept ? math.both(kept, predicate) : predicate;
  }
  void expandUpper();
  void expandLower();
  void expandPrefix();
  void expandChunks();
  void expandDocuments();
  void expandMask();
  Value readCapture(StringRef clause, Value tensor, ValueRange indices) {
    return captureOfClause(builder, op, clause, tensor, indices);
  }
  void dropClauses();

  AttentionOp op;
  OpBuilder builder;
  Block *block;
  IndexMath math;
  CausalAttr causal;
  WindowAttr window;
  int64_t offset;
  Value batch, head, query, key;
  Value position; // p, but for a constant offset
  Value kept;     // null as long as all keys are
};

} // namespace

static Block *addKeepBlock(OpBuilder &builder, AttentionOp op) {
  SmallVector<Type> types(4, builder.getIndexType());
  return addRegionBlock(builder, op.getLoc(), op.getKeep(), types);
}

MaskExpander::MaskExpander(AttentionOp op)
    : op(op), builder(op.getContext()), block(addKeepBlock(builder, op)),
      math(builder, op.getLoc()), causal(op.getCausalAttr()),
      window(op.getWindowAttr()), offset(causal ? causal.getOffset() : 0),
      batch(block->getArgument(0)), head(block->getArgument(1)),
      query(block->getArgument(2)), key(block->getArgument(3)) {
  position = query;
  if (causal && causal.getKind() == CausalKind::BottomRight)
    position = math.add(query, math.sub(math.keyLength(), math.queryLength()));
}

/// j <= p, or j <= p + right. A prefix makes a rule of its own of the former.
void MaskExpander::expandUpper() {
  bool hasPrefix = op.getPrefix() || op.getPrefixLengths();
  std::optional<int64_t> upper;
  if (causal && !hasPrefix)
    upper = clampedSum(offset, 0);
  else if (window && window.isRightBounded())
    upper = clampedSum(offset, window.getRight());
  if (upper)
    keepWhere(math.compare(arith::CmpIPredicate::sle, key,
                           math.addConstant(position, *upper)));
}

/// j >= p - left
void MaskExpander::expandLower() {
  if (!window || !window.isLeftBounded())
    return;
  int64_t lower = clampedSum(offset, -window.getLeft());
  keepWhere(math.compare(arith::CmpIPredicate::sge, key,
                         math.addConstant(position, lower)));
}

/// j < n or j <= p
void MaskExpander::expandPrefix() {
  Value length;
  if (op.getPrefix())
    length = math.constant(*op.getPrefix());
  else if (op.getPrefixLengths())
    length = arith::IndexCastOp::create(
        builder, op.getLoc(), builder.getIndexType(),
        readCapture("prefix", op.getPrefixLengths(), batch));
  if (!length)
    return;
  Value isCausal =
      math.compare(arith::CmpIPredicate::sle, key,
                   math.addConstant(position, clampedSum(offset, 0)));
  keepWhere(math.either(math.compare(arith::CmpIPredicate::slt, key, length),
                        isCausal));
}

/// c <= j < c + n, where c = floor(p / n) * n
void MaskExpander::expandChunks() {
  if (!op.getChunked())
    return;
  auto size = static_cast<int64_t>(*op.getChunked());
  Value p = math.addConstant(position, clampedSum(offset, 0));
  Value first = math.scale(math.floorDiv(p, size), size);
  Value end = math.addConstant(first, size);
  keepWhere(math.compare(arith::CmpIPredicate::sge, key, first));
  keepWhere(math.compare(arith::CmpIPredicate::slt, key, end));
}

void MaskExpander::expandDocuments() {
  if (!op.getQueryDocuments())
    return;
  Value ofQuery =
      readCapture("documents", op.getQueryDocuments(), {batch, query});
  Value ofKey = readCapture("documents", op.getKeyDocuments(), {batch, key});
  keepWhere(math.compare(arith::CmpIPredicate::eq, ofQuery, ofKey));
}

void MaskExpander::expandMask() {
  if (!op.getMask())
    return;
  SmallVector<Value> indices = {batch, head, query, key};
  for (auto [index, size] :
       llvm::zip(indices, op.getMask().getType().getShape()))
    if (size == 1)
      index = math.zero();
  keepWhere(readCapture("mask", op.getMask(), indices));
}

void MaskExpander::dropClauses() {
  op.removeCausalAttr();
  op.removeWindowAttr();
  op.removePrefixAttr();
  op.removeChunkedAttr();
  op.getPrefixLengthsMutable().clear();
  op.getQueryDocumentsMutable().clear();
  op.getKeyDocumentsMutable().clear();
  op.getMaskMutable().clear();
}

void MaskExpander::expand() {
  expandUpper();
  expandLower();
  expandPrefix();
  expandChunks();
  expandDocuments();
  expandMask();
  dropClauses();
  if (kept)
    YieldOp::create(builder, op.getLoc(), kept);
  else // The clauses exclude nothing.
    op.getKeep().getBlocks().clear();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct ExpandMasks : public attn::impl::ExpandMasksBase<ExpandMasks> {
  void runOnOperation() override {
    getOperation()->walk([](AttentionOp op) {
      if (op.hasMaskClause())
        MaskExpander(op).expand();
      if (!op.getKeep().empty() && op.getRange().empty())
        deriveRange(op);
      auto grad = dyn_cast<SdpaGradOp>(op.getOperation());
      if (grad && !grad.getKeep().empty() && grad.getQueryRange().empty())
        deriveQueryRange(grad);
    });
  }
};

} // namespace
