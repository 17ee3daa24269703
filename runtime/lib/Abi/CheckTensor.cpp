//===- CheckTensor.cpp - What a kernel can take ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Abi.h"

#include <cinttypes>
#include <cstdio>

/// "bf16", "f32", "i64", "i1"; anything exotic by its numbers.
static void describeType(char (&text)[32], DLDataType type) {
  if (type.code == ATTNRT_DL_BOOL && type.bits == 8 && type.lanes == 1) {
    std::snprintf(text, sizeof text, "i1");
    return;
  }
  const char *prefix = nullptr;
  switch (type.code) {
  case kDLInt:
    prefix = "i";
    break;
  case kDLUInt:
    prefix = "u";
    break;
  case kDLFloat:
    prefix = "f";
    break;
  case kDLBfloat:
    prefix = "bf";
    break;
  }
  if (prefix && type.lanes == 1)
    std::snprintf(text, sizeof text, "%s%u", prefix, type.bits);
  else
    std::snprintf(text, sizeof text, "DLPack type (%u, %u, %u)", type.code,
                  type.bits, type.lanes);
}

static int checkType(const DLTensor *tensor, const AttnrtTensorSpec *spec) {
  DLDataType type = tensor->dtype;
  if (type.code == spec->typeCode && type.bits == spec->typeBits &&
      type.lanes == 1)
    return ATTNRT_OK;
  char expected[32], got[32];
  describeType(expected, {spec->typeCode, spec->typeBits, 1});
  describeType(got, type);
  return attnrtFail(ATTNRT_BAD_INPUT, "%s: expected element type %s, got %s",
                    spec->name, expected, got);
}

static int checkShape(const DLTensor *tensor, const AttnrtTensorSpec *spec) {
  if (tensor->ndim != spec->rank)
    return attnrtFail(ATTNRT_BAD_INPUT, "%s: expected rank %u, got %d",
                      spec->name, spec->rank, tensor->ndim);
  for (int i = 0; i < spec->rank; ++i) {
    int64_t expected = spec->shape[i], got = tensor->shape[i];
    if (got < 0)
      return attnrtFail(ATTNRT_BAD_INPUT,
                        "%s: expected dimension %d to be at least 0, got "
                        "%" PRId64,
                        spec->name, i, got);
    if (expected >= 0 && got != expected)
      return attnrtFail(ATTNRT_BAD_INPUT,
                        "%s: expected dimension %d to be %" PRId64
                        ", got %" PRId64,
                        spec->name, i, expected, got);
  }
  return ATTNRT_OK;
}

static bool isEmpty(const DLTensor *tensor) {
  for (int i = 0; i < tensor->ndim; ++i)
    if (tensor->shape[i] == 0)
      return true;
  return false;
}

extern "C" int64_t attnrtStride(const DLTensor *tensor, int dim) {
  if (tensor->strides)
    return tensor->strides[dim];
  int64_t stride = 1;
  for (int i = tensor->ndim - 1; i > dim; --i)
    stride *= tensor->shape[i];
  return stride;
}

/// Strides of dimensions of size 1 are never taken.
static int checkStrides(const DLTensor *tensor, const AttnrtTensorSpec *spec) {
  uint64_t elementBytes = spec->typeBits / 8;
  for (int i = spec->rank - 1; i >= 0; --i) {
    int64_t stride = attnrtStride(tensor, i);
    if (tensor->shape[i] <= 1)
      continue;
    bool innermost = i == spec->rank - 1;
    if (innermost && stride != 1)
      return attnrtFail(ATTNRT_BAD_INPUT,
                        "%s: expected the innermost stride to be 1, got "
                        "%" PRId64,
                        spec->name, stride);
    if (!innermost && spec->alignment > 1 &&
        static_cast<uint64_t>(stride) * elementBytes % spec->alignment != 0)
      return attnrtFail(ATTNRT_BAD_INPUT,
                        "%s: expected the stride of dimension %d to be a "
                        "multiple of %u bytes, got %" PRId64 " elements",
                        spec->name, i, spec->alignment, stride);
  }
  return ATTNRT_OK;
}

static int checkAddress(const DLTensor *tensor, const AttnrtTensorSpec *spec) {
  if (!tensor->data)
    return attnrtFail(ATTNRT_BAD_INPUT, "%s: expected data, got a null pointer",
                      spec->name);
  uint64_t address =
      reinterpret_cast<uint64_t>(tensor->data) + tensor->byte_offset;
  if (spec->alignment > 1 && address % spec->alignment != 0)
    return attnrtFail(ATTNRT_BAD_INPUT,
                      "%s: expected an address aligned to %u bytes, got "
                      "0x%" PRIx64,
                      spec->name, spec->alignment, address);
  return ATTNRT_OK;
}

extern "C" int attnrtCheckTensor(const DLTensor *tensor,
                                 const AttnrtTensorSpec *spec) {
  if (!tensor)
    return attnrtFail(ATTNRT_BAD_INPUT, "%s: expected a tensor, got null",
                      spec->name);
  if (int code = checkType(tensor, spec))
    return code;
  if (int code = checkShape(tensor, spec))
    return code;
  if (isEmpty(tensor) || spec->alignment == 0)
    return ATTNRT_OK;
  if (int code = checkStrides(tensor, spec))
    return code;
  return checkAddress(tensor, spec);
}
