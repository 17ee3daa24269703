//===- SelectSchedule.cpp - How each attention is computed ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa %q, %k, %v …
// =>
//   attn.sdpa %q, %k, %v … {tile.schedule = #tile.schedule<q = 128, …>,
//                           tile.target = "…"}
//
//===----------------------------------------------------------------------===//

#include "attn/Schedule/Passes.h"

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/MmaTypes.h"
#include "attn/Dialect/Tile/IR/Schedules.h"
#include "attn/Schedule/GradientSchedules.h"
#include "attn/Schedule/RowSchedules.h"
#include "attn/Schedule/ScheduleTable.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

namespace attn {
#define GEN_PASS_DEF_SELECTSCHEDULE
#include "attn/Schedule/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct SelectSchedule : public attn::impl::SelectScheduleBase<SelectSchedule> {
  using SelectScheduleBase::SelectScheduleBase;
  void runOnOperation() override;

private:
  FailureOr<ScheduleAttr> choose(SdpaOp op, const TargetDesc &target);
  LogicalResult select(SdpaOp op, const TargetDesc &target);
  FailureOr<GradientScheduleAttr> choose(SdpaGradOp op, GradientKeys keys,
                                         StringRef kernel);
  LogicalResult select(SdpaGradOp op, const TargetDesc &target);

  std::string attentionFlag; // what `schedule` has for attention
};

} // namespace

/// Rows per warp: a minimum; exact with producer warps.
static constexpr int64_t kRowsOfWarp = WarpFragment::kRows;

using KeyNames = llvm::StringSet<>;

namespace {
/// Sizes of an attention, as far as types show them.
struct Sizes {
  explicit Sizes(SdpaOp op)
      : batch(op.getQuery().getType().getDimSize(op.batchDim())),
        queryHeads(op.getQuery().getType().getDimSize(op.headDim())),
        queries(op.getQuery().getType().getDimSize(op.lengthDim())),
        keyHeads(op.getKey().getType().getDimSize(op.headDim())) {}

  bool knowGroup() const { return queryHeads > 0 && keyHeads > 0; }
  bool knowQueries() const { return queries > 0; }
  /// Tiles of all query heads that share a key head.
  int64_t tilesOfGroup(const AttentionKeys &keys) const {
    return llvm::divideCeil(queryHeads / keyHeads, keys.heads) *
           llvm::divideCeil(queries, keys.q / keys.heads);
  }

  int64_t batch, queryHeads, queries, keyHeads; // kDynamic where they do not
};
} // namespace

static bool dependsOnHead(Region &region) {
  return !region.empty() && !region.front().getArgument(1).use_empty();
}

static bool rangeDependsOnHead(SdpaOp op) {
  return dependsOnHead(op.getRange());
}

/// Whether key tiles are listed for each head when it has tiles of its own.
static bool listsDependOnHead(SdpaOp op) {
  return dependsOnHead(op.getKeep()) &&
         !areDescribedByRange(analyzeKeep(op.getKeep()));
}

/// Chooses for any number of queries: the most heads, no more than a warp has
/// rows in an MMA, that leave no more than a tenth of a group's tiles empty.
static int64_t headsOfGroup(int64_t group, int64_t q) {
  int64_t best = 1;
  for (int64_t heads = 2; heads <= kRowsOfWarp && q % heads == 0; heads *= 2)
    if (10 * group >= 9 * static_cast<int64_t>(llvm::alignTo(group, heads)))
      best = heads;
  return best;
}

/// Chooses how many heads share a tile. Where their queries do not fill it, it
/// is the number that makes tiles fewest, if that saves a tenth. Where the
/// number of queries is unknown, heads share tiles as far as full tiles lose
/// nothing by it.
static int64_t defaultHeads(SdpaOp op, const AttentionKeys &keys) {
  Sizes sizes(op);
  if (!sizes.knowGroup() || rangeDependsOnHead(op) || listsDependOnHead(op))
    return 1;
  int64_t group = sizes.queryHeads / sizes.keyHeads;
  if (!sizes.knowQueries())
    return headsOfGroup(group, keys.q);
  AttentionKeys best = keys, wider = keys;
  for (wider.heads = 2; wider.heads < 2 * group && keys.q % wider.heads == 0;
       wider.heads *= 2)
    if (sizes.tilesOfGroup(wider) < sizes.tilesOfGroup(best))
      best = wider;
  bool isWorth = 10 * sizes.tilesOfGroup(best) <= 9 * sizes.tilesOfGroup(keys);
  return isWorth ? best.heads : 1;
}

/// Gives few rows a small tile, of one warpgroup.
static void fitFewRows(SdpaOp op, AttentionKeys &keys) {
  constexpr int64_t kFewRows = 64;
  Sizes sizes(op);
  if (!sizes.knowQueries() || sizes.queries * keys.heads > kFewRows ||
      keys.q <= kFewRows)
    return;
  keys.q = kFewRows;
  keys.warps = kFewRows / kRowsOfWarp;
  keys.turns = Turns::Nothing; // of one warpgroup
}

/// Splits keys where the types show that the queries of a head fit a tile, as
/// in decoding, and that tiles are too few to fill the chip. The number of
/// splits is then counted where all shapes are known.
static int64_t defaultSplit(SdpaOp op, const AttentionKeys &keys,
                            const TargetDesc &target) {
  Sizes sizes(op);
  if (!sizes.knowQueries() || sizes.queries > keys.q)
    return 1;
  int64_t ofHeads = sizes.knowGroup()
                        ? sizes.keyHeads * sizes.tilesOfGroup(keys)
                        : std::max<int64_t>(sizes.queryHeads, 1);
  int64_t tiles = ofHeads * std::max<int64_t>(sizes.batch, 1);
  return 2 * tiles <= target.multiprocessors ? 0 : 1;
}

/// INT64_MAX where dynamic.
static int64_t lengthOf(SdpaOp op, TypedValue<RankedTensorType> operand) {
  RankedTensorType type = operand.getType();
  return type.isDynamicDim(op.lengthDim()) ? std::numeric_limits<int64_t>::max()
                                           : type.getDimSize(op.lengthDim());
}

/// Whether later rows have more keys, as under a causal mask.
static bool laterRowsHaveMore(SdpaOp op) {
  if (op.getKeep().empty())
    return false;
  auto constraints = deriveKeepConstraints(op.getKeep());
  return succeeded(constraints) &&
         llvm::all_of(*constraints, [](const KeepConstraint &constraint) {
           return constraint.j > 0 && constraint.i < 0;
         });
}

/// Whether a head may have more than one query tile.
static bool hasManyTiles(SdpaOp op, const AttentionKeys &keys) {
  return lengthOf(op, op.getQuery()) > keys.q / keys.heads;
}

/// Each warp of a warpgroup has 16 rows, so rows and warps say the same.
static void matchRowsAndWarps(const KeyNames &named, AttentionKeys &keys) {
  if (!keys.producers || named.contains("q") == named.contains("warps"))
    return;
  if (named.contains("q"))
    keys.warps = keys.q / kRowsOfWarp;
  else
    keys.q = keys.warps * kRowsOfWarp;
  if (keys.warps == CtaAttr::kWarpgroup && !named.contains("turns"))
    keys.turns = Turns::Nothing; // of one warpgroup
}

/// As many rows as a key head has queries of its group, in whole blocks of
/// registers, or in part of one.
static void fitRowsOfProcessor(SdpaOp op, const ProcessorDesc &processor,
                               AttentionKeys &keys) {
  Sizes sizes(op);
  if (!sizes.knowQueries())
    return;
  int64_t rows = sizes.queries * keys.heads;
  int64_t fitting = rows < processor.blockRows
                        ? static_cast<int64_t>(llvm::PowerOf2Ceil(rows))
                        : llvm::alignTo(rows, processor.blockRows);
  fitting = llvm::alignTo(fitting, keys.heads);
  keys.q = std::min(keys.q, fitting);
}

static void fillInForProcessor(SdpaOp op, const TargetDesc &target,
                               const KeyNames &named, AttentionKeys &keys) {
  if (!named.contains("heads"))
    keys.heads = defaultHeads(op, keys);
  if (!named.contains("q"))
    fitRowsOfProcessor(op, *target.processor, keys);
  if (!named.contains("split"))
    keys.split = defaultSplit(op, keys, target);
}

/// Derives every key that the user did not set from sizes, masks and other
/// keys.
static void fillIn(SdpaOp op, const TargetDesc &target, const KeyNames &named,
                   AttentionKeys &keys) {
  if (!named.contains("heads"))
    keys.heads = defaultHeads(op, keys);
  if (!named.contains("q") && !named.contains("warps") &&
      !named.contains("turns"))
    fitFewRows(op, keys);
  if (!named.contains("split"))
    keys.split = defaultSplit(op, keys, target);
  if (!laterRowsHaveMore(op))
    return;
  if (keys.persistent == Persistence::OneTile) {
    if (!named.contains("longest"))
      keys.longest = keys.warps && keys.split == 1 && hasManyTiles(op, keys);
  } else if (!named.contains("persistent")) {
    keys.persistent = Persistence::LongestFirst;
  }
}

/// Head dimensions as the products take them.
static HeadDims paddedDims(AttentionOp op) {
  int64_t bits = op.getElementType().getWidth();
  int64_t step = WarpFragment::depth(bits);
  return {static_cast<int64_t>(llvm::alignTo(op.getHeadDimQK(), step)),
          static_cast<int64_t>(llvm::alignTo(op.getHeadDimV(), step)), bits};
}

/// Verifiers let no other types through than those that are multiplied.
static MmaType multipliedType(AttentionOp op) {
  return *mmaTypeOf(op.getElementType());
}

static Workload workloadOf(SdpaOp op) {
  Workload work;
  work.dims = paddedDims(op);
  work.type = multipliedType(op);
  work.queries = lengthOf(op, op.getQuery());
  work.keys = lengthOf(op, op.getKey());
  work.isMasked = !op.getKeep().empty();
  work.computesQuery = !fusedRowOps(op.getQuery()).empty();
  work.hasRegions = !op.getScore().empty() || !op.getCaptures().empty();
  work.hasDropout = op.getDropThreshold() != 0;
  if (work.isMasked)
    work.kept = mostKeptKeys(op.getKeep()).value_or(work.kept);
  return work;
}

/// The table's row for the operation, with the keys that the user set.
FailureOr<ScheduleAttr> SelectSchedule::choose(SdpaOp op,
                                               const TargetDesc &target) {
  // Plain emitError: the operation is fine, the flag is not.
  auto emitError = [&] { return mlir::emitError(op.getLoc()); };
  AttentionKeys keys = defaultSchedule(target, workloadOf(op));
  for (unsigned i = 0; i < relaxed; ++i)
    keys = relaxedSchedule(keys);
  KeyNames named;
  if (failed(parseFlag(attentionFlag, keys, named, emitError)))
    return failure();
  bool areGroups =
      target.schedulesOf(multipliedType(op)) == ScheduleFamily::Warpgroups;
  if (!keys.producers && areGroups)
    return emitError() << "expected schedule key `producers` to be "
                       << CtaAttr::kWarpgroup << " on " << target.name
                       << ", whose warpgroups copy or compute, got 0";
  if (keys.producers && !areGroups && !target.isProcessor() &&
      target.has(Feature::WarpgroupProducts))
    return emitError() << "expected schedule key `producers` to be 0 for "
                       << op.getElementType() << " on " << target.name
                       << ", whose warps multiply it alone, got "
                       << keys.producers;
  // Defaults are derived only from keys that are valid.
  auto check = [&] {
    return ScheduleAttr::getChecked(emitError, &getContext(), keys);
  };
  matchRowsAndWarps(named, keys);
  if (!check())
    return failure();
  if (target.isProcessor())
    fillInForProcessor(op, target, named, keys);
  else
    fillIn(op, target, named, keys);
  ScheduleAttr attr = check();
  if (!attr)
    return failure();
  return attr;
}

/// * the target has every feature that the schedule takes;
/// * heads that share a tile share its range of keys;
/// * what a step needs fits the registers of a thread.
static LogicalResult checkFits(SdpaOp op, const TargetDesc &target,
                               ScheduleAttr schedule) {
  std::string flag = schedule.toFlag();
  for (Feature feature :
       {Feature::WarpgroupProducts, Feature::TensorMaps, Feature::ByteBarriers})
    if (schedule.getProducers() && !target.has(feature))
      return emitError(op.getLoc())
             << "schedule `" << flag << "` needs " << wordsOf(feature)
             << ", which " << target.name << " does not have";
  if (schedule.getHeads() > 1 && rangeDependsOnHead(op))
    return emitError(op.getLoc())
           << "schedule `" << flag << "` has one range of keys for "
           << schedule.getHeads() << " heads, but `range` depends on the head";
  if (target.isProcessor())
    return success();
  int64_t registers = estimateRegisters(schedule.getKeys(), paddedDims(op));
  int64_t limit = registerLimit(target, schedule.getKeys());
  if (registers > limit)
    return emitError(op.getLoc())
           << "schedule `" << flag << "` needs " << registers
           << " registers a thread, " << registers - limit << " more than the "
           << limit << " of " << target.name;
  return success();
}

LogicalResult SelectSchedule::select(SdpaOp op, const TargetDesc &target) {
  FailureOr<ScheduleAttr> attr = choose(op, target);
  if (failed(attr) || failed(checkFits(op, target, *attr)))
    return failure();
  op->setAttr(tile::kScheduleAttr, *attr);
  op->setAttr(tile::kTargetAttr, StringAttr::get(&getContext(), target.name));
  remark::passed(
      op.getLoc(),
      remark::RemarkOpts::name("Schedule").category("attn-select-schedule"))
      << attr->toFlag();
  return success();
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

/// Splits the flag's keys: those of a kernel of gradients have its name in
/// front, but for `deterministic`, which both have.
static std::string partOfFlag(StringRef flag, StringRef kernel) {
  SmallVector<StringRef> parts;
  flag.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  std::string text;
  for (StringRef part : parts) {
    StringRef key = part.trim();
    bool isOfBoth = key.starts_with("deterministic");
    bool isNamed = key.starts_with("keys.") || key.starts_with("queries.");
    bool isPart = kernel.empty() ? !isOfBoth && !isNamed
                                 : isOfBoth || key.consume_front(kernel);
    if (isPart)
      text += (text.empty() ? "" : ",") + key.str();
  }
  return text;
}

FailureOr<GradientScheduleAttr>
SelectSchedule::choose(SdpaGradOp op, GradientKeys keys, StringRef kernel) {
  auto emitError = [&] { return mlir::emitError(op.getLoc()); };
  for (unsigned i = 0; i < relaxed; ++i)
    keys = relaxedSchedule(keys);
  KeyNames named;
  if (failed(parseFlag(partOfFlag(schedule, kernel), keys, named, emitError)))
    return failure();
  auto attr = GradientScheduleAttr::getChecked(emitError, &getContext(), keys);
  if (!attr)
    return failure();
  remark::passed(
      op.getLoc(),
      remark::RemarkOpts::name("Schedule").category("attn-select-schedule"))
      << kernel << " " << attr.toFlag();
  return attr;
}

static GradientExtras extrasOf(SdpaGradOp op) {
  return {bool(op.getDropThreshold()),
          !op.getCaptures().empty() || !op.getScore().empty(),
          !op.getDifferentiated().empty(), op.getElementType().isF32()};
}

LogicalResult SelectSchedule::select(SdpaGradOp op, const TargetDesc &target) {
  GradientSchedules defaults =
      defaultGradientSchedules(target, paddedDims(op), multipliedType(op));
  if (!target.isProcessor())
    fitExtras(defaults, paddedDims(op), extrasOf(op));
  FailureOr<GradientScheduleAttr> keys = choose(op, defaults.keys, "keys.");
  FailureOr<GradientScheduleAttr> queries =
      choose(op, defaults.queries, "queries.");
  if (failed(keys) || failed(queries))
    return failure();
  op->setAttr(tile::kScheduleAttr, *keys);
  op->setAttr(tile::kQueryScheduleAttr, *queries);
  op->setAttr(tile::kTargetAttr, StringAttr::get(&getContext(), target.name));
  return success();
}

void SelectSchedule::runOnOperation() {
  const TargetDesc *desc =
      target.empty() ? &defaultTarget() : lookupTarget(target);
  if (!desc) {
    emitError(UnknownLoc::get(&getContext()))
        << "unknown target `" << target << "`; known are "
        << knownTargetNames();
    return signalPassFailure();
  }
  auto targetName = StringAttr::get(&getContext(), desc->name);
  getOperation().walk([&](RowOp op) {
    if (op->hasAttr(tile::kScheduleAttr))
      return;
    op->setAttr(tile::kTargetAttr, targetName);
    op->setAttr(tile::kScheduleAttr, rowSchedule(op));
  });
  getOperation().walk([&](Operation *op) {
    if (op->hasAttr(tile::kScheduleAttr) || !isa<SumOp, NormGradOp>(op))
      return;
    op->setAttr(tile::kTargetAttr, targetName);
    auto sum = dyn_cast<SumOp>(op);
    op->setAttr(tile::kScheduleAttr,
                sum ? sumSchedule(sum)
                    : normGradSchedule(cast<NormGradOp>(op)));
  });
  bool hasGradients =
      getOperation()
          .walk([](SdpaGradOp) { return WalkResult::interrupt(); })
          .wasInterrupted();
  attentionFlag = hasGradients ? partOfFlag(schedule, /*kernel=*/"")
                               : std::string(schedule);
  WalkResult result = getOperation().walk([&](AttentionOp op) {
    if (op->hasAttr(tile::kScheduleAttr))
      return WalkResult::advance();
    if (auto gradient = dyn_cast<SdpaGradOp>(op.getOperation()))
      return WalkResult(select(gradient, *desc));
    return WalkResult(select(cast<SdpaOp>(op.getOperation()), *desc));
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
