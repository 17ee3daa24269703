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

#include "RopeKernel.h"

#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Target/ScheduleTable.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"

namespace attn {
#define GEN_PASS_DEF_SELECTSCHEDULE
#include "attn/Conversion/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using attn::tile::ScheduleAttr;

namespace {

struct SelectSchedule : public attn::impl::SelectScheduleBase<SelectSchedule> {
  using SelectScheduleBase::SelectScheduleBase;
  void runOnOperation() override;

private:
  LogicalResult select(SdpaOp op, const TargetDesc &target);
};

} // namespace

/// At least, and beside producers exactly.
static constexpr int64_t kRowsOfWarp = 16;

using KeyNames = llvm::SmallSet<StringRef, 8>;

/// Replaces the keys that `text` names: "q=128,kv=64".
static LogicalResult parseKeys(StringRef text, ScheduleKeys &keys,
                               KeyNames &named,
                               function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<StringRef> parts;
  text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [key, value] = part.split('=');
    int64_t *slot = llvm::StringSwitch<int64_t *>(key.trim())
                        .Case("q", &keys.q)
                        .Case("kv", &keys.kv)
                        .Case("warps", &keys.warps)
                        .Case("stages", &keys.stages)
                        .Case("heads", &keys.heads)
                        .Case("split", &keys.split)
                        .Case("producers", &keys.producers)
                        .Case("persistent", &keys.persistent)
                        .Case("prefetch", &keys.prefetch)
                        .Case("turns", &keys.turns)
                        .Case("overlap", &keys.overlap)
                        .Default(nullptr);
    if (!slot)
      return emitError() << "expected schedule keys `q`, `kv`, `warps`, "
                            "`stages`, `heads`, `split`, `producers`, `persistent`, "
                            "`prefetch`, `turns` or `overlap`, got `"
                         << key.trim() << "`";
    if (value.trim().getAsInteger(10, *slot))
      return emitError() << "expected an integer for schedule key `"
                         << key.trim() << "`, got `" << value.trim() << "`";
    named.insert(key.trim());
  }
  return success();
}

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
  int64_t tilesOfGroup(const ScheduleKeys &keys) const {
    return llvm::divideCeil(queryHeads / keyHeads, keys.heads) *
           llvm::divideCeil(queries, keys.q / keys.heads);
  }

  int64_t batch, queryHeads, queries, keyHeads; // kDynamic where they do not
};

static bool rangeDependsOnHead(SdpaOp op) {
  return !op.getRange().empty() &&
         !op.getRange().front().getArgument(1).use_empty();
}

/// For any number of queries: the most heads, no more than a warp has rows in an
/// MMA, that leave no more than a tenth of a group's tiles empty.
static int64_t headsOfGroup(int64_t group, int64_t q) {
  constexpr int64_t kMostHeads = 16;
  int64_t best = 1;
  for (int64_t heads = 2; heads <= kMostHeads && q % heads == 0; heads *= 2)
    if (10 * group >= 9 * static_cast<int64_t>(llvm::alignTo(group, heads)))
      best = heads;
  return best;
}

/// Heads share a tile where their queries do not fill it: as many as make the
/// number of tiles smallest, if that saves a tenth; or where nobody knows whether
/// they do, and full tiles lose nothing.
static int64_t defaultHeads(SdpaOp op, const ScheduleKeys &keys) {
  Sizes sizes(op);
  if (!sizes.knowGroup() || rangeDependsOnHead(op))
    return 1;
  int64_t group = sizes.queryHeads / sizes.keyHeads;
  if (!sizes.knowQueries())
    return headsOfGroup(group, keys.q);
  ScheduleKeys best = keys, wider = keys;
  for (wider.heads = 2; wider.heads < 2 * group && keys.q % wider.heads == 0;
       wider.heads *= 2)
    if (sizes.tilesOfGroup(wider) < sizes.tilesOfGroup(best))
      best = wider;
  bool isWorth = 10 * sizes.tilesOfGroup(best) <= 9 * sizes.tilesOfGroup(keys);
  return isWorth ? best.heads : 1;
}

/// Few rows get a small tile, of one warpgroup.
static void fitFewRows(SdpaOp op, ScheduleKeys &keys) {
  constexpr int64_t kFewRows = 64;
  Sizes sizes(op);
  if (!sizes.knowQueries() || sizes.queries * keys.heads > kFewRows ||
      keys.q <= kFewRows)
    return;
  keys.q = kFewRows;
  keys.warps = kFewRows / kRowsOfWarp;
  keys.turns = 0; // of one warpgroup
}

/// Where the types show that the queries of a head fit a tile, as in decoding, and
/// too few tiles to fill the chip, keys are split, in as many parts as a count says
/// that knows all shapes.
static int64_t defaultSplit(SdpaOp op, const ScheduleKeys &keys,
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

/// More than any where the types do not show it.
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

/// Each warp of a warpgroup has 16 rows, so rows and warps say the same.
static void matchRowsAndWarps(const KeyNames &named, ScheduleKeys &keys) {
  if (!keys.producers || named.contains("q") == named.contains("warps"))
    return;
  if (named.contains("q"))
    keys.warps = keys.q / kRowsOfWarp;
  else
    keys.q = keys.warps * kRowsOfWarp;
  if (keys.warps == ScheduleAttr::kWarpgroup && !named.contains("turns"))
    keys.turns = 0; // of one warpgroup
}

/// Keys that sizes and masks decide, or other keys, as far as they were not named.
static void fillIn(SdpaOp op, const TargetDesc &target, const KeyNames &named,
                   ScheduleKeys &keys) {
  if (!named.contains("heads"))
    keys.heads = defaultHeads(op, keys);
  if (!named.contains("q") && !named.contains("warps") &&
      !named.contains("turns"))
    fitFewRows(op, keys);
  if (!named.contains("split"))
    keys.split = defaultSplit(op, keys, target);
  if (!named.contains("persistent") && keys.persistent && laterRowsHaveMore(op))
    keys.persistent = ScheduleAttr::kLongestFirst;
}

LogicalResult SelectSchedule::select(SdpaOp op, const TargetDesc &target) {
  // Plain emitError: the operation is fine, the flag is not.
  auto emitError = [&] { return mlir::emitError(op.getLoc()); };
  HeadDims dims{static_cast<int64_t>(llvm::alignTo(op.getHeadDimQK(), 16)),
                static_cast<int64_t>(llvm::alignTo(op.getHeadDimV(), 16))};
  ScheduleKeys keys = defaultSchedule(
      target, {dims, lengthOf(op, op.getQuery()), lengthOf(op, op.getKey()),
               /*isMasked=*/!op.getKeep().empty()});
  KeyNames named;
  if (failed(parseKeys(schedule, keys, named, emitError)))
    return failure();
  if (!keys.producers && target.hasWarpgroups)
    return emitError() << "expected schedule key `producers` to be "
                       << ScheduleAttr::kWarpgroup << " on " << target.name
                       << ", whose warpgroups copy or compute, got 0";
  // Defaults are worked out from keys that make sense.
  auto check = [&] {
    return ScheduleAttr::getChecked(
        emitError, &getContext(), keys.q, keys.kv, keys.warps, keys.stages,
        keys.split, keys.producers, keys.persistent, keys.prefetch, keys.turns,
        keys.overlap, keys.heads);
  };
  matchRowsAndWarps(named, keys);
  if (!check())
    return failure();
  fillIn(op, target, named, keys);
  ScheduleAttr attr = check();
  if (!attr)
    return failure();
  if (keys.producers && !target.hasWarpgroups)
    return emitError() << "schedule `" << attr.toFlag()
                       << "` needs warpgroups, which " << target.name
                       << " does not have";
  if (keys.heads > 1 && rangeDependsOnHead(op))
    return emitError() << "schedule `" << attr.toFlag()
                       << "` has one range of keys for " << keys.heads
                       << " heads, but `range` depends on the head";
  int64_t registers = estimateRegisters(keys, dims);
  int64_t limit = registerLimit(target, keys);
  if (registers > limit)
    return emitError() << "schedule `" << attr.toFlag() << "` needs "
                       << registers << " registers a thread, "
                       << registers - limit << " more than the " << limit
                       << " of " << target.name;
  op->setAttr("tile.schedule", attr);
  op->setAttr("tile.target", StringAttr::get(&getContext(), target.name));
  remark::passed(
      op.getLoc(),
      remark::RemarkOpts::name("Schedule").category("attn-select-schedule"))
      << attr.toFlag();
  return success();
}

void SelectSchedule::runOnOperation() {
  const TargetDesc *desc = lookupTarget(target);
  if (!desc) {
    emitError(UnknownLoc::get(&getContext()))
        << "unknown target `" << target << "`; known are "
        << knownTargetNames();
    return signalPassFailure();
  }
  auto targetName = StringAttr::get(&getContext(), desc->name);
  getOperation().walk([&](RopeOp op) {
    if (op->hasAttr("tile.schedule"))
      return;
    op->setAttr("tile.schedule", ropeSchedule(op));
    op->setAttr("tile.target", targetName);
  });
  WalkResult result = getOperation().walk([&](SdpaOp op) {
    if (op->hasAttr("tile.schedule"))
      return WalkResult::advance();
    return WalkResult(select(op, *desc));
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
