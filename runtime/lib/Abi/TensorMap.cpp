//===- TensorMap.cpp - Maps of tensors for kernels ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The driver counts dimensions from the innermost one, takes strides in bytes,
// and knows no empty dimension. What it would refuse is said here, in terms of
// the tensor that the caller passed.
//
//===----------------------------------------------------------------------===//
#include "Device/Current.h"
#include "attnrt/DriverApi.h"

#include <algorithm>
#include <cinttypes>

using namespace attnrt;

namespace {
/// The driver's enumerations.
enum { kFloat16 = 6, kFloat32 = 7, kBFloat16 = 9 };
enum { kSwizzle32 = 1, kSwizzle64 = 2, kSwizzle128 = 3 };
enum { kPromoteTo256Bytes = 3 };
} // namespace

constexpr int64_t kUnit = 16;
constexpr int64_t kStrideLimit = int64_t(1) << 40;

/// 0 where the driver has no such type.
static int typeOf(const AttnrtBox &box) {
  if (box.typeCode == kDLBfloat && box.typeBits == 16)
    return kBFloat16;
  if (box.typeCode == kDLFloat)
    return box.typeBits == 16 ? kFloat16 : box.typeBits == 32 ? kFloat32 : 0;
  return 0;
}

static int swizzleOf(const AttnrtBox &box) {
  return box.swizzle == 128  ? kSwizzle128
         : box.swizzle == 64 ? kSwizzle64
                             : kSwizzle32;
}

/// The stride of a dimension of one element means nothing, nor do those of an
/// empty tensor.
static int fillStrides(const AttnrtBox &box, const int64_t *dims,
                       const int64_t *strides, bool isEmpty, TensorMap &map) {
  int64_t elementBytes = box.typeBits / 8;
  for (int i = 0; i + 1 < box.rank; ++i) {
    bool counts = !isEmpty && dims[i] > 1;
    int64_t bytes = counts ? strides[i] * elementBytes : kUnit;
    if (bytes % kUnit != 0 || bytes < 0 || bytes >= kStrideLimit)
      return attnrtFail(ATTNRT_BAD_INPUT,
                        "expected stride %d of %s to be a multiple of %" PRId64
                        " bytes below 2^40, got %" PRId64 " bytes",
                        i, box.name, kUnit, bytes);
    map.strides[box.rank - 2 - i] = static_cast<uint64_t>(bytes);
  }
  return ATTNRT_OK;
}

extern "C" int attnrtEncodeTensorMap(AttnrtDevice *device, const AttnrtBox *box,
                                     const void *address, const int64_t *dims,
                                     const int64_t *strides, void *encoded) {
  TensorMap map;
  map.type = typeOf(*box);
  if (map.type == 0 || box->rank < 1 || box->rank > TensorMap::kMaxRank)
    return attnrtFail(ATTNRT_BAD_INPUT,
                      "expected %s to be f16, bf16 or f32 of rank 1 to %u",
                      box->name, TensorMap::kMaxRank);
  bool isEmpty = std::find(dims, dims + box->rank, 0) != dims + box->rank;
  if (!isEmpty && reinterpret_cast<uintptr_t>(address) % kUnit != 0)
    return attnrtFail(ATTNRT_BAD_INPUT,
                      "expected %s to start at a multiple of %" PRId64
                      " bytes, got address %p",
                      box->name, kUnit, address);
  map.rank = box->rank;
  // Nothing is read of an empty tensor, whose address may be any.
  map.address =
      isEmpty ? reinterpret_cast<void *>(kUnit) : const_cast<void *>(address);
  map.swizzle = swizzleOf(*box);
  map.l2Promotion = kPromoteTo256Bytes;
  for (unsigned i = 0; i < map.rank; ++i) {
    unsigned from = map.rank - 1 - i;
    map.sizes[i] = static_cast<uint64_t>(dims[from] > 0 ? dims[from] : 1);
    map.box[i] = static_cast<uint32_t>(box->shape[from]);
    map.elementStrides[i] = 1;
  }
  if (int code = fillStrides(*box, dims, strides, isEmpty, map))
    return code;
  DriverApi *api = device->device->driverApi();
  if (!api)
    return attnrtFail(ATTNRT_DEVICE, "device %s makes no tensor maps",
                      device->device->info().kind.c_str());
  CallerState caller(*device->device);
  Status status = api->encode(map, encoded);
  if (!status.isOk())
    return attnrtFail(static_cast<int>(status.code()), "%s: %s", box->name,
                      status.message().c_str());
  return ATTNRT_OK;
}
