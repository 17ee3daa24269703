//===- Convert.cpp - cvt --------------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions that attention kernels live on have loops of their own; all
// others go lane by lane through a wide value that holds any source exactly.
//
//===----------------------------------------------------------------------===//

#include "Ops/Definedness.h"
#include "Ops/Numbers.h"

#include <cfenv>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

// aux of the general path: source type, destination type, rounding, flags.
constexpr uint32_t kFtz = 1, kSat = 2, kRelu = 4;
enum Round : uint32_t { Rn, Rz, Rm, Rp, Rna };

uint32_t packAux(Type from, Type to, Round round, bool integral,
                 uint32_t flags) {
  return uint32_t(from) | uint32_t(to) << 8 | uint32_t(round) << 16 |
         uint32_t(integral) << 20 | flags << 24;
}

/// Any source value: an integer or a double.
struct WideValue {
  bool isInt = false;
  __int128 i = 0;
  double f = 0;
};

unsigned bitsOf(Type type) { return 8 * ptx::bytesOf(type); }

WideValue read(Type type, uint64_t bits, bool ftz) {
  WideValue out;
  switch (type) {
  case Type::F16:
    out.f = halfToFloat(uint16_t(bits));
    return out;
  case Type::BF16:
    out.f = bhalfToFloat(uint16_t(bits));
    return out;
  case Type::F32: {
    float x = bitCast<float>(uint32_t(bits));
    out.f = ftz ? flush(x) : x;
    return out;
  }
  case Type::F64:
    out.f = bitCast<double>(bits);
    return out;
  default:
    break;
  }
  out.isInt = true;
  unsigned shift = 64 - bitsOf(type);
  if (ptx::isSigned(type))
    out.i = int64_t(bits << shift) >> shift;
  else
    out.i = bits << shift >> shift;
  return out;
}

double roundToInteger(double x, Round round) {
  switch (round) {
  case Rz:
    return std::trunc(x);
  case Rm:
    return std::floor(x);
  case Rp:
    return std::ceil(x);
  default:
    return std::nearbyint(x);
  }
}

/// Clamps to the type's range.
uint64_t clampInt(Type to, __int128 value) {
  unsigned bits = bitsOf(to);
  bool isSigned = ptx::isSigned(to);
  __int128 top = (__int128(1) << (isSigned ? bits - 1 : bits)) - 1;
  __int128 bottom = isSigned ? -top - 1 : 0;
  return uint64_t(value < bottom ? bottom : value > top ? top : value);
}

/// Zero, or the upper bit alone where 64 bits are involved.
uint64_t integerOfNaN(Type to, Type from) {
  bool isWide = from == Type::F64 || to == Type::S64 || to == Type::U64;
  return isWide ? uint64_t(1) << (bitsOf(to) - 1) : 0;
}

uint64_t toInt(Type to, Type from, const WideValue &value, Round round,
               bool sat) {
  if (value.isInt)
    return sat ? clampInt(to, value.i) : uint64_t(value.i);
  if (value.f != value.f)
    return integerOfNaN(to, from);
  double whole = roundToInteger(value.f, round);
  if (whole >= 3.0e19)
    whole = 3.0e19;
  if (whole <= -3.0e19)
    whole = -3.0e19;
  return clampInt(to, __int128(whole));
}

template <typename T>
T toFloating(const WideValue &value, Round round) {
  if (value.isInt && value.i == 0)
    return 0; // hosts that subtract to convert make it -0 when rounding down
  static constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD,
                                   FE_UPWARD, FE_TONEAREST};
  std::fesetround(kModes[round]);
  volatile double f = value.f;
  T out = value.isInt ? T(value.i) : T(f);
  if (value.isInt && value.i >= 0)
    out = T(uint64_t(value.i));
  else if (value.isInt)
    out = T(int64_t(value.i));
  volatile T kept = out;
  std::fesetround(FE_TONEAREST);
  return kept;
}

uint32_t toTf32(float x, Round round) {
  uint32_t bits = bitCast<uint32_t>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u)
    return x != x ? 0x7fffffffu : bits;
  if (round == Rna)
    bits += 0x1000u;
  else if (round == Rn)
    bits += 0xfffu + (bits >> 13 & 1);
  return bits & ~0x1fffu;
}

/// Rounds a value that is odd if bits were lost before.
template <typename H>
uint16_t narrow(float x, Round round) {
  if (round == Rn)
    return H::narrow(x);
  uint16_t inner = H::narrowZero(x);
  bool isOutward = round == (x < 0.0f ? Rm : Rp);
  // NaN is never exact, and is not rounded outward.
  bool isExact = !(H::widen(inner) < x) && !(H::widen(inner) > x);
  return isOutward && !isExact ? inner + 1 : inner;
}

uint64_t toFloat(Type to, const WideValue &value, uint32_t aux) {
  Round round = Round(aux >> 16 & 15);
  bool integral = aux >> 20 & 1;
  uint32_t flags = aux >> 24;
  WideValue in = value;
  if (integral && !in.isInt)
    in.f = roundToInteger(in.f, round);
  if (flags & kSat && !in.isInt)
    in.f = in.f > 0 ? (in.f < 1 ? in.f : 1.0) : 0.0;
  if (flags & kRelu && !in.isInt)
    in.f = in.f != in.f ? in.f : in.f > 0 ? in.f : 0.0;
  if (to == Type::F64)
    return bitCast<uint64_t>(canonical(toFloating<double>(in, round)));
  // An odd intermediate keeps what a second rounding needs.
  bool narrows = to != Type::F32;
  float single = canonical(toFloating<float>(in, narrows ? Rz : round));
  if (narrows && std::isfinite(single)) {
    bool exact = in.isInt ? __int128(single) == in.i : double(single) == in.f;
    if (!exact)
      single = bitCast<float>(bitCast<uint32_t>(single) | 1);
  }
  if (flags & kFtz)
    single = flush(single);
  switch (to) {
  case Type::F16:
    return narrow<Half>(single, round);
  case Type::BF16:
    return narrow<Bhalf>(single, round);
  case Type::TF32:
    return toTf32(single, round);
  default:
    return bitCast<uint32_t>(single);
  }
}

/// Results narrower than the register are extended by their sign.
uint64_t extend(Type to, uint64_t bits) {
  if (ptx::isFloat(to))
    return bits;
  unsigned shift = 64 - bitsOf(to);
  return ptx::isSigned(to) ? uint64_t(int64_t(bits << shift) >> shift)
                           : bits << shift >> shift;
}

void writeLane(Warp &warp, const Op &op, int lane, uint64_t bits) {
  if (op.dstBytes == 8)
    warp.row64(op.dst[0])[lane] = bits;
  else
    warp.row(op.dst[0])[lane] =
        static_cast<uint32_t>(op.dstBytes == 2 ? bits & 0xffff : bits);
}

Step general(Warp &warp, const Op &op, uint32_t mask) {
  Type from = Type(op.aux & 0xff), to = Type(op.aux >> 8 & 0xff);
  Round round = Round(op.aux >> 16 & 15);
  uint32_t flags = op.aux >> 24;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint64_t bits =
        op.srcBytes == 8 ? warp.row64(op.src[0])[i] : warp.row(op.src[0])[i];
    WideValue value = read(from, bits, flags & kFtz);
    uint64_t out = ptx::isFloat(to)
                       ? toFloat(to, value, op.aux)
                       : toInt(to, from, value, round, flags & kSat);
    writeLane(warp, op, i, extend(to, out));
  }
  warp.setPoison(op.dst[0], mask, warp.poison[op.src[0]]);
  return Step::Next;
}

/// Integer to integer: cut to the source's and the destination's width by a
/// pair of shifts each.
template <bool kFromSigned, bool kToSigned>
struct Cut {
  unsigned from, to;
  uint64_t keep;
  explicit Cut(const Op &op)
      : from(64 - bitsOf(Type(op.aux & 0xff))),
        to(64 - bitsOf(Type(op.aux >> 8 & 0xff))),
        keep(op.dstBytes == 2 ? 0xffff : ~uint64_t(0)) {}
  uint64_t apply(uint64_t x) const {
    x <<= from;
    x = kFromSigned ? uint64_t(int64_t(x) >> from) : x >> from;
    x <<= to;
    x = kToSigned ? uint64_t(int64_t(x) >> to) : x >> to;
    return x & keep;
  }
};

/// Undefined bits are cut and extended as values are.
template <typename In, typename Out, bool kFromSigned, bool kToSigned>
Step integers(Warp &warp, const Op &op, uint32_t mask) {
  Cut<kFromSigned, kToSigned> cut(op);
  const uint32_t *a = warp.row(op.src[0]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t poison = warp.poison[op.src[0]] & mask;
  Out undefined[32] = {};
  for (uint32_t rest = poison; rest; rest &= rest - 1) {
    unsigned i = __builtin_ctz(rest);
    undefined[i] = Out(cut.apply(warp.undefinedBits<In>(op.src[0], i)));
  }
  LANE_LOOP {
    uint64_t x = cut.apply(get<In>(a, i));
    put<Out>(d, i, mask >> i & 1 ? Out(x) : get<Out>(d, i));
  }
  if (poison)
    warp.setUndefinedBits(op.dst[0], mask, undefined);
  else
    warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

template <typename In, typename Out>
Handler chooseSigns(bool from, bool to) {
  if (from)
    return to ? integers<In, Out, true, true> : integers<In, Out, true, false>;
  return to ? integers<In, Out, false, true> : integers<In, Out, false, false>;
}

Handler chooseIntegers(const Op &op, Type from, Type to) {
  bool s = ptx::isSigned(from), d = ptx::isSigned(to);
  if (op.srcBytes == 8)
    return op.dstBytes == 8 ? chooseSigns<uint64_t, uint64_t>(s, d)
                            : chooseSigns<uint64_t, uint32_t>(s, d);
  return op.dstBytes == 8 ? chooseSigns<uint32_t, uint64_t>(s, d)
                          : chooseSigns<uint32_t, uint32_t>(s, d);
}

/// Two floats to a pair; the first source is the upper half.
template <typename H, bool kZero, bool kRelu>
Step pairs(Warp &warp, const Op &op, uint32_t mask) {
  const uint32_t *a = warp.row(op.src[0]), *b = warp.row(op.src[1]);
  uint32_t *d = warp.row(op.dst[0]);
  uint32_t upper = warp.poison[op.src[0]], lower = warp.poison[op.src[1]];
  LANE_LOOP {
    float high = get<float>(a, i), low = get<float>(b, i);
    if (kRelu) {
      high = high <= 0.0f ? 0.0f : high;
      low = low <= 0.0f ? 0.0f : low;
    }
    uint32_t h = kZero ? H::narrowZero(high) : H::narrow(high);
    uint32_t l = kZero ? H::narrowZero(low) : H::narrow(low);
    uint32_t out = h << 16 | l;
    d[i] = mask >> i & 1 ? out : d[i];
  }
  setUndefinedParts(warp, op.dst[0], mask, upper, lower, 16);
  return Step::Next;
}

template <typename H>
Handler choosePairs(const Match &match) {
  if (match.has("rz"))
    return match.has("relu") ? pairs<H, true, true> : pairs<H, true, false>;
  return match.has("relu") ? pairs<H, false, true> : pairs<H, false, false>;
}

template <typename H>
struct Widen {
  static float apply(uint16_t x) { return canonical(H::widen(x)); }
};
template <typename H>
struct Narrow {
  static uint16_t apply(float x) { return H::narrow(x); }
};
template <typename T>
struct FromInt {
  static float apply(T x) { return float(x); }
};
struct Truncate {
  static int32_t apply(float x) {
    float bounded = x < 2147483648.0f ? x : 2147483520.0f;
    bounded = bounded > -2147483648.0f ? bounded : -2147483648.0f;
    int32_t whole = int32_t(x == x ? bounded : 0.0f);
    return x >= 2147483648.0f ? INT32_MAX : whole;
  }
};

Handler fast(const Match &match, const Op &op, Type to, Type from) {
  bool plain = !match.has("ftz") && !match.has("sat") && !match.has("relu") &&
               op.srcBytes <= 4 && op.dstBytes <= 4;
  if (!plain)
    return nullptr;
  bool nearest = match.has("rn");
  if (from == Type::F16 && to == Type::F32)
    return map<Widen<Half>, float, uint16_t>;
  if (from == Type::BF16 && to == Type::F32)
    return map<Widen<Bhalf>, float, uint16_t>;
  if (from == Type::F32 && to == Type::F16 && nearest)
    return map<Narrow<Half>, uint16_t, float>;
  if (from == Type::F32 && to == Type::BF16 && nearest)
    return map<Narrow<Bhalf>, uint16_t, float>;
  if (from == Type::S32 && to == Type::F32 && nearest)
    return map<FromInt<int32_t>, float, int32_t>;
  if (from == Type::U32 && to == Type::F32 && nearest)
    return map<FromInt<uint32_t>, float, uint32_t>;
  if (from == Type::F32 && to == Type::S32 && match.has("rzi"))
    return map<Truncate, int32_t, float>;
  return nullptr;
}

Round roundOf(const Match &match) {
  if (match.has("rz") || match.has("rzi"))
    return Rz;
  if (match.has("rm") || match.has("rmi"))
    return Rm;
  if (match.has("rp") || match.has("rpi"))
    return Rp;
  return match.has("rna") ? Rna : Rn;
}

} // namespace

bool bindConvert(const Match &match, Op &op) {
  Type to = match.type(0), from = match.type(1);
  if (to == Type::F16x2)
    return setHandler(op, choosePairs<Half>(match));
  if (to == Type::BF16x2)
    return setHandler(op, choosePairs<Bhalf>(match));
  if (!op.dstBytes) // the sink
    op.dstBytes = ptx::bytesOf(to) == 8 ? 8 : 4;
  if (!op.srcBytes) // a special register
    op.srcBytes = 4;
  bool integral = match.has("rni") || match.has("rzi") || match.has("rmi") ||
                  match.has("rpi");
  uint32_t flags = (match.has("ftz") ? kFtz : 0) |
                   (match.has("sat") ? kSat : 0) |
                   (match.has("relu") ? kRelu : 0);
  op.aux = packAux(from, to, roundOf(match), integral, flags);
  if (Handler handler = fast(match, op, to, from))
    return setHandler(op, handler);
  if (!ptx::isFloat(from) && !ptx::isFloat(to) && !match.has("sat"))
    return setHandler(op, chooseIntegers(op, from, to));
  return setHandler(op, general);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
