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

/// Replaces the keys that `text` names: "q=128,kv=64".
static LogicalResult parseKeys(StringRef text, ScheduleKeys &keys,
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
                        .Case("split", &keys.split)
                        .Case("producers", &keys.producers)
                        .Case("persistent", &keys.persistent)
                        .Case("prefetch", &keys.prefetch)
                        .Case("turns", &keys.turns)
                        .Case("overlap", &keys.overlap)
                        .Default(nullptr);
    if (!slot)
      return emitError() << "expected schedule keys `q`, `kv`, `warps`, "
                            "`stages`, `split`, `producers`, `persistent`, "
                            "`prefetch`, `turns` or `overlap`, got `"
                         << key.trim() << "`";
    if (value.trim().getAsInteger(10, *slot))
      return emitError() << "expected an integer for schedule key `"
                         << key.trim() << "`, got `" << value.trim() << "`";
  }
  return success();
}

/// Where the types show one query tile a head, as in decoding, and too few of them
/// to fill the chip, keys are split, in as many parts as a count says that knows
/// all shapes.
static int64_t defaultSplit(SdpaOp op, int64_t q, const TargetDesc &target) {
  RankedTensorType query = op.getQuery().getType();
  auto atLeast = [&](int64_t dim) {
    return query.isDynamicDim(dim) ? 1 : query.getDimSize(dim);
  };
  bool isOneTile = !query.isDynamicDim(op.lengthDim()) &&
                   query.getDimSize(op.lengthDim()) <= q;
  int64_t tiles = atLeast(op.headDim()) * atLeast(op.batchDim());
  return isOneTile && 2 * tiles <= target.multiprocessors ? 0 : 1;
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

LogicalResult SelectSchedule::select(SdpaOp op, const TargetDesc &target) {
  // Plain emitError: the operation is fine, the flag is not.
  auto emitError = [&] { return mlir::emitError(op.getLoc()); };
  HeadDims dims{static_cast<int64_t>(llvm::alignTo(op.getHeadDimQK(), 16)),
                static_cast<int64_t>(llvm::alignTo(op.getHeadDimV(), 16))};
  ScheduleKeys keys = defaultSchedule(target, dims);
  keys.split = defaultSplit(op, keys.q, target);
  if (keys.persistent && laterRowsHaveMore(op))
    keys.persistent = 2;
  if (failed(parseKeys(schedule, keys, emitError)))
    return failure();
  auto attr = ScheduleAttr::getChecked(emitError, &getContext(), keys.q,
                                       keys.kv, keys.warps, keys.stages,
                                       keys.split, keys.producers,
                                       keys.persistent, keys.prefetch,
                                       keys.turns, keys.overlap);
  if (!attr)
    return failure();
  if (keys.producers && !target.hasWarpgroups)
    return emitError() << "schedule `" << attr.toFlag()
                       << "` needs warpgroups, which " << target.name
                       << " does not have";
  if (!keys.producers && target.hasWarpgroups)
    return emitError() << "schedule `" << attr.toFlag()
                       << "` has no producers, which warpgroups of "
                       << target.name << " need";
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
