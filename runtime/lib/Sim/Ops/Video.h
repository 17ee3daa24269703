//===- Video.h - What video instructions share ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_VIDEO_H
#define ATTNRT_SIM_OPS_VIDEO_H

#include "Ops/Lanes.h"

#include <algorithm>

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// `b3210` behind a register; OperandDecoder::selector packs it.
struct Selector {
  enum Kind : uint8_t { None, Byte, Half };
  Kind kind = None;
  unsigned count = 0;
  uint32_t digits = 0; // four bits each, the last one lowest

  unsigned digit(unsigned i) const { return digits >> 4 * i & 15; }
};

/// Of the destination (0), the first or the second source.
inline Selector selectorOf(const Op &op, unsigned which) {
  uint32_t bits = uint32_t(uint64_t(op.imm) >> (20 * which)) & 0xfffff;
  return {Selector::Kind(bits >> 18), bits ? (bits >> 16 & 3) + 1 : 0,
          bits & 0xffff};
}

/// How the words of a video instruction lie in `aux`.
enum VideoFlag : uint32_t {
  kDstSigned = 1,
  kASigned = 2,
  kBSigned = 4,
  kSaturates = 8,
  kWraps = 16,
  kPlusOne = 32,
};

enum class Second : uint8_t { None, Add, Min, Max };

/// What is computed; the first letters of the opcodes.
enum class VideoOp : uint8_t {
  Add,
  Sub,
  AbsDiff,
  Min,
  Max,
  Average,
  Shl,
  Shr,
  Mad,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
};

struct VideoWords {
  uint32_t bits;

  bool has(VideoFlag flag) const { return bits & flag; }
  VideoOp op() const { return VideoOp(bits >> 8 & 15); }
  Second second() const { return Second(bits >> 12 & 3); }
  unsigned shift() const { return bits >> 16 & 15; }
  static VideoWords of(const Match &match);
};

/// Of what needs no more than two numbers.
inline int64_t combine(VideoOp op, int64_t a, int64_t b) {
  switch (op) {
  case VideoOp::Add:
    return a + b;
  case VideoOp::Sub:
    return a - b;
  case VideoOp::AbsDiff:
    return a < b ? b - a : a - b;
  case VideoOp::Min:
    return std::min(a, b);
  case VideoOp::Max:
    return std::max(a, b);
  case VideoOp::Average:
    return a + b >= 0 ? (a + b + 1) >> 1 : (a + b) >> 1;
  case VideoOp::Eq:
    return a == b;
  case VideoOp::Ne:
    return a != b;
  case VideoOp::Lt:
    return a < b;
  case VideoOp::Le:
    return a <= b;
  case VideoOp::Gt:
    return a > b;
  default:
    return a >= b;
  }
}

/// The low bits of a value, with their sign or without.
inline int64_t extended(uint64_t value, unsigned bits, bool isSigned) {
  uint64_t high = value << (64 - bits);
  return isSigned ? int64_t(high) >> (64 - bits) : int64_t(high >> (64 - bits));
}

/// Into the range of an integer of so many bits.
template <typename T>
T clampTo(T value, unsigned bits, bool isSigned) {
  T top = (T(1) << (isSigned ? bits - 1 : bits)) - 1;
  return std::clamp<T>(value, isSigned ? -top - 1 : 0, top);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_VIDEO_H
