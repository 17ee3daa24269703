//===- Wgmma.cpp - wgmma: instructions ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared memory is read when the operation is done, not when it is issued: what
// was overwritten in between shows.
//
//===----------------------------------------------------------------------===//

#include "Ops/Wgmma.h"
#include "Machine/Cluster.h"
#include "Ops/Collective.h"
#include "Ops/Park.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

using namespace wgmma;

bool misuse(Warp &warp, const Op &op, const std::string &detail) {
  Event event{EventKind::WgmmaMisuse, &warp, &op, warp.live};
  event.detail = detail;
  warp.cta.emit(event);
  return false;
}

WarpGroup *groupOf(Warp &warp, const Op &op) {
  size_t index = warp.index / 4;
  if (index < warp.cta.warpGroups.size())
    return &warp.cta.warpGroups[index];
  misuse(warp, op, "expected a warp of four that begin at a multiple of four");
  return nullptr;
}

/// The descriptor that all lanes give.
uint64_t descriptor(Warp &warp, const Op &op, uint16_t row) {
  demandDefined(warp, op, ~0u, warp.poison[row], "descriptor");
  const uint64_t *values = warp.row64(row);
  for (int i = 1; i < 32; ++i)
    if (values[i] != values[0]) {
      misuse(warp, op, "lanes disagree on a descriptor");
      break;
    }
  Descriptor from(values[0]);
  if (from.hasBaseOffset)
    misuse(warp, op, "expected a base offset of 0 in a descriptor");
  // Eight rows; a step along k stays in the first 128 bytes.
  if (from.start % (8 * std::max(from.swizzle, 16u)) / 128)
    misuse(warp, op,
           "the pattern of a swizzle of " + std::to_string(from.swizzle) +
               " bytes begins at address " + std::to_string(from.start) +
               "; expected a multiple of " + std::to_string(8 * from.swizzle));
  return values[0];
}

/// Registers since the last wgmma.fence, and those that are in use.
void checkRegisters(Warp &warp, const Op &op, const WarpGroup &group) {
  const uint16_t *rows = &warp.cta.launch.kernel.pool[op.list];
  unsigned results = shapeOf(op).accumulators();
  for (unsigned i = 0; i < op.count; ++i)
    if (warp.wgmma.touched[rows[i]]) {
      misuse(warp, op,
             "a register of this wgmma was used since the last wgmma.fence, or "
             "there was none; expected wgmma.fence between");
      break;
    }
  for (unsigned i = results; i < op.count; ++i)
    if (warp.wgmma.inFlight[rows[i]])
      if (const WgmmaOp *other =
              group.userOf(warp.cta, warp.index % 4, rows[i]);
          other && other->op != &op) {
        misuse(warp, op,
               "an operand is the result of a wgmma in flight, of line " +
                   std::to_string(other->op->line));
        break;
      }
}

/// Warps that wait for this one look again.
void wake(Cta &cta, const WarpGroup &group) {
  for (unsigned w = 0; w < 4; ++w)
    for (Fragment &fragment : cta.warps[group.firstWarp + w]->fragments)
      if (fragment.state == Fragment::AtWarpGroup)
        fragment.state = Fragment::Ready;
}

/// The operations of a warpgroup are done in order.
void executeThrough(Cta &cta, WarpGroup &group, const WgmmaOp &last) {
  for (WgmmaOp &wgmma : group.operations()) {
    if (wgmma.number > last.number)
      return;
    if (!wgmma.done)
      execute(cta, group, wgmma);
  }
}

/// Makes results visible that are done before anybody waits for them.
void showDone(Cta &cta, WarpGroup &group) {
  for (const WgmmaOp &wgmma : group.operations()) {
    if (!wgmma.done)
      continue;
    const uint16_t *rows = &cta.launch.kernel.pool[wgmma.op->list];
    for (unsigned i = 0; i < shapeOf(*wgmma.op).accumulators(); ++i)
      for (unsigned w = 0; w < 4; ++w) {
        Warp &warp = *cta.warps[group.firstWarp + w];
        if (!warp.wgmma.undone[rows[i]])
          warp.wgmma.unveil(rows[i], warp.row(rows[i]));
      }
  }
}

/// Says what the operation reads in shared memory.
void tellIssue(Warp &warp, const Op &op, const Shape &shape,
               const WgmmaOp &wgmma) {
  if (!warp.cta.wants(EventKind::WgmmaIssue))
    return;
  static thread_local std::vector<uint32_t> chunks;
  chunks.clear();
  auto add = [&](uint64_t bits, bool isMnMajor, unsigned count) {
    Chunks from(bits, isMnMajor, shape.bytes(), count);
    for (unsigned k = 0; k < from.along; ++k)
      for (unsigned mn = 0; mn < from.across; ++mn) {
        uint32_t at = from.at(mn, k);
        if (at >= kSharedBase && at + 16 <= warp.cta.shared.end)
          chunks.push_back(at);
      }
  };
  add(wgmma.b, shape.bIsMnMajor, shape.columns());
  if (!shape.fromRegisters)
    add(wgmma.a, shape.aIsMnMajor, kRows);
  Event event{EventKind::WgmmaIssue, &warp, &op, warp.live};
  event.wgmma = &wgmma;
  event.chunks = &chunks;
  warp.cta.emit(event);
}

void issueFor(Warp &warp, const Op &op, WarpGroup &group) {
  Shape shape = shapeOf(op);
  const uint16_t *rows = &warp.cta.launch.kernel.pool[op.list];
  uint64_t a = shape.fromRegisters ? 0 : descriptor(warp, op, op.src[0]);
  unsigned next = shape.fromRegisters ? 0 : 1;
  uint64_t b = descriptor(warp, op, op.src[next]);
  const Predicate &scale = warp.preds[op.src[next + 1]];
  demandDefined(warp, op, ~0u, scale.poison, "condition");
  uint32_t accumulates = op.negated || op.negated2 ? ~scale.value : scale.value;
  if (accumulates && ~accumulates)
    misuse(warp, op, "lanes disagree on scale-d");
  checkRegisters(warp, op, group);
  uint32_t poison = 0;
  for (unsigned i = accumulates ? 0 : shape.accumulators(); i < op.count; ++i)
    poison |= warp.poison[rows[i]];
  demandDefined(warp, op, ~0u, poison, "wgmma operand");

  unsigned w = warp.index % 4;
  WgmmaOp &wgmma = group.issue(w);
  if (wgmma.issued == 1u << w) {
    wgmma.op = &op;
    wgmma.warp = &warp;
    wgmma.a = a;
    wgmma.b = b;
    wgmma.accumulates = accumulates != 0;
  } else if (wgmma.op != &op || wgmma.a != a || wgmma.b != b ||
             wgmma.accumulates != (accumulates != 0)) {
    misuse(warp, op,
           "the warps of a warpgroup issue different wgmmas: expected "
           "that of line " +
               std::to_string(wgmma.op->line) + " with the same descriptors");
  }
  for (unsigned i = 0; i < op.count; ++i)
    ++warp.wgmma.inFlight[rows[i]];
  for (unsigned i = 0; i < shape.accumulators(); ++i) {
    ++warp.wgmma.undone[rows[i]];
    warp.wgmma.veil(rows[i], warp.row(rows[i]));
    // Whoever looks before the wait breaks another rule.
    warp.setPoison(rows[i], ~0u, 0);
  }
  warp.cta.cluster->note();
  if (wgmma.issued != WgmmaOp::kAllWarps)
    return;
  wake(warp.cta, group);
  tellIssue(warp, op, shape, wgmma);
  if (warp.cta.cluster->adversary.isEarly()) {
    executeThrough(warp.cta, group, wgmma);
    showDone(warp.cta, group);
  }
}

Step issue(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  if (WarpGroup *group = groupOf(warp, op))
    issueFor(warp, op, *group);
  return Step::Next;
}

Step fenceWgmma(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  warp.wgmma.fence();
  return Step::Next;
}

Step commitWgmma(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  if (WarpGroup *group = groupOf(warp, op))
    group->commit(warp.index % 4);
  return Step::Next;
}

Step waitWgmma(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  WarpGroup *group = groupOf(warp, op);
  if (!group)
    return Step::Next;
  unsigned w = warp.index % 4;
  std::vector<WgmmaOp *> due = group->due(w, op.aux);
  for (const WgmmaOp *wgmma : due)
    if (wgmma->issued != WgmmaOp::kAllWarps)
      return park(warp, op, Fragment::AtWarpGroup);
  if (due.empty())
    return Step::Next;
  executeThrough(warp.cta, *group, *due.back());
  Event event{EventKind::WgmmaWait, &warp, &op, mask};
  for (WgmmaOp *wgmma : due) {
    const Op &done = *wgmma->op;
    const uint16_t *rows = &warp.cta.launch.kernel.pool[done.list];
    for (unsigned i = 0; i < done.count; ++i)
      if (!--warp.wgmma.inFlight[rows[i]])
        warp.wgmma.unveil(rows[i], warp.row(rows[i]));
    event.wgmma = wgmma;
    warp.cta.emit(event);
  }
  for (size_t i = 0, count = due.size(); i < count; ++i)
    group->markWaited(w);
  warp.cta.cluster->note();
  return Step::Next;
}

Element elementNamed(const Match &match, unsigned index) {
  if (match.types.size() > index + 1)
    switch (match.type(index + 1)) {
    case Type::F16:
      return Element::Half;
    case Type::BF16:
      return Element::Bhalf;
    default:
      return Element::Tf32;
    }
  unsigned seen = 0;
  for (std::string_view modifier : match.modifiers)
    if (modifier == "e4m3" || modifier == "e5m2")
      if (seen++ == index)
        return modifier == "e4m3" ? Element::E4m3 : Element::E5m2;
  return Element::E4m3;
}

/// The constants behind the predicate, first one first.
bool readConstants(const Op &op, bool hasTransposes, Shape &shape) {
  unsigned count = 2 + (hasTransposes ? (shape.fromRegisters ? 1 : 2) : 0);
  auto constant = [&](unsigned i) {
    return static_cast<int8_t>(op.aux >> (8 * (count - 1 - i)));
  };
  for (unsigned i = 0; i < count; ++i) {
    bool fine = i < 2 ? constant(i) == 1 || constant(i) == -1
                      : constant(i) == 0 || constant(i) == 1;
    if (!fine)
      return false;
  }
  shape.negates = (constant(0) < 0) != (constant(1) < 0);
  if (!hasTransposes)
    return true;
  shape.aIsMnMajor = !shape.fromRegisters && constant(2);
  shape.bIsMnMajor = constant(count - 1);
  return true;
}

} // namespace

bool bindWgmma(const Match &match, Op &op) {
  if (match.has("fence"))
    return setHandler(op, fenceWgmma);
  if (match.has("commit_group"))
    return setHandler(op, commitWgmma);
  if (match.has("wait_group"))
    return setHandler(op, waitWgmma);
  Shape shape = {};
  for (std::string_view modifier : match.modifiers)
    if (unsigned columns = wgmmaColumns(modifier))
      shape.columnsBy8 = static_cast<uint8_t>(columns / 8);
  shape.a = elementNamed(match, 0);
  shape.b = elementNamed(match, 1);
  shape.toHalf = match.type() == Type::F16;
  shape.fromRegisters = op.count > shape.accumulators();
  bool hasTransposes = shape.a == Element::Half || shape.a == Element::Bhalf;
  if (!readConstants(op, hasTransposes, shape))
    return false;
  op.imm = bitCast<int64_t>(shape);
  return setHandler(op, issue);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
