//===- Splits.cpp - How many CTAs share the keys of a tile ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Splits.h"

#include "attn/Target/TargetRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The count of multiprocessors is that of the target's row, not of the device:
/// splits decide the order of sums, so results would depend on the machine.
/// (How many persistent CTAs there are changes no result, and there the device
/// is asked.)
///
/// As many CTAs as one wave has room for, one on each multiprocessor, but none
/// that would have less than `kMinSteps` key tiles: its partial result costs as
/// much traffic as those.
Value attn::emitSplits(HostBuilder &b, SdpaOp op, Value tiles) {
  constexpr int64_t kMinSteps = 4;
  auto schedule = cast<ScheduleAttr>(scheduleOf(op));
  if (schedule.getSplit() != 0)
    return b.constant(schedule.getSplit());
  int64_t most = lookupKey<AttentionKeys>("split")->most;
  int64_t multiprocessors = lookupTarget(targetOf(op))->multiprocessors;
  Value room = b.div(b.constant(multiprocessors), b.atLeastOne(tiles));
  Value worthwhile = b.div(b.dim(op.getKey(), op.lengthDim()),
                           b.constant(kMinSteps * schedule.getKv()));
  return b.atLeastOne(b.min(b.min(room, b.constant(most)), worthwhile));
}

bool attn::mayBeOneSplit(Value splits) {
  return getConstantIntValue(splits).value_or(1) == 1;
}

bool attn::isOneSplit(Value splits) { return matchPattern(splits, m_One()); }

ScheduleAttr attn::scheduleWithSplits(ScheduleAttr schedule, Value splits) {
  return schedule.withSplit(getConstantIntValue(splits).value_or(0));
}
