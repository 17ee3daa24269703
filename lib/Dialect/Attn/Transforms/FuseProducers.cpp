//===- FuseProducers.cpp - What stands before attention goes into it ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %t = linalg.transpose ins(%x) … permutation = [0, 2, 1, 3]
//   %w = arith.extf %t
//   %n = attn.norm rms %w                       %n = attn.norm rms %x fused
//   %r = attn.rope %n                      =>       layout(bshd)
//   %q = arith.truncf %r                        %r = attn.rope %n fused
//   %o = attn.sdpa %q, …                            layout(bshd)
//                                               %o = attn.sdpa %r, …
//                                               layout(bshd)
//
// Types and layouts say what the separate operations did, so that nobody else
// has to know of fusion: the judges follow types, and kernels a mark.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"

namespace attn {
#define GEN_PASS_DEF_FUSEPRODUCERS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

/// The work on one attention.
class Fusion {
public:
  Fusion(SdpaOp op, NumericsPolicy numerics, StringRef pass)
      : op(op), numerics(numerics), pass(pass) {}
  void run();

private:
  void foldLayouts();
  void fuseChain(OpOperand &operand, StringRef name);
  SmallVector<RowOp> chainOf(OpOperand &operand, StringRef name);
  void keepWide(ArrayRef<RowOp> chain);
  void remarkFused(Operation *at, const Twine &text);
  void remarkMissed(Operation *at, const Twine &text);

  SdpaOp op;
  NumericsPolicy numerics;
  StringRef pass;
};

struct FuseProducers : public attn::impl::FuseProducersBase<FuseProducers> {
  using FuseProducersBase::FuseProducersBase;
  void runOnOperation() override;
};

} // namespace

void Fusion::remarkFused(Operation *at, const Twine &text) {
  remark::passed(at->getLoc(), remark::RemarkOpts::name("Fused").category(pass))
      << text.str();
}

void Fusion::remarkMissed(Operation *at, const Twine &text) {
  remark::missed(at->getLoc(),
                 remark::RemarkOpts::name("NotFused").category(pass))
      << text.str();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// The transposition of heads and rows that makes the value, or null.
static linalg::TransposeOp transposeOf(Value value) {
  auto transpose = value.getDefiningOp<linalg::TransposeOp>();
  constexpr int64_t kSwap[] = {0, 2, 1, 3};
  if (!transpose || transpose->getNumResults() != 1 ||
      transpose.getPermutation() != ArrayRef<int64_t>(kSwap))
    return {};
  return transpose;
}

/// The operand that an operation maps row by row, whatever the order of rows;
/// null where it is none of these, or others read its result as it is.
static OpOperand *mappedOperand(Value value) {
  Operation *def = value.getDefiningOp();
  if (!def || !value.hasOneUse())
    return nullptr;
  if (isa<RowOp, arith::ExtFOp, arith::TruncFOp>(def))
    return &def->getOpOperand(0);
  return nullptr;
}

/// Whether the value is the transposition of another, or made of one.
static bool isTransposed(Value value) {
  while (!transposeOf(value)) {
    OpOperand *operand = mappedOperand(value);
    if (!operand)
      return false;
    value = operand->get();
  }
  return true;
}

static Layout otherLayout(Layout layout) {
  return layout == Layout::BHSD ? Layout::BSHD : Layout::BHSD;
}

static Type transposedType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  std::swap(shape[1], shape[2]);
  return tensor.clone(shape);
}

/// Takes the transposition out of what makes the operand, which `isTransposed`.
static void takeTransposeOut(OpOperand &operand) {
  if (auto transpose = transposeOf(operand.get())) {
    operand.set(transpose.getInput());
    if (transpose->use_empty())
      transpose.erase();
    return;
  }
  Value value = operand.get();
  takeTransposeOut(*mappedOperand(value));
  value.setType(transposedType(value.getType()));
  if (auto rows = value.getDefiningOp<RowOp>())
    rows.setLayout(otherLayout(rows.getLayout()));
}

/// Transposes the output back for those who read it in the old layout; a
/// transposition of theirs goes.
static void transposeBack(SdpaOp op, Type oldType) {
  Value output = op.getOutput();
  SmallVector<OpOperand *> others;
  for (OpOperand &use : llvm::make_early_inc_range(output.getUses())) {
    auto transpose = dyn_cast<linalg::TransposeOp>(use.getOwner());
    if (transpose && transpose->getNumResults() == 1 &&
        transposeOf(transpose->getResult(0)) && use.getOperandNumber() == 0)
      transpose->getResult(0).replaceAllUsesWith(output);
    else
      others.push_back(&use);
  }
  if (others.empty())
    return;
  OpBuilder builder(op);
  builder.setInsertionPointAfter(op);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, op.getLoc(), output);
  std::swap(sizes[1], sizes[2]);
  Value empty = tensor::EmptyOp::create(builder, op.getLoc(), sizes,
                                        getElementTypeOrSelf(oldType));
  auto back = linalg::TransposeOp::create(builder, op.getLoc(), output, empty,
                                          ArrayRef<int64_t>{0, 2, 1, 3});
  for (OpOperand *use : others)
    use->set(back->getResult(0));
}

/// One layout holds for query, key, value and output, so all operands must
/// come transposed.
void Fusion::foldLayouts() {
  OpOperand *operands[] = {&op.getQueryMutable(), &op.getKeyMutable(),
                           &op.getValueMutable()};
  auto comesTransposed = [](OpOperand *operand) {
    return isTransposed(operand->get());
  };
  if (llvm::none_of(operands, comesTransposed))
    return;
  if (!llvm::all_of(operands, comesTransposed))
    return remarkMissed(op, "transpositions stay, since not all of query, key "
                            "and value come transposed");
  for (OpOperand *operand : operands)
    takeTransposeOut(*operand);
  Type oldType = op.getOutput().getType();
  op.setLayout(otherLayout(op.getLayout()));
  op.getOutput().setType(cast<RankedTensorType>(transposedType(oldType)));
  transposeBack(op, oldType);
  remarkFused(op, "transpositions of query, key and value are its layout");
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static bool isFloat16(Type element) {
  return element.isF16() || element.isBF16();
}

/// Reads what a cast to f32 read; under `flash` also what one from f32 read,
/// whose rounding is then left out.
static void takeCastIn(RowOp op, NumericsPolicy numerics) {
  OpOperand &input = op->getOpOperand(0);
  Operation *cast = input.get().getDefiningOp();
  bool isWidening = isa_and_nonnull<arith::ExtFOp>(cast);
  bool isRounding = isa_and_nonnull<arith::TruncFOp>(cast) &&
                    numerics == NumericsPolicy::flash;
  if (!isWidening && !isRounding)
    return;
  Type from = getElementTypeOrSelf(cast->getOperand(0));
  Type to = op.getOutputElement();
  bool isAllowed =
      isWidening ? isFloat16(from) && (to.isF32() || to == from) : from.isF32();
  if (!isAllowed)
    return;
  input.set(cast->getOperand(0));
  if (cast->use_empty())
    cast->erase();
}

/// The operation on rows that makes a value, whose cast becomes the type of its
/// result; null where there is none.
static RowOp takeCastOut(OpOperand &operand) {
  auto cast = operand.get().getDefiningOp<arith::TruncFOp>();
  if (!cast)
    return operand.get().getDefiningOp<RowOp>();
  auto rows = cast.getIn().getDefiningOp<RowOp>();
  if (!rows || !rows.getOutput().hasOneUse())
    return {};
  Type from = rows.getInputElement(), to = getElementTypeOrSelf(cast.getType());
  if (!isFloat16(to) || (from != to && !from.isF32()))
    return {};
  rows.getOutput().setType(cast.getType());
  cast.replaceAllUsesWith(rows.getOutput());
  cast.erase();
  return rows;
}

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

/// The operations on rows that make an operand and nothing else, in order, with
/// the casts between them in their types.
SmallVector<RowOp> Fusion::chainOf(OpOperand &operand, StringRef name) {
  SmallVector<RowOp> chain;
  for (OpOperand *at = &operand; RowOp rows = takeCastOut(*at);
       at = &rows->getOpOperand(0)) {
    Operation *def = rows;
    if (def->getBlock() != op->getBlock()) {
      remarkMissed(def,
                   name + " is made outside of the block of the attention");
      break;
    }
    if (!rows.getOutput().hasOneUse()) {
      remarkMissed(def, name + " is also read by others");
      break;
    }
    takeCastIn(rows, numerics);
    chain.insert(chain.begin(), rows);
  }
  return chain;
}

/// Rounds once, at the end: what lies between two operations is f32.
void Fusion::keepWide(ArrayRef<RowOp> chain) {
  if (chain.empty())
    return;
  for (RowOp rows : chain.drop_back()) {
    auto type = cast<RankedTensorType>(rows.getOutput().getType());
    if (isFloat16(type.getElementType()))
      rows.getOutput().setType(
          type.clone(Float32Type::get(rows->getContext())));
  }
}

static bool isRope(RowOp op) { return isa<RopeOp>(op.getOperation()); }

/// Marks what the kernel of the attention, or that of the operation behind it,
/// computes. Keys have a kernel of their own, which many query tiles read from.
void Fusion::fuseChain(OpOperand &operand, StringRef name) {
  SmallVector<RowOp> chain = chainOf(operand, name);
  if (numerics == NumericsPolicy::flash)
    keepWide(chain);
  bool isQuery = &operand == &op.getQueryMutable();
  unsigned ropes = 0;
  for (auto [fromEnd, rows] : llvm::enumerate(llvm::reverse(chain))) {
    Operation *at = rows;
    ropes += isRope(rows);
    if (ropes > 1)
      return remarkMissed(at, name + " is rotated twice, the first time in a "
                                     "kernel of its own");
    if (fromEnd == 0 && !isQuery) {
      remarkMissed(at, name + " is computed once, in a kernel of its own");
      continue;
    }
    rows.setFused(true);
    remarkFused(at, name + (isQuery ? " is computed by the attention's kernel"
                                    : " is computed by the kernel behind it"));
  }
}

void Fusion::run() {
  foldLayouts();
  fuseChain(op.getQueryMutable(), "query");
  fuseChain(op.getKeyMutable(), "key");
  fuseChain(op.getValueMutable(), "value");
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// Erases the transpositions and casts that nothing reads any more, so that a
/// function may be one of attention alone.
static void eraseUnread(Operation *module) {
  SmallVector<Operation *> candidates;
  module->walk([&](Operation *op) {
    if (isa<linalg::TransposeOp, arith::ExtFOp, arith::TruncFOp,
            tensor::EmptyOp, tensor::DimOp, arith::ConstantOp>(op))
      candidates.push_back(op);
  });
  for (Operation *op : llvm::reverse(candidates))
    if (isOpTriviallyDead(op))
      op->erase();
}

void FuseProducers::runOnOperation() {
  SmallVector<SdpaOp> ops;
  getOperation().walk([&](SdpaOp op) { ops.push_back(op); });
  for (SdpaOp op : ops)
    Fusion(op, numerics, getArgument()).run();
  if (!ops.empty())
    eraseUnread(getOperation());
}
