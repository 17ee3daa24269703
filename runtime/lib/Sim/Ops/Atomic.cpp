//===- Atomic.cpp - atom and red ------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lanes go one after the other, in lane order. CTAs may run on several host
// threads, so every update is one host compare-and-swap.
//
//===----------------------------------------------------------------------===//

#include "Ops/Numbers.h"
#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

enum class Kind : uint32_t { Add, Min, Max, And, Or, Xor, Exch, Inc, Dec, Cas };

struct Config {
  Target target;
  Kind kind;
  Type type;
};

uint32_t packConfig(const Config &c) {
  return uint32_t(c.target) | uint32_t(c.kind) << 8 | uint32_t(c.type) << 16;
}
Config configOf(uint32_t aux) {
  return {Target(aux & 0xff), Kind(aux >> 8 & 0xff), Type(aux >> 16)};
}

template <typename H>
uint32_t addHalf(uint32_t a, uint32_t b) {
  return H::narrow(H::widen(uint16_t(a)) + H::widen(uint16_t(b)));
}

uint64_t addFloating(Type type, uint64_t old, uint64_t value) {
  uint32_t a = uint32_t(old), b = uint32_t(value);
  switch (type) {
  case Type::F32: {
    // Global memory flushes subnormals; the ISA lets shared memory keep them.
    float sum = bitCast<float>(a) + bitCast<float>(b);
    return bitCast<uint32_t>(canonical(sum));
  }
  case Type::F64:
    return bitCast<uint64_t>(
        canonical(bitCast<double>(old) + bitCast<double>(value)));
  case Type::F16:
    return addHalf<Half>(a, b);
  case Type::BF16:
    return addHalf<Bhalf>(a, b);
  case Type::F16x2:
    return addHalf<Half>(a >> 16, b >> 16) << 16 | addHalf<Half>(a, b);
  default:
    return addHalf<Bhalf>(a >> 16, b >> 16) << 16 | addHalf<Bhalf>(a, b);
  }
}

bool less(Type type, uint64_t a, uint64_t b) {
  switch (type) {
  case Type::S32:
    return int32_t(a) < int32_t(b);
  case Type::S64:
    return int64_t(a) < int64_t(b);
  default:
    return a < b;
  }
}

uint64_t combine(const Config &c, uint64_t old, uint64_t value,
                 uint64_t other) {
  switch (c.kind) {
  case Kind::Add:
    return ptx::isFloat(c.type) ? addFloating(c.type, old, value) : old + value;
  case Kind::Min:
    return less(c.type, value, old) ? value : old;
  case Kind::Max:
    return less(c.type, old, value) ? value : old;
  case Kind::And:
    return old & value;
  case Kind::Or:
    return old | value;
  case Kind::Xor:
    return old ^ value;
  case Kind::Exch:
    return value;
  case Kind::Inc:
    return old >= value ? 0 : old + 1;
  case Kind::Dec:
    return old == 0 || old > value ? value : old - 1;
  default:
    return old == value ? other : old;
  }
}

template <typename T>
uint64_t update(uint8_t *at, const Config &c, uint64_t value, uint64_t other) {
  T *place = reinterpret_cast<T *>(at);
  T old = __atomic_load_n(place, __ATOMIC_RELAXED);
  T next;
  do
    next = static_cast<T>(combine(c, old, T(value), T(other)));
  while (!__atomic_compare_exchange_n(place, &old, next, false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
  return old;
}

template <typename T, bool kReturns>
Step atomic(Warp &warp, const Op &op, uint32_t mask) {
  Config c = configOf(op.aux);
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  Resolved to;
  resolve(warp, op, mask, c.target, Intent::Update, addresses,
          warp.poison[op.src[0]], sizeof(T), to);
  uint32_t undefined = warp.poison[op.src[1]];
  if (c.kind == Kind::Cas)
    undefined |= warp.poison[op.src[2]];
  demandDefined(warp, op, to.lanes, undefined, "stored value");
  if (c.kind != Kind::Exch)
    demandDefined(warp, op, to.lanes, to.undefinedLanes(),
                  "old value of an atomic");
  // Lanes that were refused read zeros, as loads do.
  for (uint32_t rest = kReturns ? mask & ~to.lanes : 0; rest; rest &= rest - 1)
    put<T>(warp.row(op.dst[0]), __builtin_ctz(rest), T(0));
  for (uint32_t rest = to.lanes; rest; rest &= rest - 1) {
    unsigned i = __builtin_ctz(rest);
    uint64_t value = get<T>(warp.row(op.src[1]), i);
    uint64_t other = c.kind == Kind::Cas ? get<T>(warp.row(op.src[2]), i) : 0;
    uint64_t old = update<T>(to.at[i], c, value, other);
    if (kReturns)
      put<T>(warp.row(op.dst[0]), i, T(old));
  }
  if (kReturns)
    warp.setPoison(op.dst[0], mask,
                   c.kind == Kind::Exch ? to.undefinedLanes() : 0);
  return Step::Next;
}

template <typename T>
Handler choose(bool returns) {
  return returns ? atomic<T, true> : atomic<T, false>;
}

Kind kindOf(const Match &match) {
  static constexpr std::string_view kNames[] = {
      "add", "min", "max", "and", "or", "xor", "exch", "inc", "dec", "cas"};
  for (uint32_t k = 0; k < 10; ++k)
    if (match.has(kNames[k]))
      return Kind(k);
  return Kind::Add;
}

template <typename T>
void reduceAs(const Config &config, uint8_t *to, const uint8_t *from,
              unsigned bytes) {
  for (unsigned b = 0; b < bytes; b += sizeof(T)) {
    T value;
    std::memcpy(&value, from + b, sizeof(T));
    update<T>(to + b, config, value, 0);
  }
}

} // namespace

void reduceBytes(uint32_t how, uint8_t *to, const uint8_t *from,
                 unsigned bytes) {
  Config config = configOf(how);
  switch (ptx::bytesOf(config.type)) {
  case 2:
    return reduceAs<uint16_t>(config, to, from, bytes);
  case 4:
    return reduceAs<uint32_t>(config, to, from, bytes);
  default:
    return reduceAs<uint64_t>(config, to, from, bytes);
  }
}

uint32_t reductionOf(const Match &match, Type type) {
  return packConfig({Target::Global, kindOf(match), type});
}

bool bindAtomic(const Match &match, Op &op) {
  op.aux = packConfig({targetOf(match), kindOf(match), match.type()});
  op.strong = true;
  bool returns = match.sem() == Sem::Atom;
  switch (ptx::bytesOf(match.type())) {
  case 2:
    return setHandler(op, choose<uint16_t>(returns));
  case 4:
    return setHandler(op, choose<uint32_t>(returns));
  default:
    return setHandler(op, choose<uint64_t>(returns));
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
