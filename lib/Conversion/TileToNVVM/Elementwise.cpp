//===- Elementwise.cpp - Operations on each register alone ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// Lowers any elementwise operation of arith or math, register by register.
/// Operands that are not tiles, such as the condition of a select, are the same
/// for all registers.
struct ElementwiseConversion : ConversionPattern {
  ElementwiseConversion(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/1,
                          context) {}
  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands,
                  ConversionPatternRewriter &rewriter) const override;
};

/// f32 registers are rounded in pairs.
struct TruncConversion : OpConversionPattern<arith::TruncFOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(arith::TruncFOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Pairs of 16-bit registers are widened to two of f32.
struct ExtConversion : OpConversionPattern<arith::ExtFOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(arith::ExtFOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct Log2Conversion : OpConversionPattern<math::Log2Op> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(math::Log2Op op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct TanhConversion : OpConversionPattern<math::TanhOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(math::TanhOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct ConstantConversion : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct SplatConversion : OpConversionPattern<tensor::SplatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(tensor::SplatOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RegisterGrid grid(op.getType());
    rewriter.replaceOpWithMultiple(
        op, {SmallVector<Value>(grid.size(), adaptor.getInput().front())});
    return success();
  }
};

struct BroadcastConversion : OpConversionPattern<BroadcastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BroadcastOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct InsertConversion : OpConversionPattern<InsertOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(InsertOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct IotaConversion : OpConversionPattern<IotaOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(IotaOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct ConvertLayoutConversion : OpConversionPattern<ConvertLayoutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ConvertLayoutOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

LogicalResult ElementwiseConversion::matchAndRewrite(
    Operation *op, ArrayRef<ValueRange> operands,
    ConversionPatternRewriter &rewriter) const {
  if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumResults() != 1)
    return failure();
  auto tile = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!tile || !tile.getEncoding())
    return failure();
  RegisterGrid grid(tile);
  SmallVector<Value> registers;
  for (int64_t i = 0; i < grid.size(); ++i) {
    SmallVector<Value> inputs;
    for (auto [operand, values] : llvm::zip(op->getOperands(), operands))
      inputs.push_back(isa<RankedTensorType>(operand.getType()) ? values[i]
                                                                : values[0]);
    Operation *scalar =
        rewriter.create(op->getLoc(), op->getName().getIdentifier(), inputs,
                        grid.registerType, op->getAttrs());
    registers.push_back(scalar->getResult(0));
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
TruncConversion::matchAndRewrite(arith::TruncFOp op, OneToNOpAdaptor adaptor,
                                 ConversionPatternRewriter &rewriter) const {
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!result || !result.getEncoding() || result.getDimSize(1) == 1 ||
      isa<BlockedAttr>(result.getEncoding()))
    return rewriter.notifyMatchFailure(op, "expected a tile of pairs");
  Location loc = op.getLoc();
  RegisterGrid from(cast<RankedTensorType>(op.getIn().getType()));
  RegisterGrid to(result);
  auto pairType = VectorType::get(2, rewriter.getF32Type());
  SmallVector<Value> registers(to.size());
  for (int64_t pair = 0; pair < to.size(); ++pair) {
    Value vector = LLVM::PoisonOp::create(rewriter, loc, pairType);
    for (int64_t column = 0; column < from.columnsOfAtom; ++column)
      vector = LLVM::InsertElementOp::create(
          rewriter, loc, vector,
          adaptor.getIn()[pair * from.columnsOfAtom + column],
          emitI32(rewriter, loc, column));
    registers[pair] =
        arith::TruncFOp::create(rewriter, loc, to.registerType, vector);
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
ExtConversion::matchAndRewrite(arith::ExtFOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  auto input = dyn_cast<RankedTensorType>(op.getIn().getType());
  if (!input || !input.getEncoding())
    return failure();
  RegisterGrid from(input), to(cast<RankedTensorType>(op.getType()));
  if (!isa<VectorType>(from.registerType) || isa<VectorType>(to.registerType))
    return rewriter.notifyMatchFailure(op, "expected a tile of pairs");
  Location loc = op.getLoc();
  SmallVector<Value> registers;
  for (Value pair : adaptor.getIn())
    for (int64_t column = 0; column < to.columnsOfAtom; ++column)
      registers.push_back(arith::ExtFOp::create(
          rewriter, loc, to.registerType,
          LLVM::ExtractElementOp::create(rewriter, loc, pair,
                                         emitI32(rewriter, loc, column)),
          arith::FastMathFlagsAttr()));
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Without a device library there is only the approximate instruction.
LogicalResult
Log2Conversion::matchAndRewrite(math::Log2Op op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const {
  if (!isa<RankedTensorType>(op.getType()))
    return failure();
  SmallVector<Value> registers;
  for (Value value : adaptor.getOperand())
    registers.push_back(
        LLVM::CallIntrinsicOp::create(
            rewriter, op.getLoc(), rewriter.getF32Type(),
            rewriter.getStringAttr("llvm.nvvm.lg2.approx.ftz.f"), value)
            .getResult(0));
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// The approximate instruction again: its error is 2^-11 of the result.
LogicalResult
TanhConversion::matchAndRewrite(math::TanhOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const {
  if (!isa<RankedTensorType>(op.getType()))
    return failure();
  SmallVector<Value> registers;
  for (Value value : adaptor.getOperand())
    registers.push_back(LLVM::TanhOp::create(rewriter, op.getLoc(), value,
                                             LLVM::FastmathFlags::afn));
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
ConstantConversion::matchAndRewrite(arith::ConstantOp op, OneToNOpAdaptor,
                                    ConversionPatternRewriter &rewriter) const {
  auto tile = dyn_cast<RankedTensorType>(op.getType());
  auto value = dyn_cast<SplatElementsAttr>(op.getValue());
  if (!tile || !tile.getEncoding() || !value)
    return rewriter.notifyMatchFailure(op, "expected a uniform tile");
  RegisterGrid grid(tile);
  auto ofRegister = value.getSplatValue<TypedAttr>();
  if (auto packed = dyn_cast<VectorType>(grid.registerType))
    ofRegister =
        SplatElementsAttr::get(packed, value.getSplatValue<Attribute>());
  Value constant = arith::ConstantOp::create(rewriter, op.getLoc(), ofRegister);
  rewriter.replaceOpWithMultiple(op,
                                 {SmallVector<Value>(grid.size(), constant)});
  return success();
}

LogicalResult BroadcastConversion::matchAndRewrite(
    BroadcastOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  RegisterGrid from(input), to(cast<RankedTensorType>(op.getType()));
  if (from.registerType != to.registerType || isa<VectorType>(to.registerType))
    return rewriter.notifyMatchFailure(op, "expected 32-bit elements");
  bool isRow = input.getDimSize(1) == 1, isColumn = input.getDimSize(0) == 1;
  SmallVector<Value> registers(to.size());
  for (int64_t strip = 0; strip < to.strips; ++strip)
    for (int64_t atom = 0; atom < to.atoms; ++atom)
      for (int64_t row = 0; row < to.rowsOfAtom; ++row)
        for (int64_t column = 0; column < to.columnsOfAtom; ++column)
          registers[to.index(strip, atom, row, column)] =
              adaptor.getInput()[from.index(
                  isColumn ? 0 : strip, isRow ? 0 : atom, isColumn ? 0 : row,
                  isRow ? 0 : column)];
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Registers have no index that is computed: all columns choose.
LogicalResult
InsertConversion::matchAndRewrite(InsertOp op, OneToNOpAdaptor adaptor,
                                  ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  RegisterGrid part(cast<RankedTensorType>(op.getPart().getType()));
  RegisterGrid grid(cast<RankedTensorType>(op.getType()));
  Value column = adaptor.getColumn().front();
  SmallVector<Value> registers(adaptor.getTile());
  Value isHere;
  for (int64_t atom = 0; atom < grid.atoms; ++atom) {
    int64_t from = atom % part.atoms;
    if (from == 0) {
      Value here = arith::ConstantOp::create(
          rewriter, loc,
          rewriter.getIntegerAttr(column.getType(), grid.columnOf(atom, 0)));
      isHere = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                                     column, here);
    }
    for (int64_t strip = 0; strip < grid.strips; ++strip)
      for (int64_t row = 0; row < grid.rowsOfAtom; ++row)
        for (int64_t i = 0; i < grid.columnsOfAtom; ++i) {
          Value &kept = registers[grid.index(strip, atom, row, i)];
          Value taken = adaptor.getPart()[part.index(strip, from, row, i)];
          kept = arith::SelectOp::create(rewriter, loc, isHere, taken, kept);
        }
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Divides first + n, where `first` is a thread's first row or column. Of
/// accumulators, no digit of n below 16 is one of `first`: quotients add up,
/// and one register holds what all elements of the thread have in common.
static Value emitQuotient(OpBuilder &builder, IotaOp op, Value first,
                          int64_t n) {
  Location loc = op.getLoc();
  auto divide = [&](Value value) -> Value {
    if (op.getRepeat() == 1)
      return value;
    return arith::DivUIOp::create(builder, loc, value,
                                  emitI32(builder, loc, op.getRepeat()));
  };
  auto add = [&](Value value, int64_t constant) -> Value {
    return arith::AddIOp::create(builder, loc, value,
                                 emitI32(builder, loc, constant));
  };
  auto tile = cast<RankedTensorType>(op.getType());
  bool isRowOfAtoms = tile.getDimSize(1) == 1 &&
                      isa_and_nonnull<AccumulatorAttr>(tile.getEncoding());
  if (isRowOfAtoms && WarpFragment::kRows % op.getRepeat() == 0)
    return add(divide(first), n / op.getRepeat());
  return divide(add(first, n));
}

/// first + n, in f32.
static Value emitSum(OpBuilder &builder, Location loc, Value first, int64_t n) {
  Value step =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(n));
  return arith::AddFOp::create(builder, loc, first, step);
}

LogicalResult
IotaConversion::matchAndRewrite(IotaOp op, OneToNOpAdaptor,
                                ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getType());
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(rewriter, loc, tile);
  bool isRow = tile.getDimSize(1) == 1;
  Value first = isRow ? origin.row : origin.column;
  if (op.getRecomputed())
    first = makeOpaque(rewriter, loc, first);
  bool isFloat = tile.getElementType().isF32();
  if (isFloat)
    first =
        arith::SIToFPOp::create(rewriter, loc, rewriter.getF32Type(), first);
  SmallVector<Value> registers(grid.size());
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t row = 0; row < grid.rowsOfAtom; ++row)
        for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
          int64_t fixed =
              isRow ? grid.rowOf(strip, row) : grid.columnOf(atom, column);
          registers[grid.index(strip, atom, row, column)] =
              isFloat ? emitSum(rewriter, loc, first, fixed)
                      : emitQuotient(rewriter, op, first, fixed);
        }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Packs elements of a tile that has one in each register.
static Value emitPacked(OpBuilder &builder, Location loc, Type type,
                        ArrayRef<Value> elements) {
  if (elements.size() == 1)
    return elements.front();
  Value packed = LLVM::PoisonOp::create(builder, loc, type);
  for (auto [i, element] : llvm::enumerate(elements))
    packed = LLVM::InsertElementOp::create(builder, loc, packed, element,
                                           emitI32(builder, loc, i));
  return packed;
}

/// Converts accumulators to a left operand. Register r of an atom has row half
/// r % 2, and of the elements that the lane holds of that row those of half
/// r / 2. No element leaves its lane.
LogicalResult ConvertLayoutConversion::matchAndRewrite(
    ConvertLayoutOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  auto result = cast<RankedTensorType>(op.getType());
  if (!isa<AccumulatorAttr>(input.getEncoding()) ||
      !isa<OperandAAttr>(result.getEncoding()))
    return op.emitOpError(
        "is only known from an accumulator to a left operand");
  RegisterGrid from(input), to(result);
  auto layout = cast<OperandAAttr>(result.getEncoding());
  int64_t bits = result.getElementTypeBitWidth();
  if (layout.getOfResult() == areOrdersEqual(bits))
    return op.emitOpError("is only known in the order of the accumulator");
  // Elements of 16 bits are in pairs already.
  int64_t packing =
      from.registerType == to.registerType ? 1 : WarpFragment::packing(bits);
  int64_t ofAtom = from.columnsOfAtom; // registers of a row
  SmallVector<Value> registers(to.size());
  for (int64_t strip = 0; strip < to.strips; ++strip)
    for (int64_t atom = 0; atom < to.atoms; ++atom)
      for (int64_t r = 0; r < WarpFragment::kLeftRegisters; ++r) {
        SmallVector<Value> elements;
        for (int64_t e = 0; e < packing; ++e) {
          int64_t held = (2 * atom + r / 2) * packing + e;
          elements.push_back(adaptor.getInput()[from.index(
              strip, held / ofAtom, r % 2, held % ofAtom)]);
        }
        registers[to.index(strip, atom, 0, 0) + r] =
            emitPacked(rewriter, op.getLoc(), to.registerType, elements);
      }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

void attn::tile::populateElementwisePatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ElementwiseConversion>(converter, context);
  patterns.add<TruncConversion, ExtConversion, Log2Conversion, TanhConversion,
               ConstantConversion, SplatConversion, BroadcastConversion,
               InsertConversion, IotaConversion, ConvertLayoutConversion>(
      converter, context, /*benefit=*/2);
}
