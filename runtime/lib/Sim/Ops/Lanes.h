//===- Lanes.h - Loops over the 32 lanes of a row ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Files of this folder are compiled once for every instruction set that
// Dispatch.cpp knows, each time in a namespace of its own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_LANES_H
#define ATTNRT_SIM_OPS_LANES_H

#include "Machine/Cta.h"

#include <cstring>

#ifndef ATTNRT_SIM_ISA
#define ATTNRT_SIM_ISA plain
#endif

// A destination row is a source row or apart from it, so lanes never depend on
// each other.
#if defined(__clang__)
#define LANE_LOOP                                                              \
  _Pragma("clang loop vectorize(assume_safety)") for (int i = 0; i < 32; ++i)
#else
#define LANE_LOOP _Pragma("GCC ivdep") for (int i = 0; i < 32; ++i)
#endif

namespace attnrt::sim::ATTNRT_SIM_ISA {

using ptx::Type;

template <typename To, typename From>
inline To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

/// The value of a lane. Values narrower than 32 bits lie in the low bits, the
/// upper bits are zero.
template <typename T>
inline T get(const uint32_t *row, int lane) {
  if constexpr (sizeof(T) < 4) {
    using U = std::conditional_t<sizeof(T) == 1, uint8_t, uint16_t>;
    return bitCast<T>(static_cast<U>(row[lane]));
  } else {
    return reinterpret_cast<const T *>(row)[lane];
  }
}

template <typename T>
inline void put(uint32_t *row, int lane, T value) {
  if constexpr (sizeof(T) < 4) {
    using U = std::conditional_t<sizeof(T) == 1, uint8_t, uint16_t>;
    row[lane] = bitCast<U>(value);
  } else {
    reinterpret_cast<T *>(row)[lane] = value;
  }
}

inline uint32_t poisonOf(const Warp &warp, const Op &op, unsigned sources) {
  uint32_t poison = 0;
  for (unsigned s = 0; s < sources; ++s)
    poison |= warp.poison[op.src[s]];
  return poison;
}

/// d = F(sources) in every lane of the mask; undefined sources make an
/// undefined result.
template <typename F, typename D, typename... S, size_t... I>
inline void mapLanes(Warp &warp, const Op &op, uint32_t mask,
                     std::index_sequence<I...>) {
  const uint32_t *rows[] = {warp.row(op.src[I])...};
  uint32_t *d = warp.row(op.dst[0]);
  if (mask == ~0u) {
    LANE_LOOP put<D>(d, i, F::apply(get<S>(rows[I], i)...));
  } else {
    LANE_LOOP {
      D value = F::apply(get<S>(rows[I], i)...);
      put<D>(d, i, mask >> i & 1 ? value : get<D>(d, i));
    }
  }
  warp.setPoison(op.dst[0], mask, (warp.poison[op.src[I]] | ...));
}

template <typename F, typename D, typename... S>
Step map(Warp &warp, const Op &op, uint32_t mask) {
  mapLanes<F, D, S...>(warp, op, mask, std::index_sequence_for<S...>());
  return Step::Next;
}

inline bool setHandler(Op &op, Handler fn) {
  op.fn = fn;
  return fn != nullptr;
}

/// Lanes whose value of a row is undefined, of those in the mask, are reported
/// as used for `role`.
void demandDefined(Warp &warp, const Op &op, uint32_t mask, uint32_t poison,
                   const char *role);

// One per family; false when there is no such form.
bool bindInteger(const Match &match, Op &op);
bool bindCarry(const Match &match, Op &op);
bool bindFields(const Match &match, Op &op);
bool bindVideo(const Match &match, Op &op);
bool bindVideoLanes(const Match &match, Op &op);
bool bindFloat(const Match &match, Op &op);
bool bindHalf(const Match &match, Op &op);
bool bindApprox(const Match &match, Op &op);
bool bindLogic(const Match &match, Op &op);
bool bindCompare(const Match &match, Op &op);
bool bindSelect(const Match &match, Op &op);
bool bindMove(const Match &match, Op &op);
bool bindConvert(const Match &match, Op &op);
bool bindConvertFp8(const Match &match, Op &op);
bool bindLoadStore(const Match &match, Op &op);
bool bindAtomic(const Match &match, Op &op);
bool bindControl(const Match &match, Op &op);
bool bindCall(const Match &match, Op &op);
bool bindBarrier(const Match &match, Op &op);
bool bindWarp(const Match &match, Op &op);
bool bindMatrix(const Match &match, Op &op);
bool bindCpAsync(const Match &match, Op &op);
bool bindMBarrier(const Match &match, Op &op);
bool bindBulk(const Match &match, Op &op);
bool bindWmma(const Match &match, Op &op);
bool bindWgmma(const Match &match, Op &op);
bool bindRegisters(const Match &match, Op &op);
bool bindCluster(const Match &match, Op &op);

bool bindOp(const Match &match, Op &op);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_LANES_H
