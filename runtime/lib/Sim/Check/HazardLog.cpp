//===- HazardLog.cpp - Hazards of one CTA ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/HazardLog.h"

#include <cinttypes>
#include <cstdio>

using namespace attnrt;
using namespace attnrt::sim;

static std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
  return text;
}

HazardLog::Key HazardLog::keyOf(const char *kind, const Event &event,
                                const Op *other) {
  int line = event.op ? event.op->line : 0;
  if (other)
    return {kind, line, other->line};
  return {kind, line, event.warp ? static_cast<int>(event.warp->index) : -1};
}

bool HazardLog::isNew(const char *kind, const Event &event, const Op *other) {
  if (!enabled(kind))
    return false;
  bool known = full() || perKind[kind] >= (limit + 1) / 2 ||
               seen.count(keyOf(kind, event, other));
  repeats += known;
  return !known;
}

Hazard HazardLog::hazardOf(const char *kind, const Event &event, const Cta &cta,
                           const std::string &message, const Op *other) {
  Hazard hazard;
  hazard.kind = kind;
  hazard.ptxLine = event.op ? event.op->line : 0;
  hazard.cta = cta.id;
  hazard.warp = event.warp ? static_cast<int>(event.warp->index) : -1;
  seen.insert(keyOf(kind, event, other));
  ++perKind[kind];
  hazard.message = message;
  if (event.op)
    hazard.message += " in " + cta.launch.program.quote(event.op->line);
  return hazard;
}

void HazardLog::add(const char *kind, const Event &event, const Cta &cta,
                    const std::string &message, const Op *other) {
  hazards.push_back(hazardOf(kind, event, cta, message, other));
}

void HazardLog::warn(const char *kind, const Event &event, const Cta &cta,
                     const std::string &message, const Op *other) {
  if (strict)
    return add(kind, event, cta, message, other);
  warnings.push_back(hazardOf(kind, event, cta, message, other));
  warnings.back().isWarning = true;
}

std::vector<Hazard> HazardLog::take() {
  seen.clear();
  perKind.clear();
  repeats = 0;
  return std::move(hazards);
}

std::string attnrt::sim::describeLanes(uint32_t lanes) {
  std::string out = __builtin_popcount(lanes) == 1 ? "lane " : "lanes ";
  bool first = true;
  for (unsigned begin = 0; begin < 32; ++begin) {
    if (!(lanes >> begin & 1))
      continue;
    unsigned end = begin;
    while (end < 31 && lanes >> (end + 1) & 1)
      ++end;
    out += (first ? "" : ", ") + std::to_string(begin);
    if (end != begin)
      out += "-" + std::to_string(end);
    first = false;
    begin = end;
  }
  return out;
}

std::string attnrt::sim::describeShared(uint64_t address, const Cta &cta) {
  const sim::Kernel &kernel = cta.launch.kernel;
  std::string out = "shared address " + hex(address);
  for (const SharedVariable &var : kernel.shared)
    if (address >= var.begin && address < var.begin + var.bytes + 16)
      return out + " (`" + var.name + "` + " +
             std::to_string(address - var.begin) + " of " +
             std::to_string(var.bytes) + " bytes)";
  uint32_t dynamic = cta.launch.shape.dynamicSharedBytes;
  if (dynamic && address >= kernel.dynamicBase)
    return out + " (dynamic shared memory + " +
           std::to_string(address - kernel.dynamicBase) + " of " +
           std::to_string(dynamic) + " bytes)";
  return out + " (in no shared variable)";
}

std::string attnrt::sim::describePlace(const Event &event, const Cta &cta) {
  if (!event.addresses || !event.lanes)
    return "";
  uint64_t address = event.addresses[__builtin_ctz(event.lanes)];
  switch (event.space) {
  case MemorySpace::Global:
    return "global address " + hex(address) + ", " +
           cta.launch.heap.describe(address);
  case MemorySpace::Shared:
    return describeShared(address, event.place ? *event.place : cta);
  case MemorySpace::Local:
    return "local address " + hex(address) + " of " +
           std::to_string(event.warp->localEnd(event.lanes)) + " bytes";
  case MemorySpace::Param:
    return "parameter offset " + std::to_string(address) + " of " +
           std::to_string(cta.launch.kernel.paramBytes) + " bytes";
  }
  return "";
}

std::string attnrt::sim::describeOp(const Op &op, const Cta &cta) {
  return "line " + std::to_string(op.line) + " " +
         cta.launch.program.quote(op.line);
}
