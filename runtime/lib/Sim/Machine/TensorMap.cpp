//===- TensorMap.cpp - Boxes of tensors in global memory ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/TensorMap.h"

#include <cstring>

using namespace attnrt;
using namespace attnrt::sim;

namespace {
/// The 128 bytes.
struct Encoded {
  char mark[8];
  uint64_t address;
  uint64_t sizes[5];
  uint32_t strides[4]; // in 16 bytes
  uint8_t lastBox[5];  // less one
  uint8_t type, rank, swizzle, fillsNaN;
  uint32_t upperStrides; // bits 32 to 35, four for each
  uint32_t check;
};
} // namespace
static_assert(sizeof(Encoded) <= kTensorMapBytes, "fits the driver's type");

static constexpr char kMark[8] = {'a', 't', 't', 'n', 't', 'm', 'a', 'p'};
/// Bytes of an element, in the order of the driver's enumeration.
static constexpr uint8_t kElementBytes[] = {1, 2, 4, 4, 8, 8, 2,
                                            4, 8, 2, 4, 4, 4};

static uint32_t checkOf(const Encoded &encoded) {
  uint32_t hash = 2166136261u;
  const auto *bytes = reinterpret_cast<const uint8_t *>(&encoded);
  for (size_t i = 0; i < offsetof(Encoded, check); ++i)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static Status refuse(const std::string &what) {
  return Status::badInput("tensor map: " + what);
}

static Status checkMap(const TensorMap &map) {
  if (map.type < 0 || map.type >= static_cast<int>(std::size(kElementBytes)))
    return refuse("unknown element type " + std::to_string(map.type));
  unsigned bytes = kElementBytes[map.type];
  if (map.rank < 1 || map.rank > TensorMap::kMaxRank)
    return refuse("expected a rank from 1 to 5, got " +
                  std::to_string(map.rank));
  if (reinterpret_cast<uint64_t>(map.address) % 16)
    return refuse("expected an address that is a multiple of 16");
  if (map.interleave != 0)
    return refuse("expected no interleave");
  if (map.swizzle < 0 || map.swizzle > 3)
    return refuse("expected no swizzle, or one of 32, 64 or 128 bytes");
  for (unsigned d = 0; d < map.rank; ++d) {
    std::string which = "dimension " + std::to_string(d) + ": ";
    if (map.sizes[d] < 1 || map.sizes[d] > uint64_t(1) << 32)
      return refuse(which + "expected a size from 1 to 2^32");
    if (map.box[d] < 1 || map.box[d] > 256)
      return refuse(which + "expected a box from 1 to 256");
    if (map.elementStrides[d] != 1)
      return refuse(which + "expected an element stride of 1");
    if (d + 1 < map.rank &&
        (map.strides[d] % 16 || map.strides[d] >= uint64_t(1) << 40))
      return refuse(which + "expected a stride that is a multiple of 16 and "
                            "less than 2^40");
  }
  unsigned inner = map.box[0] * bytes;
  if (inner % 16)
    return refuse("expected an inner box whose bytes are a multiple of 16");
  if (map.swizzle && inner > 16u << map.swizzle)
    return refuse("the inner box is wider than the swizzle");
  return Status::ok();
}

Status attnrt::sim::encodeTensorMap(const TensorMap &map, void *out) {
  Status status = checkMap(map);
  if (!status.isOk())
    return status;
  Encoded encoded;
  std::memset(&encoded, 0, sizeof(encoded));
  std::memcpy(encoded.mark, kMark, sizeof(kMark));
  encoded.address = reinterpret_cast<uint64_t>(map.address);
  for (unsigned d = 0; d < map.rank; ++d) {
    encoded.sizes[d] = map.sizes[d];
    encoded.lastBox[d] = static_cast<uint8_t>(map.box[d] - 1);
    if (d + 1 == map.rank)
      continue;
    encoded.strides[d] = static_cast<uint32_t>(map.strides[d] / 16);
    encoded.upperStrides |= uint32_t(map.strides[d] / 16 >> 32) << (4 * d);
  }
  encoded.type = static_cast<uint8_t>(map.type);
  encoded.rank = static_cast<uint8_t>(map.rank);
  encoded.swizzle = static_cast<uint8_t>(map.swizzle);
  encoded.fillsNaN = map.outOfBounds != 0;
  encoded.check = checkOf(encoded);
  std::memset(out, 0, kTensorMapBytes);
  std::memcpy(out, &encoded, sizeof(encoded));
  return Status::ok();
}

std::string attnrt::sim::decodeTensorMap(const void *from, TensorBox &out) {
  Encoded encoded;
  std::memcpy(&encoded, from, sizeof(encoded));
  if (std::memcmp(encoded.mark, kMark, sizeof(kMark)) ||
      encoded.check != checkOf(encoded))
    return "expected a tensor map that the host has encoded";
  out = TensorBox();
  out.type = encoded.type;
  out.elementBytes = kElementBytes[encoded.type];
  out.rank = encoded.rank;
  out.address = encoded.address;
  out.swizzleBytes = encoded.swizzle ? 16u << encoded.swizzle : 0;
  out.fillsNaN = encoded.fillsNaN;
  for (unsigned d = 0; d < out.rank; ++d) {
    out.sizes[d] = encoded.sizes[d];
    out.box[d] = encoded.lastBox[d] + 1u;
    uint64_t upper = d ? encoded.upperStrides >> (4 * (d - 1)) & 15 : 0;
    out.strides[d] =
        d ? (upper << 32 | encoded.strides[d - 1]) * 16 : out.elementBytes;
  }
  return "";
}
