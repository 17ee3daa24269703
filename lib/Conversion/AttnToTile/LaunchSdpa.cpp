//===- LaunchSdpa.cpp - Launches in the place of attention ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostSide.h"
#include "OnlineSoftmax.h"

#include "attn/Dialect/Tile/IR/Origins.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// Puts launches in the place of one attention of one function.
class SdpaLauncher {
public:
  SdpaLauncher(SdpaOp op, func::FuncOp function, StringRef name)
      : builder(op), loc(op.getLoc()), op(op), function(function), name(name) {}
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

void SdpaLauncher::readDims() {
  batch = dim(op.getQuery(), op.batchDim());
  queryHeads = dim(op.getQuery(), op.headDim());
  queryLength = dim(op.getQuery(), op.lengthDim());
  keyHeads = dim(op.getKey(), op.headDim());
  keyLength = dim(op.getKey(), op.lengthDim());
}

void SdpaLauncher::readGroups() {
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

void SdpaLauncher::assertThat(Value condition, const Twine &message) {
  cf::AssertOp::create(builder, loc, condition, builder.getStringAttr(message));
}

void SdpaLauncher::assertEqual(Value a, Value b, const Twine &what) {
  assertThat(
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b),
      what);
}

void SdpaLauncher::assertAtMost(Value value, int64_t bound, const Twine &what) {
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule,
                                      value, constant(bound));
  assertThat(holds, what + " to be at most " + Twine(bound));
}

/// Those that types do not decide fold away.
void SdpaLauncher::emitAsserts() {
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
  assertAtMost(queryHeads, kMaxGrid, "expected heads of query (" + q + ")");
  assertAtMost(batch, kMaxGrid, "expected batch of query (" + q + ")");
}

//===----------------------------------------------------------------------===//
// Kernel and launch
//===----------------------------------------------------------------------===//

SmallVector<Value> SdpaLauncher::emitDestinations() {
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

KernelOp SdpaLauncher::makeKernel(const Twine &suffix, ScheduleAttr schedule,
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
ScheduleAttr SdpaLauncher::scheduleOf(Value splits) {
  return schedule().withSplit(getConstantIntValue(splits).value_or(0));
}

KernelOp SdpaLauncher::emitKernel(ArrayRef<Value> inputs,
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

KernelOp SdpaLauncher::emitMerge(ArrayRef<Value> inputs,
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
Value SdpaLauncher::emitSplits(Value blocks) {
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
SmallVector<Value> SdpaLauncher::emitParts(Value splits) {
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

SmallVector<Value> SdpaLauncher::launch(KernelOp kernel, ArrayRef<Value> grid,
                                        ArrayRef<Value> inputs,
                                        ArrayRef<Value> outputs) {
  auto launch = LaunchOp::create(builder, loc, ValueRange(outputs).getTypes(),
                                 SymbolRefAttr::get(kernel.getSymNameAttr()),
                                 grid[0], grid[1], grid[2], inputs, outputs);
  return SmallVector<Value>(launch.getResults());
}

/// As many tiles of heads as have keys and values that fit the cache together,
/// those of whole groups, at least one.
Value SdpaLauncher::emitSection() {
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
SmallVector<Value> SdpaLauncher::launchForward(Value blocks, Value splits,
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
Value SdpaLauncher::inGroups(Value tensor) {
  if (schedule().getHeads() == 1)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t at = headDimOf(type);
  auto empty = tensor.getDefiningOp<tensor::EmptyOp>();
  SmallVector<OpFoldResult> sizes =
      empty ? empty.getMixedSizes()
            : tensor::getMixedSizes(builder, loc, tensor);
  sizes[at] = getAsOpFoldResult(keyHeads);
  sizes.insert(sizes.begin() + at + 1, getAsOpFoldResult(group));
  SmallVector<int64_t> shape(type.getShape());
  shape[at] = getConstantIntValue(sizes[at]).value_or(ShapedType::kDynamic);
  int64_t ofGroup =
      getConstantIntValue(sizes[at + 1]).value_or(ShapedType::kDynamic);
  if (ShapedType::isDynamic(ofGroup) && !type.isDynamicDim(at)) {
    SmallVector<int64_t> open(type.getShape());
    open[at] = ShapedType::kDynamic;
    type = type.clone(open);
    tensor = tensor::CastOp::create(builder, loc, type, tensor);
  }
  shape.insert(shape.begin() + at + 1, ofGroup);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), tensor,
                                       splittingDim(type.getRank(), at), sizes);
}

/// The tensor with one dimension of heads again, as `type`.
Value SdpaLauncher::ungrouped(Value tensor, RankedTensorType type) {
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
void SdpaLauncher::emitLaunches() {
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

SmallVector<Value> SdpaLauncher::emitMergeLaunch(Value splits,
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

LogicalResult SdpaLauncher::rewrite() {
  if (!op->hasAttr("tile.schedule") || !op->hasAttr("tile.target"))
    return op.emitOpError("has no schedule; run attn-select-schedule first");
  readDims();
  emitAsserts();
  emitLaunches();
  op.erase();
  return success();
}

LogicalResult attn::launchSdpa(SdpaOp op, func::FuncOp function,
                               StringRef name) {
  return SdpaLauncher(op, function, name).rewrite();
}
