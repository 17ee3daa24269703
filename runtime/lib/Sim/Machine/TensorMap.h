//===- TensorMap.h - Boxes of tensors in global memory ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware's encoding is not public. This one has a mark and plain fields;
// the host API makes it, kernels pass it around, bulk copies read it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_TENSORMAP_H
#define ATTNRT_SIM_MACHINE_TENSORMAP_H

#include "attnrt/DriverApi.h"

#include <cstdint>
#include <string>

namespace attnrt::sim {

/// Sizes and strides in the driver's order: innermost dimension first. Strides
/// are in bytes and include that of the innermost one.
struct TensorBox {
  static constexpr unsigned kMaxRank = TensorMap::kMaxRank;
  unsigned rank = 0, elementBytes = 0;
  int type = 0; // the driver's number
  uint64_t address = 0;
  uint64_t sizes[kMaxRank] = {}, strides[kMaxRank] = {};
  uint32_t box[kMaxRank] = {};
  unsigned swizzleBytes = 0; // 0, 32, 64, 128
  bool fillsNaN = false;

  uint64_t bytes() const {
    uint64_t out = elementBytes;
    for (unsigned d = 0; d < rank; ++d)
      out *= box[d];
    return out;
  }
};

inline constexpr unsigned kTensorMapBytes = 128;

/// Refuses what the driver refuses.
Status encodeTensorMap(const TensorMap &map, void *encoded);
/// Empty when the bytes are a tensor map, else what is wrong with them.
std::string decodeTensorMap(const void *encoded, TensorBox &out);

/// Where a byte of a swizzled tile lies; on absolute addresses.
inline uint32_t swizzled(uint32_t address, unsigned swizzleBytes) {
  uint32_t mask = swizzleBytes ? swizzleBytes / 16 - 1 : 0;
  return address ^ ((address >> 7 & mask) << 4);
}

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_TENSORMAP_H
