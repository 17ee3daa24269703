//===- Builtins.cpp - Functions that the simulator has --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Builtins.h"
#include "Machine/Cluster.h"
#include "Machine/Format.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

constexpr size_t kLongestText = 1 << 16;

/// What one lane gives a call.
class Caller final : public FormatSource {
public:
  Caller(Warp &warp, const Op &op, const CallSite &site, unsigned lane)
      : warp(warp), op(op), site(site), lane(lane) {}

  uint64_t argument(unsigned index) {
    const FramePart &part = site.args[index];
    uint64_t value = 0;
    size_t at = local(part);
    std::memcpy(&value, &warp.local[at], part.bytes);
    bool isUndefined = false;
    for (unsigned b = 0; b < part.bytes; ++b)
      isUndefined |= warp.localState[at + b] == shadow::kFresh;
    demandDefined(warp, op, isUndefined ? 1u << lane : 0, ~0u, "argument");
    return value;
  }

  void giveBack(uint64_t value) {
    const FramePart &part = site.results[0];
    size_t at = local(part);
    std::memcpy(&warp.local[at], &value, part.bytes);
    std::memset(&warp.localState[at], shadow::kReady, part.bytes);
  }

  /// The arguments of a printf lie one behind the other, aligned.
  void beginValues(uint64_t address) { values = address; }
  bool next(unsigned bytes, uint64_t &bits) override {
    values = (values + bytes - 1) & ~uint64_t(bytes - 1);
    uint64_t at = values & ~kWindowMask;
    bool isLocal = (values & kWindowMask) == kLocalWindow;
    if (!values || (isLocal && at + bytes > warp.localEnd(1u << lane)))
      return false;
    uint64_t from = values;
    values += bytes;
    return read(from, bytes, bits);
  }

  bool text(uint64_t address, std::string &out) override {
    while (out.size() < kLongestText) {
      uint64_t byte;
      if (!read(address++, 1, byte))
        return false;
      if (!byte)
        return true;
      out += static_cast<char>(byte);
    }
    return false;
  }

private:
  size_t local(const FramePart &part) const {
    return size_t(lane) * warp.localBytes + warp.stack->base(lane) +
           part.offset;
  }
  /// False where nobody has written that.
  bool read(uint64_t address, unsigned bytes, uint64_t &bits) {
    uint64_t addresses[32] = {};
    addresses[lane] = address;
    Resolved from;
    resolve(warp, op, 1u << lane, Target::Generic, Intent::Read, addresses, 0,
            bytes, from);
    bits = 0;
    if (!from.lanes || (from.anyUndefined && from.undefined[lane]))
      return false;
    std::memcpy(&bits, from.at[lane], bytes);
    return true;
  }

  Warp &warp;
  const Op &op;
  const CallSite &site;
  unsigned lane;
  uint64_t values = 0;
};

std::string placeOf(const Warp &warp, unsigned lane) {
  const Dim3 &block = warp.cta.launch.shape.block, &id = warp.cta.id;
  unsigned thread = warp.index * 32 + lane;
  auto three = [](uint32_t x, uint32_t y, uint32_t z) {
    return "[" + std::to_string(x) + "," + std::to_string(y) + "," +
           std::to_string(z) + "]";
  };
  return "block: " + three(id.x, id.y, id.z) + ", thread: " +
         three(thread % block.x, thread / block.x % block.y,
               thread / block.x / block.y);
}

void print(Warp &warp, const Op &op, unsigned lane, Caller &caller) {
  Cluster &cluster = *warp.cta.cluster;
  std::string format;
  if (!caller.text(caller.argument(0), format)) {
    cluster.fail(op, "the format of printf is no string");
    return;
  }
  caller.beginValues(caller.argument(1));
  unsigned values = 0;
  std::string wrong = formatInto(format, caller, cluster.printed, values);
  if (!wrong.empty())
    cluster.fail(op, "printf of `" + format + "`: " + wrong + ", " +
                         placeOf(warp, lane) + ",");
  caller.giveBack(values);
}

void assertFail(Warp &warp, const Op &op, unsigned lane, Caller &caller) {
  std::string texts[3];
  const unsigned places[] = {0, 1, 3};
  for (int i = 0; i < 3; ++i)
    if (!caller.text(caller.argument(places[i]), texts[i]))
      texts[i] = "?";
  Event event{EventKind::Assert, &warp, &op, 1u << lane};
  event.detail = texts[1] + ":" + std::to_string(caller.argument(2)) + ": " +
                 texts[2] + ": " + placeOf(warp, lane) + " Assertion `" +
                 texts[0] + "` failed";
  warp.cta.emit(event);
}

void allocate(Warp &warp, Caller &caller) {
  caller.giveBack(warp.cta.launch.heap.deviceHeap.allocate(caller.argument(0)));
}

void release(Warp &warp, const Op &op, unsigned lane, Caller &caller) {
  uint64_t address = caller.argument(0);
  if (!address || warp.cta.launch.heap.deviceHeap.free(address))
    return;
  Event event{EventKind::OutOfBounds, &warp, &op, 1u << lane};
  event.detail = "free of an address that malloc did not give, or twice";
  warp.cta.emit(event);
}

} // namespace

Step callBuiltin(Warp &warp, const Op &op, uint32_t mask,
                 const CallSite &site) {
  Cta &cta = warp.cta;
  for (uint32_t rest = mask; rest && !cta.stopped; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    Caller caller(warp, op, site, lane);
    switch (site.builtin) {
    case Builtin::Printf:
      print(warp, op, lane, caller);
      break;
    case Builtin::AssertFail:
      assertFail(warp, op, lane, caller);
      break;
    case Builtin::Malloc:
      allocate(warp, caller);
      break;
    default:
      release(warp, op, lane, caller);
      break;
    }
  }
  if (site.builtin == Builtin::AssertFail)
    cta.stopped = true;
  if (!cta.stopped)
    return Step::Next;
  warp.fragment().pc =
      static_cast<uint32_t>(&op - cta.launch.kernel.ops.data());
  return Step::Moved;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
