//===- AttnToTile.cpp - Attention becomes kernels on tiles ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) {              tile.kernel @f_0(%Q, %K, %V, %group,
//     %o = attn.sdpa %q, %k, %v                              %O) { … }
//     return %o                      =>     func.func @f(%q, %k, %v) {
//   }                                         cf.assert …
//                                             %e = tensor.empty(…)
//                                             %o = tile.launch @f_0 grid(…)
//                                               ins(%q, %k, %v, %group)
//                                               outs(%e)
//                                             return %o
//                                           }
//
//===----------------------------------------------------------------------===//

#include "OnlineSoftmax.h"
#include "RopeKernel.h"

#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Tile/IR/Origins.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTATTNTOTILE
#include "attn/Conversion/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct ConvertAttnToTile
    : public attn::impl::ConvertAttnToTileBase<ConvertAttnToTile> {
  void runOnOperation() override;
};

/// The argument of the function that a tensor is, or was turned from.
BlockArgument rootOf(Value tensor) {
  while (!isa<BlockArgument>(tensor)) {
    Operation *producer = tensor.getDefiningOp();
    auto rope = dyn_cast<RopeOp>(producer);
    tensor = rope ? Value(rope.getInput())
                  : cast<LaunchOp>(producer).getInputs().front();
  }
  return cast<BlockArgument>(tensor);
}

/// Rewrites one attention of one function.
class HostRewriter {
public:
  HostRewriter(SdpaOp op, func::FuncOp function, unsigned number)
      : builder(op), loc(op.getLoc()), op(op), function(function),
        name(llvm::formatv("{0}_{1}", function.getSymName(), number)) {}
  LogicalResult rewrite();

private:
  void readDims();
  void readGroups();
  void emitAsserts();
  void assertEqual(Value a, Value b, const Twine &what);
  void assertAtMost(Value value, int64_t bound, const Twine &what);
  void assertThat(Value condition, const Twine &message);
  SmallVector<Value> emitDestinations();
  Value emitSplits(Value blocks);
  SmallVector<Value> emitParts(Value splits);
  KernelOp makeKernel(const Twine &suffix, ScheduleAttr schedule,
                      ArrayRef<Value> inputs, ArrayRef<Value> outputs);
  ScheduleAttr scheduleOf(Value splits);
  KernelOp emitKernel(ArrayRef<Value> inputs, ArrayRef<Value> outputs,
                      Value splits);
  KernelOp emitMerge(ArrayRef<Value> inputs, ArrayRef<Value> outputs);
  SmallVector<Value> launch(KernelOp kernel, ArrayRef<Value> grid,
                            ArrayRef<Value> inputs, ArrayRef<Value> outputs);
  SmallVector<Value> launchForward(Value blocks, Value splits,
                                   SmallVector<Value> inputs,
                                   ArrayRef<Value> outputs);
  Value emitSection();
  void emitLaunches();
  Value inGroups(Value tensor);
  Value ungrouped(Value tensor, RankedTensorType type);
  SmallVector<Value> emitMergeLaunch(Value splits, ArrayRef<Value> parts,
                                     ArrayRef<Value> results);

  Value dim(Value tensor, int64_t index) {
    return builder.createOrFold<tensor::DimOp>(loc, tensor, index);
  }
  /// Shapes that types know are known here, too.
  template <typename OpT> Value fold(Value a, Value b) {
    return builder.createOrFold<OpT>(loc, a, b);
  }
  Value isOne(Value count) {
    return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                               count, constant(1));
  }
  static bool mayBeOne(Value splits) {
    return getConstantIntValue(splits).value_or(1) == 1;
  }
  /// LSE and parts, all of f32, are [batch, head, …] in any layout.
  int64_t headDimOf(RankedTensorType tensor) {
    return tensor.getElementType().isF32() ? 1 : op.headDim();
  }
  bool isUsed(Value result) { return result && !result.use_empty(); }
  ScheduleAttr schedule() {
    return op->getAttrOfType<ScheduleAttr>("tile.schedule");
  }
  StringRef target() {
    return op->getAttrOfType<StringAttr>("tile.target").getValue();
  }
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  std::string nameOf(Value tensor) {
    return llvm::formatv("argument {0}", rootOf(tensor).getArgNumber());
  }

  OpBuilder builder;
  Location loc;
  SdpaOp op;
  func::FuncOp function;
  std::string name;
  Value batch, queryHeads, keyHeads, queryLength, keyLength;
  /// Query heads per key head, and tiles of them: of as many heads as the
  /// schedule has in a tile.
  Value group, tilesOfGroup, headTiles;
};

} // namespace

/// The tensor as kernels see it: any strides but an innermost one of 1.
static MemRefType memrefOf(RankedTensorType tensor) {
  SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(),
                                       ShapedType::kDynamic, strides);
  return MemRefType::get(tensor.getShape(), tensor.getElementType(), layout);
}

void HostRewriter::readDims() {
  batch = dim(op.getQuery(), op.batchDim());
  queryHeads = dim(op.getQuery(), op.headDim());
  queryLength = dim(op.getQuery(), op.lengthDim());
  keyHeads = dim(op.getKey(), op.headDim());
  keyLength = dim(op.getKey(), op.lengthDim());
}

void HostRewriter::readGroups() {
  int64_t heads = schedule().getHeads();
  group = fold<arith::DivUIOp>(queryHeads,
                               fold<arith::MaxUIOp>(keyHeads, constant(1)));
  if (heads == 1) {
    tilesOfGroup = group;
    headTiles = queryHeads;
    return;
  }
  tilesOfGroup = fold<arith::CeilDivUIOp>(group, constant(heads));
  headTiles = fold<arith::MulIOp>(keyHeads, tilesOfGroup);
}

//===----------------------------------------------------------------------===//
// Rules between shapes
//===----------------------------------------------------------------------===//

void HostRewriter::assertThat(Value condition, const Twine &message) {
  cf::AssertOp::create(builder, loc, condition, builder.getStringAttr(message));
}

void HostRewriter::assertEqual(Value a, Value b, const Twine &what) {
  assertThat(
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b),
      what);
}

void HostRewriter::assertAtMost(Value value, int64_t bound, const Twine &what) {
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule,
                                      value, constant(bound));
  assertThat(holds, what + " to be at most " + Twine(bound));
}

/// Those that types do not decide fold away.
void HostRewriter::emitAsserts() {
  std::string q = nameOf(op.getQuery()), k = nameOf(op.getKey()),
              v = nameOf(op.getValue());
  assertEqual(dim(op.getKey(), op.batchDim()), batch,
              "expected batch of key (" + k + ") to match query (" + q + ")");
  assertEqual(dim(op.getValue(), op.batchDim()), batch,
              "expected batch of value (" + v + ") to match query (" + q + ")");
  assertEqual(dim(op.getValue(), op.headDim()), keyHeads,
              "expected heads of value (" + v + ") to match key (" + k + ")");
  assertEqual(dim(op.getValue(), op.lengthDim()), keyLength,
              "expected length of value (" + v + ") to match key (" + k + ")");
  Value divisor = arith::MaxUIOp::create(builder, loc, keyHeads, constant(1));
  Value rest = arith::RemUIOp::create(builder, loc, queryHeads, divisor);
  assertEqual(rest, constant(0),
              "expected heads of query (" + q +
                  ") to be a multiple of heads of key (" + k + ")");
  Value noHeads = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        queryHeads, constant(0));
  Value hasKeyHeads = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ne, keyHeads, constant(0));
  assertThat(arith::OrIOp::create(builder, loc, noHeads, hasKeyHeads),
             "expected key (" + k + ") to have at least one head");
  assertAtMost(queryLength, SdpaOp::kMaxLength - 1,
               "expected length of query (" + q + ")");
  assertAtMost(keyLength, SdpaOp::kMaxLength - 1,
               "expected length of key (" + k + ")");
  constexpr int64_t kMaxGrid = 65535;
  assertAtMost(queryHeads, kMaxGrid, "expected heads of query (" + q + ")");
  assertAtMost(batch, kMaxGrid, "expected batch of query (" + q + ")");
}

//===----------------------------------------------------------------------===//
// Kernel and launch
//===----------------------------------------------------------------------===//

SmallVector<Value> HostRewriter::emitDestinations() {
  SmallVector<Value> destinations;
  for (Value result : op->getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    if (result.use_empty())
      continue;
    bool isLse = result == op.getLse();
    SmallVector<Value> dims(type.getRank());
    dims[op.batchDim()] = batch;
    dims[isLse ? 1 : op.headDim()] = queryHeads;
    dims[isLse ? 2 : op.lengthDim()] = queryLength;
    SmallVector<Value> dynamic;
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(dims[i]);
    destinations.push_back(
        tensor::EmptyOp::create(builder, loc, type, dynamic));
  }
  return destinations;
}

KernelOp HostRewriter::makeKernel(const Twine &suffix, ScheduleAttr schedule,
                                  ArrayRef<Value> inputs,
                                  ArrayRef<Value> outputs) {
  SmallVector<Type> types;
  for (Value value : llvm::concat<const Value>(inputs, outputs)) {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    types.push_back(tensor ? Type(memrefOf(tensor)) : value.getType());
  }
  auto atModule = OpBuilder(function);
  auto kernel = KernelOp::create(atModule, loc, (name + suffix).str(),
                                 builder.getFunctionType(types, {}), schedule,
                                 target());
  if (std::string source = sourceOf(loc); !source.empty())
    kernel->setAttr(kSourceAttr, builder.getStringAttr(source));
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : types)
    body.addArgument(type, loc);
  return kernel;
}

/// Takes a kernel's arguments one after the other.
static auto argumentTaker(KernelOp kernel) {
  return [kernel, next = 0u]() mutable -> Value {
    return kernel.getBody().getArgument(next++);
  };
}

/// With the count that the shapes decided, where types know them.
ScheduleAttr HostRewriter::scheduleOf(Value splits) {
  return schedule().withSplit(getConstantIntValue(splits).value_or(0));
}

KernelOp HostRewriter::emitKernel(ArrayRef<Value> inputs,
                                  ArrayRef<Value> outputs, Value splits) {
  KernelOp kernel = makeKernel("", scheduleOf(splits), inputs, outputs);
  auto take = argumentTaker(kernel);
  KernelArguments arguments;
  for (Value *operand : {&arguments.query, &arguments.key, &arguments.value,
                         &arguments.group})
    *operand = take();
  bool isSplit = !matchPattern(splits, m_One());
  if (isSplit)
    arguments.splits = take();
  if (schedule().getPersistent())
    arguments.tiles = {take(), take(), take(), take()};
  if (mayBeOne(splits) && isUsed(op.getOutput()))
    arguments.output = take();
  if (mayBeOne(splits) && isUsed(op.getLse()))
    arguments.lse = take();
  if (isSplit) {
    arguments.parts.max = take();
    arguments.parts.sums = take();
    if (isUsed(op.getOutput()))
      arguments.parts.acc = take();
  }
  emitForwardKernel(kernel, op, arguments);
  return kernel;
}

KernelOp HostRewriter::emitMerge(ArrayRef<Value> inputs,
                                 ArrayRef<Value> outputs) {
  KernelOp kernel = makeKernel("_merge", mergeSchedule(op), inputs, outputs);
  auto take = argumentTaker(kernel);
  MergeArguments arguments;
  arguments.splits = take();
  arguments.parts.max = take();
  arguments.parts.sums = take();
  if (isUsed(op.getOutput()))
    arguments.parts.acc = take();
  if (isUsed(op.getOutput()))
    arguments.output = take();
  if (isUsed(op.getLse()))
    arguments.lse = take();
  emitMergeKernel(kernel, op, arguments);
  return kernel;
}

/// As many CTAs for each query tile as one wave has room for, one on each
/// multiprocessor, but none that would have less than `kMinSteps` KV tiles: its
/// part costs as much traffic as those.
Value HostRewriter::emitSplits(Value blocks) {
  constexpr int64_t kMinSteps = 4;
  if (schedule().getSplit() != 0)
    return constant(schedule().getSplit());
  Value ctas =
      fold<arith::MulIOp>(fold<arith::MulIOp>(blocks, headTiles), batch);
  Value room = fold<arith::DivUIOp>(
      constant(lookupTarget(target())->multiprocessors),
      fold<arith::MaxUIOp>(ctas, constant(1)));
  Value most = fold<arith::DivUIOp>(
      keyLength, constant(kMinSteps * schedule().getKv()));
  return fold<arith::MaxUIOp>(fold<arith::MinUIOp>(room, most), constant(1));
}

/// What parts are stored in: nothing where there is one.
SmallVector<Value> HostRewriter::emitParts(Value splits) {
  Value count = builder.createOrFold<arith::SelectOp>(loc, isOne(splits),
                                                      constant(0), splits);
  SmallVector<OpFoldResult> sizes = {
      getAsOpFoldResult(fold<arith::MulIOp>(count, batch)),
      getAsOpFoldResult(queryHeads), getAsOpFoldResult(queryLength)};
  auto make = [&]() -> Value {
    return tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  };
  SmallVector<Value> parts = {make(), make()};
  sizes.push_back(builder.getIndexAttr(op.getHeadDimV()));
  if (isUsed(op.getOutput()))
    parts.push_back(make());
  return parts;
}

SmallVector<Value> HostRewriter::launch(KernelOp kernel, ArrayRef<Value> grid,
                                        ArrayRef<Value> inputs,
                                        ArrayRef<Value> outputs) {
  auto launch = LaunchOp::create(builder, loc, ValueRange(outputs).getTypes(),
                                 SymbolRefAttr::get(kernel.getSymNameAttr()),
                                 grid[0], grid[1], grid[2], inputs, outputs);
  return SmallVector<Value>(launch.getResults());
}

/// As many tiles of heads as have keys and values that fit the cache together,
/// those of whole groups, at least one.
Value HostRewriter::emitSection() {
  RankedTensorType key = op.getKey().getType();
  int64_t bytesOfRow = (op.getHeadDimQK() + op.getHeadDimV()) *
                       key.getElementTypeBitWidth() / 8;
  int64_t rows = lookupTarget(target())->cacheBytes / bytesOfRow;
  Value one = constant(1);
  Value keyHeadsInCache = fold<arith::DivUIOp>(
      constant(rows), fold<arith::MaxUIOp>(keyLength, one));
  Value section = fold<arith::MulIOp>(
      fold<arith::MaxUIOp>(keyHeadsInCache, one), tilesOfGroup);
  return fold<arith::MaxUIOp>(section, one);
}

/// With persistent CTAs, as many as there are multiprocessors, and tiles.
SmallVector<Value> HostRewriter::launchForward(Value blocks, Value splits,
                                               SmallVector<Value> inputs,
                                               ArrayRef<Value> outputs) {
  SmallVector<Value> grid = {fold<arith::MulIOp>(blocks, splits), headTiles,
                             batch};
  if (schedule().getPersistent()) {
    inputs.append(grid);
    inputs.push_back(emitSection());
    Value tiles =
        fold<arith::MulIOp>(fold<arith::MulIOp>(grid[0], grid[1]), grid[2]);
    assertAtMost(tiles, INT32_MAX, "expected tiles of query (" +
                                       nameOf(op.getQuery()) + ")");
    Value ctas = tile::MultiprocessorsOp::create(builder, loc);
    grid = {fold<arith::MinUIOp>(tiles, ctas), constant(1), constant(1)};
  }
  inputs.front() = inGroups(inputs.front());
  SmallVector<Value> seen = llvm::map_to_vector(
      outputs, [&](Value output) { return inGroups(output); });
  SmallVector<Value> results =
      launch(emitKernel(inputs, seen, splits), grid, inputs, seen);
  for (auto [result, output] : llvm::zip(results, outputs))
    result = ungrouped(result, cast<RankedTensorType>(output.getType()));
  return results;
}

/// Which dimensions of the tensor a dimension becomes that is seen as two.
static SmallVector<ReassociationIndices> splittingDim(int64_t rank,
                                                      int64_t dim) {
  SmallVector<ReassociationIndices> parts;
  for (int64_t i = 0; i < rank; ++i)
    parts.push_back(i < dim    ? ReassociationIndices{i}
                    : i == dim ? ReassociationIndices{i, i + 1}
                               : ReassociationIndices{i + 1});
  return parts;
}

/// Where heads share a tile, the tensor of query rows with two dimensions of
/// heads: key heads, and the heads that share one.
Value HostRewriter::inGroups(Value tensor) {
  if (schedule().getHeads() == 1)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t at = headDimOf(type);
  auto empty = tensor.getDefiningOp<tensor::EmptyOp>();
  SmallVector<OpFoldResult> sizes =
      empty ? empty.getMixedSizes()
            : tensor::getMixedSizes(builder, loc, tensor);
  sizes[at] = getAsOpFoldResult(keyHeads);
  sizes.insert(sizes.begin() + at + 1,
               getAsOpFoldResult(group));
  SmallVector<int64_t> shape(type.getShape());
  int64_t keyCount = op.getKey().getType().getDimSize(op.headDim());
  bool isKnown = !type.isDynamicDim(at) && keyCount > 0; // kDynamic is not
  if (!isKnown && !type.isDynamicDim(at)) {
    shape[at] = ShapedType::kDynamic;
    type = type.clone(shape);
    tensor = tensor::CastOp::create(builder, loc, type, tensor);
  }
  int64_t groupCount = isKnown ? shape[at] / keyCount : ShapedType::kDynamic;
  shape[at] = isKnown ? keyCount : ShapedType::kDynamic;
  shape.insert(shape.begin() + at + 1, groupCount);
  return tensor::ExpandShapeOp::create(
      builder, loc, type.clone(shape), tensor,
      splittingDim(type.getRank(), at), sizes);
}

/// The tensor with one dimension of heads again, as `type`.
Value HostRewriter::ungrouped(Value tensor, RankedTensorType type) {
  if (schedule().getHeads() == 1)
    return tensor;
  Value result = tensor::CollapseShapeOp::create(
      builder, loc, tensor, splittingDim(type.getRank(), headDimOf(type)));
  if (result.getType() == type)
    return result;
  return tensor::CastOp::create(builder, loc, type, result);
}

/// Where keys may be split, the kernel fills the results or the parts, and the
/// merging, whose grid is empty in the first case, results from parts.
void HostRewriter::emitLaunches() {
  readGroups();
  Value blocks =
      fold<arith::CeilDivUIOp>(queryLength, constant(schedule().getQueries()));
  Value splits = emitSplits(blocks);
  SmallVector<Value> inputs = {op.getQuery(), op.getKey(), op.getValue(),
                               tilesOfGroup};
  SmallVector<Value> results = emitDestinations();
  if (matchPattern(splits, m_One())) {
    results = launchForward(blocks, splits, inputs, results);
  } else {
    inputs.push_back(splits);
    SmallVector<Value> parts = emitParts(splits), outputs;
    if (mayBeOne(splits))
      outputs = results;
    llvm::append_range(outputs, parts);
    SmallVector<Value> filled = launchForward(blocks, splits, inputs, outputs);
    if (mayBeOne(splits))
      results.assign(filled.begin(), filled.end() - parts.size());
    parts.assign(filled.end() - parts.size(), filled.end());
    results = emitMergeLaunch(splits, parts, results);
  }
  unsigned next = 0;
  for (Value result : op->getResults())
    if (isUsed(result))
      result.replaceAllUsesWith(results[next++]);
}

SmallVector<Value> HostRewriter::emitMergeLaunch(Value splits,
                                                 ArrayRef<Value> parts,
                                                 ArrayRef<Value> results) {
  SmallVector<Value> inputs = {splits};
  llvm::append_range(inputs, parts);
  KernelOp kernel = emitMerge(inputs, results);
  Value blocks = fold<arith::CeilDivUIOp>(
      queryLength, constant(kernel.getSchedule().getQ()));
  blocks = arith::SelectOp::create(builder, loc, isOne(splits), constant(0),
                                   blocks);
  return launch(kernel, {blocks, queryHeads, batch}, inputs, results);
}

LogicalResult HostRewriter::rewrite() {
  if (!op->hasAttr("tile.schedule") || !op->hasAttr("tile.target"))
    return op.emitOpError("has no schedule; run attn-select-schedule first");
  readDims();
  emitAsserts();
  emitLaunches();
  op.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// What the types leave open about the shapes of positions and offsets.
static void emitRopeAsserts(OpBuilder &builder, RopeOp op) {
  Location loc = op.getLoc();
  auto dim = [&](Value tensor, int64_t i) -> Value {
    return tensor::DimOp::create(builder, loc, tensor, i);
  };
  auto assertThat = [&](arith::CmpIPredicate predicate, Value a, Value b,
                        const Twine &message) {
    Value holds = arith::CmpIOp::create(builder, loc, predicate, a, b);
    cf::AssertOp::create(builder, loc, holds, builder.getStringAttr(message));
  };
  auto assertAtMost = [&](int64_t i, int64_t bound, const Twine &what) {
    Value limit = arith::ConstantIndexOp::create(builder, loc, bound);
    assertThat(arith::CmpIPredicate::ule, dim(op.getInput(), i), limit,
               "expected " + what + " of argument " +
                   Twine(rootOf(op.getInput()).getArgNumber()) +
                   " to be at most " + Twine(bound));
  };
  auto assertEqual = [&](Value tensor, int64_t i, int64_t inputDim,
                         const Twine &what) {
    if (tensor)
      assertThat(arith::CmpIPredicate::eq, dim(tensor, i),
                 dim(op.getInput(), inputDim),
                 "expected " + what + " of argument " +
                     Twine(rootOf(tensor).getArgNumber()) +
                     " to match argument " +
                     Twine(rootOf(op.getInput()).getArgNumber()));
  };
  assertEqual(op.getPositions(), 0, op.batchDim(), "batch");
  assertEqual(op.getPositions(), 1, op.lengthDim(), "length");
  assertEqual(op.getOffsets(), 0, op.batchDim(), "batch");
  constexpr int64_t kMaxGrid = 65535;
  assertAtMost(op.lengthDim(), SdpaOp::kMaxLength - 1, "length");
  assertAtMost(op.headDim(), kMaxGrid, "heads");
  assertAtMost(op.batchDim(), kMaxGrid, "batch");
}

static KernelOp emitRopeKernel(OpBuilder &builder, RopeOp op,
                               func::FuncOp function, StringRef name) {
  SmallVector<Type> types;
  for (Value operand : op->getOperands())
    types.push_back(memrefOf(cast<RankedTensorType>(operand.getType())));
  types.push_back(memrefOf(op.getOutput().getType()));
  auto atModule = OpBuilder(function);
  auto kernel = KernelOp::create(
      atModule, op.getLoc(), name, builder.getFunctionType(types, {}),
      op->getAttrOfType<ScheduleAttr>("tile.schedule"),
      op->getAttrOfType<StringAttr>("tile.target").getValue());
  if (std::string source = sourceOf(op.getLoc()); !source.empty())
    kernel->setAttr(kSourceAttr, builder.getStringAttr(source));
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : types)
    body.addArgument(type, op.getLoc());
  RopeArguments arguments;
  unsigned next = 0;
  arguments.input = body.getArgument(next++);
  if (op.getPositions())
    arguments.positions = body.getArgument(next++);
  if (op.getOffsets())
    arguments.offsets = body.getArgument(next++);
  arguments.output = body.getArgument(next);
  emitRopeKernel(kernel, op, arguments);
  return kernel;
}

static LogicalResult convertRope(RopeOp op, func::FuncOp function,
                                 StringRef name) {
  if (!op->hasAttr("tile.schedule") || !op->hasAttr("tile.target"))
    return op.emitOpError("has no schedule; run attn-select-schedule first");
  OpBuilder builder(op);
  Location loc = op.getLoc();
  emitRopeAsserts(builder, op);
  KernelOp kernel = emitRopeKernel(builder, op, function, name);
  auto dim = [&](int64_t i) -> Value {
    return tensor::DimOp::create(builder, loc, op.getInput(), i);
  };
  SmallVector<Value> dynamic;
  RankedTensorType type = op.getOutput().getType();
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(dim(i));
  Value empty = tensor::EmptyOp::create(builder, loc, type, dynamic);
  Value rows =
      arith::ConstantIndexOp::create(builder, loc, kernel.getSchedule().getQ());
  Value blocks =
      arith::CeilDivUIOp::create(builder, loc, dim(op.lengthDim()), rows);
  auto launch = LaunchOp::create(
      builder, loc, type, SymbolRefAttr::get(kernel.getSymNameAttr()), blocks,
      dim(op.headDim()), dim(op.batchDim()), op->getOperands(), empty);
  op.getOutput().replaceAllUsesWith(launch.getResult(0));
  op.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// What the package says about the function
//===----------------------------------------------------------------------===//

/// A query index at which a constraint starts or stops to bind, for the key at
/// one end of the keys: constant plus multiples of dimensions of arguments.
static DictionaryAttr edgeRow(Builder &builder, SdpaOp op,
                              const KeepConstraint &constraint, bool atEnd) {
  // j * J + i * I + … + constant = 0 at J = 0 or J = Sk - 1, solved for I.
  int64_t sign = -constraint.i;
  int64_t constant = constraint.constant - (atEnd ? constraint.j : 0);
  int64_t keyLength = constraint.keyLength + (atEnd ? constraint.j : 0);
  auto term = [&](Value tensor, int64_t coefficient) {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr(
             "arg", builder.getI64IntegerAttr(rootOf(tensor).getArgNumber())),
         builder.getNamedAttr("dim", builder.getI64IntegerAttr(op.lengthDim())),
         builder.getNamedAttr("coef", builder.getI64IntegerAttr(coefficient))});
  };
  SmallVector<Attribute> terms;
  if (constraint.queryLength)
    terms.push_back(term(op.getQuery(), constraint.queryLength * sign));
  if (keyLength)
    terms.push_back(term(op.getKey(), keyLength * sign));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("const",
                            builder.getI64IntegerAttr(constant * sign)),
       builder.getNamedAttr("terms", builder.getArrayAttr(terms))});
}

static ArrayAttr edgeRows(Builder &builder, SdpaOp op) {
  SmallVector<Attribute> rows;
  if (op.getKeep().empty())
    return builder.getArrayAttr({});
  auto constraints = deriveKeepConstraints(op.getKeep());
  if (failed(constraints))
    return builder.getArrayAttr({});
  for (const KeepConstraint &constraint : *constraints)
    if (std::abs(constraint.i) == 1)
      for (bool atEnd : {false, true})
        rows.push_back(edgeRow(builder, op, constraint, atEnd));
  return builder.getArrayAttr(rows);
}

/// `attn.result` of a returned value: which dimensions count its rows, and the
/// MMA steps behind a value.
static DictionaryAttr describeResult(Builder &builder, OpResult result) {
  if (auto rope = dyn_cast<RopeOp>(result.getOwner()))
    return builder.getDictionaryAttr(
        {builder.getNamedAttr(
             "rows", builder.getI64ArrayAttr(
                         {rope.batchDim(), rope.headDim(), rope.lengthDim()})),
         builder.getNamedAttr("mma_steps", builder.getI64IntegerAttr(0))});
  auto op = cast<SdpaOp>(result.getOwner());
  SmallVector<int64_t> rows = {0, 1, 2};
  if (result == op.getOutput())
    rows = {op.batchDim(), op.headDim(), op.lengthDim()};
  int64_t steps = llvm::divideCeil(op.getHeadDimQK(), 16);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("rows", builder.getI64ArrayAttr(rows)),
       builder.getNamedAttr("mma_steps", builder.getI64IntegerAttr(steps))});
}

static void describe(func::FuncOp function) {
  Builder builder(function.getContext());
  SmallVector<Attribute> results, edges;
  for (Value value : function.front().getTerminator()->getOperands())
    results.push_back(describeResult(builder, cast<OpResult>(value)));
  function.walk(
      [&](SdpaOp op) { llvm::append_range(edges, edgeRows(builder, op)); });
  function->setAttr("attn.results", builder.getArrayAttr(results));
  function->setAttr("attn.edge_rows", builder.getArrayAttr(edges));
}

/// What attn-check-support makes sure of, and the code above relies on.
static bool isSupported(func::FuncOp function) {
  auto isSource = [](Value value) {
    return isa<BlockArgument>(value) || value.getDefiningOp<RopeOp>();
  };
  bool areSources = llvm::all_of(function.front(), [&](Operation &op) {
    return !isa<SdpaOp, RopeOp>(op) || llvm::all_of(op.getOperands(), isSource);
  });
  return areSources && function.getBody().hasOneBlock() &&
         llvm::all_of(
             function.front().getTerminator()->getOperands(), [](Value value) {
               return isa_and_nonnull<SdpaOp, RopeOp>(value.getDefiningOp());
             });
}

static LogicalResult convert(Operation *op, func::FuncOp function,
                             unsigned number) {
  if (auto sdpa = dyn_cast<SdpaOp>(op))
    return HostRewriter(sdpa, function, number).rewrite();
  std::string name = llvm::formatv("{0}_{1}", function.getSymName(), number);
  return convertRope(cast<RopeOp>(op), function, name);
}

void ConvertAttnToTile::runOnOperation() {
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp function : functions) {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<SdpaOp, RopeOp>(op))
        ops.push_back(op);
    });
    if (ops.empty())
      continue;
    if (!isSupported(function)) {
      ops.front()->emitOpError("stands in a function that attn-check-support "
                               "refuses");
      return signalPassFailure();
    }
    describe(function);
    for (auto [number, op] : llvm::enumerate(ops))
      if (failed(convert(op, function, number)))
        return signalPassFailure();
  }
}
