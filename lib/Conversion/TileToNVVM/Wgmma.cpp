//===- Wgmma.cpp - Products of tiles by warpgroup MMA --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warpgroup has 64 rows of the accumulator, 16 for each warp, whose fragments
// are those of `#tile.accumulator`. One instruction is m64nNk16 over all columns:
// the left operand comes from registers or, as the right one, from shared
// memory by a descriptor.
//
// Registers of an instruction in flight must not be touched, and LLVM does not
// know. So each instruction has its accumulators as tied operands, and fence
// and wait take the registers that they order in and give them back.
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn::tile;

namespace {

constexpr int64_t kStepK = 16, kGroupRows = 64;

struct DotConversion : OpConversionPattern<DotOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// A tile in shared memory as an operand. `isMajorK` where its rows run along
/// the inner dimension of the product, which they are then multiplied over.
class Operand {
public:
  Operand(OpBuilder &builder, Location loc, SharedType type, Value base,
          bool isMajorK);
  /// The descriptor for step `step`.
  Value descriptor(int64_t step);

private:
  OpBuilder &builder;
  Location loc;
  SharedType type;
  bool isMajorK;
  Value first; // of step 0
};

} // namespace

/// Eight rows of a panel, after which its pattern repeats.
static int64_t atomBytes(SharedType type) { return 8 * type.getSwizzle(); }

static int64_t panelBytes(SharedType type) {
  return type.getRows() * type.getSwizzle();
}

/// Addresses and strides are in units of 16 bytes. Stride: from eight rows to
/// the next. Leading: from panel to panel, which an instruction crosses only
/// where rows do not run along the inner dimension.
Operand::Operand(OpBuilder &builder, Location loc, SharedType type, Value base,
                 bool isMajorK)
    : builder(builder), loc(loc), type(type), isMajorK(isMajorK) {
  constexpr int64_t kAddressBits = 0x3ffff;
  int64_t leading = isMajorK ? 16 : panelBytes(type);
  int64_t swizzle = type.getSwizzle() == 128 ? 1
                    : type.getSwizzle() == 64 ? 2
                                              : 3;
  uint64_t fixed = uint64_t(leading >> 4) << 16 |
                   uint64_t(atomBytes(type) >> 4) << 32 |
                   uint64_t(swizzle) << 62;
  Value address =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), base);
  address = arith::AndIOp::create(builder, loc, address,
                                  emitI32(builder, loc, kAddressBits));
  address = arith::ShRUIOp::create(builder, loc, address,
                                   emitI32(builder, loc, 4));
  Value wide =
      arith::ExtUIOp::create(builder, loc, builder.getI64Type(), address);
  first = arith::OrIOp::create(builder, loc, wide,
                               emitI64(builder, loc, int64_t(fixed)));
}

/// Along rows, steps lie side by side in a panel; across them, 16 rows apart.
Value Operand::descriptor(int64_t step) {
  int64_t stepBytes = kStepK * type.getElementBytes();
  int64_t offset = step * kStepK * type.getSwizzle();
  if (isMajorK)
    offset = step * stepBytes / type.getSwizzle() * panelBytes(type) +
             step * stepBytes % type.getSwizzle();
  return arith::AddIOp::create(builder, loc, first,
                               emitI64(builder, loc, offset >> 4));
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// "{$0, $1, …}" of `count` operands from `first` on.
static std::string registerList(size_t first, size_t count) {
  std::string list = "{";
  for (size_t i = 0; i < count; ++i)
    list += llvm::formatv("{0}${1}", i ? ", " : "", first + i);
  return list + "}";
}

/// Assembly with results tied to its first inputs, or with results alone.
static SmallVector<Value> emitTied(OpBuilder &builder, Location loc,
                                   const Twine &text, TypeRange results,
                                   ValueRange tied, ValueRange inputs = {}) {
  auto codeOf = [](Type type) {
    return type.isF32() ? "f" : type.isInteger(64) ? "l" : "r";
  };
  std::string constraints;
  auto add = [&](const Twine &constraint) {
    constraints += (constraints.empty() ? "" : ",") + constraint.str();
  };
  for (Type type : results)
    add(Twine("=") + codeOf(type));
  for (size_t i = 0; i < tied.size(); ++i)
    add(Twine(i));
  for (Value input : inputs)
    add(codeOf(input.getType()));
  SmallVector<Value> operands(tied);
  llvm::append_range(operands, inputs);
  auto structure = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), SmallVector<Type>(results));
  Type result = results.size() == 1 ? results.front() : Type(structure);
  Value packed =
      LLVM::InlineAsmOp::create(builder, loc, result, operands, text.str(),
                                constraints, /*has_side_effects=*/true,
                                /*is_align_stack=*/false,
                                LLVM::TailCallKind::None,
                                LLVM::AsmDialectAttr(), ArrayAttr())
          .getResult(0);
  if (results.size() == 1)
    return {packed};
  SmallVector<Value> values;
  for (size_t i = 0; i < results.size(); ++i)
    values.push_back(LLVM::ExtractValueOp::create(builder, loc, packed, i));
  return values;
}

/// `values` as they are behind `instruction`.
static SmallVector<Value> emitPast(OpBuilder &builder, Location loc,
                                   StringRef instruction, ValueRange values) {
  return emitTied(builder, loc, instruction + ";", values.getTypes(), values);
}

static SmallVector<Value>
emitInstruction(OpBuilder &builder, Location loc, Type element, size_t columns,
                ValueRange accumulators, ValueRange left, Value right,
                bool rightIsMajorK) {
  StringRef type = element.isF16() ? "f16" : "bf16";
  size_t count = columns / 2;
  bool adds = !accumulators.empty();
  size_t next = count + accumulators.size();
  bool leftInRegisters = left.size() > 1;
  std::string leftText = leftInRegisters
                             ? registerList(next, left.size())
                             : llvm::formatv("${0}", next).str();
  std::string transposes = leftInRegisters ? "" : "0, ";
  std::string text = llvm::formatv(
      "{{\n.reg .pred p;\nsetp.ne.b32 p, {0}, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n{1}k16.f32.{2}.{2} {3}, {4}, ${5}, p, "
      "1, 1, {6}{7};\n}",
      adds ? 1 : 0, columns, type, registerList(0, count), leftText,
      next + left.size(), transposes, rightIsMajorK ? 0 : 1);
  SmallVector<Value> inputs(left);
  inputs.push_back(right);
  SmallVector<Type> results(count, builder.getF32Type());
  return emitTied(builder, loc, text, results, accumulators, inputs);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static bool isZero(Value tile) { return matchPattern(tile, m_AnyZeroFloat()); }

/// The warpgroup's 64 rows of a tile in shared memory.
static Value emitGroupRows(OpBuilder &builder, Location loc, DotOp op,
                           SharedType type, Value base) {
  Value group =
      arith::ShRUIOp::create(builder, loc, emitUniformWarpId(builder, op),
                             emitI32(builder, loc, 2));
  Value bytes = arith::MulIOp::create(
      builder, loc, group,
      emitI32(builder, loc, kGroupRows * type.getSwizzle()));
  return emitSharedOffset(builder, loc, base, bytes);
}

static SmallVector<Value> asWords(OpBuilder &builder, Location loc,
                                  ValueRange pairs) {
  return llvm::map_to_vector(pairs, [&](Value pair) -> Value {
    return LLVM::BitcastOp::create(builder, loc, builder.getI32Type(), pair);
  });
}

LogicalResult
DotConversion::matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto right = dyn_cast<SharedType>(op.getB().getType());
  if (!right)
    return op.emitOpError("expected its right operand in shared memory");
  auto accumulator = cast<RankedTensorType>(op.getType());
  RegisterGrid grid(accumulator);
  if (!accumulator.getElementType().isF32() || grid.strips != 1)
    return op.emitOpError("expected an f32 accumulator of 16 rows a warp");
  int64_t columns = accumulator.getDimSize(1);
  if (columns > 256)
    return op.emitOpError("expected at most 256 columns, got ") << columns;
  int64_t inner = op.getTransposeB() ? right.getColumns() : right.getRows();

  SmallVector<Value> registers, words;
  if (!isZero(op.getAcc()))
    registers.assign(adaptor.getAcc().begin(), adaptor.getAcc().end());
  std::optional<Operand> left;
  if (auto shared = dyn_cast<SharedType>(op.getA().getType()))
    left.emplace(rewriter, loc, shared,
                 emitGroupRows(rewriter, loc, op, shared,
                               adaptor.getA().front()),
                 /*isMajorK=*/true);
  else
    words = asWords(rewriter, loc, adaptor.getA());

  SmallVector<Value> ordered(registers);
  llvm::append_range(ordered, words);
  if (ordered.empty())
    NVVM::WgmmaFenceAlignedOp::create(rewriter, loc);
  else
    ordered = emitPast(rewriter, loc, "wgmma.fence.sync.aligned", ordered);
  registers.assign(ordered.begin(), ordered.begin() + registers.size());
  words.assign(ordered.begin() + registers.size(), ordered.end());

  Operand rightTile(rewriter, loc, right, adaptor.getB().front(),
                    op.getTransposeB());
  for (int64_t step = 0; step < inner / kStepK; ++step) {
    SmallVector<Value> leftStep;
    if (left)
      leftStep = {left->descriptor(step)};
    else
      leftStep.assign(words.begin() + 4 * step, words.begin() + 4 * step + 4);
    registers = emitInstruction(
        rewriter, loc, right.getElementType(), columns, registers, leftStep,
        rightTile.descriptor(step), op.getTransposeB());
  }
  NVVM::WgmmaGroupSyncAlignedOp::create(rewriter, loc);
  registers = emitPast(rewriter, loc, "wgmma.wait_group.sync.aligned 0",
                       registers);
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

void attn::tile::populateWgmmaPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<DotConversion>(converter, patterns.getContext());
}
