//===- Wgmma.cpp - Products of tiles by warpgroup MMA --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warpgroup has 64 rows of the accumulator, 16 for each warp, whose fragments
// are those of `#tile.accumulator`. One instruction is a k-step over all
// columns: the left operand comes from registers or, as the right one, from
// shared memory by a descriptor.
//
// Registers of an instruction in flight must not be touched, and LLVM does not
// know. So each instruction has its accumulators as tied operands, and fence
// and wait take the registers that they order in and give them back.
//
//===----------------------------------------------------------------------===//
#include "Assembly.h"
#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct DotConversion : OpConversionPattern<DotOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct WaitDotsConversion : OpConversionPattern<WaitDotsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(WaitDotsOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// A tile in shared memory as an operand. `isMajorK` says that its rows run
/// along the inner dimension of the product, over which they are then
/// multiplied.
class Operand {
public:
  Operand(SharedType type, bool isMajorK) : type(type), isMajorK(isMajorK) {}
  /// The descriptor of step 0, of a tile at `base`.
  Value emitDescriptor(OpBuilder &builder, Location loc, Value base) const;
  /// The number that is added to it for step `step`.
  int64_t stepOffset(int64_t step) const;

private:
  SharedType type;
  bool isMajorK;
};

} // namespace

/// Eight rows of a panel, after which its pattern repeats.
static int64_t atomBytes(SharedType type) {
  return SwizzledTile::kPatternRows * type.getSwizzle();
}

static int64_t panelBytes(SharedType type) {
  return type.getRows() * type.getSwizzle();
}

/// Addresses and strides are in units of 16 bytes.
static constexpr int64_t kUnitBits = 4;

/// Stride: from eight rows to the next. Leading: from panel to panel, which an
/// instruction crosses only where rows do not run along the inner dimension.
Value Operand::emitDescriptor(OpBuilder &builder, Location loc,
                              Value base) const {
  constexpr int64_t kAddresses = 0x3ffff;
  int64_t leading = isMajorK ? 16 : panelBytes(type);
  int64_t swizzle = type.getSwizzle() == 128  ? 1
                    : type.getSwizzle() == 64 ? 2
                                              : 3;
  uint64_t fixed = uint64_t(leading >> kUnitBits) << 16 |
                   uint64_t(atomBytes(type) >> kUnitBits) << 32 |
                   uint64_t(swizzle) << 62;
  Value address =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), base);
  address = arith::AndIOp::create(builder, loc, address,
                                  emitI32(builder, loc, kAddresses));
  address = arith::ShRUIOp::create(builder, loc, address,
                                   emitI32(builder, loc, kUnitBits));
  Value wide =
      arith::ExtUIOp::create(builder, loc, builder.getI64Type(), address);
  return arith::OrIOp::create(builder, loc, wide,
                              emitI64(builder, loc, int64_t(fixed)));
}

/// Steps along rows lie side by side in a panel. Steps across rows lie as many
/// rows apart as a step has.
int64_t Operand::stepOffset(int64_t step) const {
  constexpr int64_t kStepBytes = WarpFragment::kStepBytes;
  if (isMajorK)
    return (step * kStepBytes / type.getSwizzle() * panelBytes(type) +
            step * kStepBytes % type.getSwizzle()) >>
           kUnitBits;
  int64_t rows = WarpFragment::depth(8 * type.getElementBytes());
  int64_t offset = step * rows * type.getSwizzle();
  return offset >> kUnitBits;
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

namespace {

/// A descriptor for one step: that of step 0, and the number that is added to
/// it. The addition is a part of the instruction's assembly. LLVM would
/// otherwise keep the sums of all steps in registers, and over the whole kernel
/// where they do not change.
struct StepDescriptor {
  Value first;
  int64_t offset;
};

/// One step, of a left operand in registers or in shared memory.
struct StepOperands {
  SmallVector<Value> leftRegisters;
  StepDescriptor left, right;
  bool rightIsMajorK;
};

} // namespace

static StringRef ptxNameOf(MmaType type) {
  switch (type) {
  case MmaType::F16:
    return "f16";
  case MmaType::BF16:
    return "bf16";
  case MmaType::TF32:
    return "tf32";
  case MmaType::E4M3:
    return "e4m3";
  case MmaType::E5M2:
    return "e5m2";
  }
  llvm_unreachable("every type has a name in PTX");
}

static SmallVector<Value> emitInstruction(OpBuilder &builder, Location loc,
                                          const MmaAtom &atom, size_t columns,
                                          ValueRange accumulators,
                                          const StepOperands &step) {
  size_t count = columns / 2;
  size_t next = count + accumulators.size();
  SmallVector<Value> inputs(step.leftRegisters);
  std::string text = "{\n.reg .pred p;\n.reg .b64 a, b;\n";
  auto addDescriptor = [&](StringRef name, const StepDescriptor &descriptor) {
    text += llvm::formatv("add.s64 {0}, ${1}, {2};\n", name,
                          next + inputs.size(), descriptor.offset);
    inputs.push_back(descriptor.first);
  };
  std::string left = registerList(next, inputs.size()), transposes;
  if (inputs.empty()) {
    addDescriptor("a", step.left);
    left = "a";
    transposes = "0, ";
  }
  addDescriptor("b", step.right);
  text += llvm::formatv(
      "setp.ne.b32 p, {0}, 0;\n"
      "wgmma.mma_async.sync.aligned.m{7}n{1}k{8}.f32.{2}.{2} {3}, {4}, b, p, "
      "1, 1, {5}{6};\n}",
      accumulators.empty() ? 0 : 1, columns, ptxNameOf(atom.type),
      registerList(0, count), left, transposes, step.rightIsMajorK ? 0 : 1,
      atom.m, atom.k);
  SmallVector<Type> results(count, builder.getF32Type());
  return emitAssembly(builder, loc, text, results, accumulators, inputs);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static std::string waitFor(int64_t pending) {
  return llvm::formatv("wgmma.wait_group.sync.aligned {0};", pending);
}

static bool isZero(Value tile) { return matchPattern(tile, m_AnyZeroFloat()); }

/// The warpgroup's rows of a tile in shared memory.
static Value emitGroupRows(OpBuilder &builder, Location loc, DotOp op,
                           const MmaAtom &atom, SharedType type, Value base) {
  Value bytes =
      arith::MulIOp::create(builder, loc, emitWarpgroupId(builder, loc, op),
                            emitI32(builder, loc, atom.m * type.getSwizzle()));
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
  FailureOr<MmaAtom> atom = atomOf(op, right.getElementType());
  if (failed(atom))
    return failure();
  if (atom->warps == 1)
    return rewriter.notifyMatchFailure(op, "warps multiply this type alone");
  RegisterGrid grid(accumulator);
  if (!accumulator.getElementType().isF32() || grid.strips != 1)
    return op.emitOpError("expected an f32 accumulator of 16 rows a warp");
  int64_t columns = accumulator.getDimSize(1);
  if (columns > atom->mostColumns)
    return op.emitOpError("expected at most ")
           << atom->mostColumns << " columns, got " << columns;
  int64_t inner = op.getTransposeB() ? right.getColumns() : right.getRows();

  SmallVector<Value> registers, words;
  if (!isZero(op.getAcc()))
    registers.assign(adaptor.getAcc().begin(), adaptor.getAcc().end());
  std::optional<Operand> left;
  StepOperands operands;
  if (auto shared = dyn_cast<SharedType>(op.getA().getType())) {
    left.emplace(shared, /*isMajorK=*/true);
    Value rows =
        emitGroupRows(rewriter, loc, op, *atom, shared, adaptor.getA().front());
    operands.left.first = makeLoopVariant(
        rewriter, loc, left->emitDescriptor(rewriter, loc, rows),
        adaptor.getB().front());
  } else {
    words = asWords(rewriter, loc, adaptor.getA());
  }
  operands.rightIsMajorK = op.getTransposeB();
  Operand rightTile(right, operands.rightIsMajorK);
  operands.right.first =
      rightTile.emitDescriptor(rewriter, loc, adaptor.getB().front());

  auto fenced = passThroughAsm(rewriter, loc, "wgmma.fence.sync.aligned;",
                               {registers, words});
  std::tie(registers, words) = std::tie(fenced[0], fenced[1]);
  for (int64_t step = 0; step < inner / atom->k; ++step) {
    if (left)
      operands.left.offset = left->stepOffset(step);
    else
      operands.leftRegisters = SmallVector<Value>(ArrayRef(words).slice(
          step * WarpFragment::kLeftRegisters, WarpFragment::kLeftRegisters));
    operands.right.offset = rightTile.stepOffset(step);
    registers =
        emitInstruction(rewriter, loc, *atom, columns, registers, operands);
  }
  NVVM::WgmmaGroupSyncAlignedOp::create(rewriter, loc);
  if (!op.getAsync())
    registers = passThroughAsm(rewriter, loc, waitFor(0), {registers}).front();
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Registers that stand for a share of a tile: each one costs a comparison.
static constexpr size_t kPinned = 4;

/// The registers that are computed before the wait: the last ones of the first
/// columns, where not all are.
static SmallVector<Value> computedRegisters(WaitDotsOp op,
                                            ArrayRef<ValueRange> tiles) {
  SmallVector<Value> registers;
  for (auto [i, tile] : llvm::enumerate(tiles)) {
    size_t count = llvm::divideCeil(tile.size() * op.shareOf(i), 100);
    ValueRange first = tile.take_front(count);
    if (count != tile.size())
      first = first.take_back(std::min(count, kPinned));
    llvm::append_range(registers, first);
  }
  return registers;
}

/// ptxas leaves a wait where it stands, unless all that comes before it may as
/// well come later. So the wait stands right behind the last of the values.
static void standBehind(OpBuilder &builder, WaitDotsOp op,
                        ArrayRef<Value> values) {
  Operation *last = nullptr;
  for (Value value : values)
    if (Operation *def = value.getDefiningOp())
      if (def->getBlock() == op->getBlock() &&
          (!last || last->isBeforeInBlock(def)))
        last = def;
  if (last)
    builder.setInsertionPointAfter(last);
}

LogicalResult
WaitDotsConversion::matchAndRewrite(WaitDotsOp op, OneToNOpAdaptor adaptor,
                                    ConversionPatternRewriter &rewriter) const {
  SmallVector<Value> computed = computedRegisters(op, adaptor.getComputed());
  if (op.getShares())
    standBehind(rewriter, op, computed);
  std::string text =
      waitAfterValues(waitFor(op.getPending()), 2 * adaptor.getStarted().size(),
                      computed.size());
  rewriter.replaceOpWithMultiple(op, passThroughAsm(rewriter, op.getLoc(), text,
                                                    adaptor.getStarted(),
                                                    computed));
  return success();
}

void attn::tile::populateWgmmaPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<DotConversion, WaitDotsConversion>(converter,
                                                  patterns.getContext());
}
