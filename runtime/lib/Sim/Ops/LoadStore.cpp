//===- LoadStore.cpp - ld, st and prefetch --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"
#include "Ops/Resolve.h"

#include <algorithm>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

uint16_t element(const Warp &warp, const Op &op, unsigned index) {
  return warp.cta.launch.kernel.pool[op.list + index];
}

/// Writes one element of every lane to a row of registers.
template <typename T, typename Reg>
void fillRow(Warp &warp, uint16_t to, uint32_t mask, const Resolved &from,
             unsigned offset) {
  uint32_t *d = warp.row(to);
  Reg values[32];
  for (int i = 0; i < 32; ++i) {
    T value;
    std::memcpy(&value, from.at[i] + offset, sizeof(T));
    values[i] = static_cast<Reg>(value);
  }
  LANE_LOOP put<Reg>(d, i, mask >> i & 1 ? values[i] : get<Reg>(d, i));
}

/// Marks the undefined bits of that element, extended as the value is.
template <typename T, typename Reg>
void fillUndefined(Warp &warp, uint16_t to, uint32_t mask, const Resolved &from,
                   unsigned offset) {
  Bits<Reg> bits[32];
  for (unsigned i = 0; i < 32; ++i)
    bits[i] = static_cast<Reg>(undefinedElement<T>(from, i, offset));
  warp.setUndefinedBits(to, mask, bits);
}

/// aux: the Target. Lanes that were refused read zeros.
template <typename T, typename Reg, bool kParam>
Step load(Warp &warp, const Op &op, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved from;
  resolve(warp, op, mask, kParam ? Target::Param : Target(op.aux), Intent::Read,
          addresses, warp.poison[op.src[0]], sizeof(T) * op.count, from);
  for (unsigned e = 0; e < op.count; ++e) {
    uint16_t to = element(warp, op, e);
    fillRow<T, Reg>(warp, to, mask, from, e * sizeof(T));
    if (from.anyUndefined)
      fillUndefined<T, Reg>(warp, to, mask, from, e * sizeof(T));
    else
      warp.setPoison(to, mask, 0);
  }
  return Step::Next;
}

/// Whether two lanes store different values.
template <typename T>
bool storesDiffer(Warp &warp, const Op &op, unsigned one, unsigned other) {
  for (unsigned e = 0; e < op.count; ++e) {
    uint16_t from = element(warp, op, e);
    const uint32_t *a = warp.row(from);
    const uint64_t *a64 = warp.row64(from);
    bool wide = op.srcBytes == 8;
    if (wide ? static_cast<T>(a64[one]) != static_cast<T>(a64[other])
             : static_cast<T>(a[one]) != static_cast<T>(a[other]))
      return true;
  }
  return false;
}

/// Lanes of one store that write to one place, where they lie close together:
/// which of their values stays is open.
template <typename T>
void checkCollisions(Warp &warp, const Op &op, const Resolved &to,
                     const uint64_t *addresses) {
  constexpr size_t kPlaces = 4096;
  static thread_local uint32_t seen[kPlaces], ticket = 0;
  static thread_local uint8_t lastLane[kPlaces];
  if (!warp.cta.wants(EventKind::LanesCollide))
    return;
  ++ticket;
  uint32_t guilty = 0;
  const uint8_t *first = to.at[__builtin_ctz(to.lanes | 1u << 31)];
  for (uint32_t rest = to.lanes; rest; rest &= rest - 1)
    first = std::min<const uint8_t *>(first, to.at[__builtin_ctz(rest)]);
  for (uint32_t rest = to.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    size_t place =
        static_cast<size_t>(to.at[lane] - first) / (sizeof(T) * op.count);
    if (place >= kPlaces)
      continue;
    if (seen[place] == ticket &&
        storesDiffer<T>(warp, op, lastLane[place], lane))
      guilty |= 1u << lastLane[place] | 1u << lane;
    seen[place] = ticket;
    lastLane[place] = static_cast<uint8_t>(lane);
  }
  if (!guilty)
    return;
  Event event{EventKind::LanesCollide, &warp, &op, guilty};
  Target target = Target(op.aux);
  event.space =
      target == Target::Global ? MemorySpace::Global : MemorySpace::Shared;
  if (target == Target::Global || target == Target::Shared)
    event.addresses = addresses;
  warp.cta.emit(event);
}

/// Undefined bits of what goes to local memory, by byte; the memory of one
/// thread is as good as its registers. Returns the other lanes.
template <typename T>
uint32_t keepUndefined(Warp &warp, uint16_t from, uint32_t lanes, bool wide,
                       const Resolved &to, unsigned offset) {
  uint8_t *begin = warp.local.data(), *end = begin + warp.local.size();
  uint32_t others = lanes;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint8_t *at = to.at[lane] + offset;
    if (at < begin || at >= end)
      continue;
    others &= ~(1u << lane);
    uint64_t bits = wide ? warp.undefinedBits<uint64_t>(from, lane)
                         : warp.undefinedBits<uint32_t>(from, lane);
    for (unsigned b = 0; b < sizeof(T); ++b)
      if (bits >> (8 * b) & 0xff)
        warp.localState[at - begin + b] = shadow::kFresh;
  }
  return others;
}

template <typename T>
Step store(Warp &warp, const Op &op, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved to;
  resolve(warp, op, mask, Target(op.aux), Intent::Write, addresses,
          warp.poison[op.src[0]], sizeof(T) * op.count, to);
  if (!op.strong)
    checkCollisions<T>(warp, op, to, addresses);
  bool wide = op.srcBytes == 8;
  for (unsigned e = 0; e < op.count; ++e) {
    uint16_t from = element(warp, op, e);
    uint32_t some = warp.poison[from] & to.lanes;
    if (some)
      some = keepUndefined<T>(warp, from, some, wide, to, e * sizeof(T));
    if (some)
      demandDefined(warp, op, some, undefinedLow<T>(warp, from, some, wide),
                    "stored value");
    const uint32_t *a = warp.row(from);
    const uint64_t *a64 = warp.row64(from);
    for (uint32_t rest = to.lanes; rest; rest &= rest - 1) {
      unsigned i = __builtin_ctz(rest);
      T value = static_cast<T>(wide ? a64[i] : a[i]);
      std::memcpy(to.at[i] + e * sizeof(T), &value, sizeof(T));
    }
  }
  return Step::Next;
}

template <typename T, bool kParam>
Handler loadInto(unsigned registerBytes) {
  if (registerBytes == 8) {
    using Reg = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
    return load<T, Reg, kParam>;
  }
  if (registerBytes == 4) {
    using Reg = std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>;
    return load<T, Reg, kParam>;
  }
  using Reg = std::conditional_t<std::is_signed_v<T>, int16_t, uint16_t>;
  return load<T, Reg, kParam>;
}

template <bool kParam>
Handler chooseLoad(Type type, unsigned registerBytes) {
  switch (type) {
  case Type::S8:
    return loadInto<int8_t, kParam>(registerBytes);
  case Type::S16:
    return loadInto<int16_t, kParam>(registerBytes);
  case Type::S32:
    return loadInto<int32_t, kParam>(registerBytes);
  default:
    break;
  }
  switch (ptx::bytesOf(type)) {
  case 1:
    return loadInto<uint8_t, kParam>(registerBytes);
  case 2:
    return loadInto<uint16_t, kParam>(registerBytes);
  case 4:
    return loadInto<uint32_t, kParam>(registerBytes);
  default:
    return loadInto<uint64_t, kParam>(8);
  }
}

Handler chooseStore(Type type) {
  switch (ptx::bytesOf(type)) {
  case 1:
    return store<uint8_t>;
  case 2:
    return store<uint16_t>;
  case 4:
    return store<uint32_t>;
  default:
    return store<uint64_t>;
  }
}

bool isStrong(const Match &match) {
  for (const char *how :
       {"relaxed", "acquire", "release", "acq_rel", "volatile"})
    if (match.has(how))
      return true;
  return false;
}

/// Policies have no meaning here.
Step createPolicy(Warp &warp, const Op &op, uint32_t mask) {
  uint64_t *d = warp.row64(op.dst[0]);
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    d[__builtin_ctz(rest)] = 0;
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

/// Prefetches of any address are allowed.
Step nothing(Warp &, const Op &, uint32_t) { return Step::Next; }

} // namespace

bool bindLoadStore(const Match &match, Op &op) {
  if (match.sem() == Sem::Prefetch || match.sem() == Sem::Prefetchu ||
      match.sem() == Sem::Applypriority)
    return setHandler(op, nothing);
  if (match.sem() == Sem::Createpolicy)
    return setHandler(op, createPolicy);
  Type type = match.type();
  if (ptx::bytesOf(type) * op.count > 16)
    return false;
  Target target = match.sem() == Sem::Ldu ? Target::Global : targetOf(match);
  bool isOfFunction = match.has("param::func");
  if (match.has("param::entry") && op.framed)
    return false;
  if (target == Target::Param || isOfFunction) {
    // Parameters of the entry are not written.
    if (!op.framed && (match.sem() == Sem::St || isOfFunction))
      return false;
    target = op.framed ? Target::Local : Target::Param;
  }
  bool mayHint = target == Target::Global || target == Target::Generic;
  if (match.has("L2::cache_hint") && !mayHint)
    return false;
  op.aux = static_cast<uint32_t>(target);
  op.strong = isStrong(match);
  if (match.sem() == Sem::St)
    return setHandler(op, chooseStore(type));
  unsigned held = op.dstBytes ? op.dstBytes : ptx::bytesOf(type) == 8 ? 8 : 4;
  return setHandler(op, target == Target::Param
                            ? chooseLoad<true>(type, held)
                            : chooseLoad<false>(type, held));
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
