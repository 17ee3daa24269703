//===- Elementwise.cpp - A package made by hand ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What attn-compile writes, in small: functions on [batch, head, query, dim]
// arrays whose kernels scale each element. Some are wrong on purpose, so that
// tests see the judge and the simulator refuse them.
//
// FIXTURE_FUNCTIONS chooses what the description names: ALL, ONE or NONE; or
// MISSING_SYMBOL, a function that is not there.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.ptx.h"
#include "ElementwiseDescription.h"
#include "attnrt/Abi.h"
#include "attnrt/Float16.h"
#include "attnrt/PackageFormat.h"

#include <cmath>

using namespace attnrt;

#define EXPORT extern "C" __attribute__((visibility("default")))

static AttnrtModule module{"elementwise", kPtx, sizeof kPtx - 1, nullptr, 0,
                           nullptr,       0,    nullptr};
static AttnrtKernel scaleF16{&module, "scale_f16", nullptr};
static AttnrtKernel scaleBf16{&module, "scale_bf16", nullptr};
static AttnrtKernel scaleF32{&module, "scale_f32", nullptr};
static AttnrtKernel pastTheEnd{&module, "past_the_end_f32", nullptr};
static AttnrtKernel markOdd{&module, "mark_odd", nullptr};

static constexpr float kFactor = 1.7f;

static uint32_t elementsOf(const DLTensor *tensor) {
  uint32_t count = 1;
  for (int i = 0; i < tensor->ndim; ++i)
    count *= static_cast<uint32_t>(tensor->shape[i]);
  return count;
}

static ElementType typeOf(const DLTensor *tensor) {
  if (tensor->dtype.code == kDLBfloat)
    return ElementType::BF16;
  return tensor->dtype.bits == 16 ? ElementType::F16 : ElementType::F32;
}

static int checkArgument(const DLTensor *tensor, const char *name) {
  DLDataType type = tensor->dtype;
  AttnrtTensorSpec spec{name, type.code, type.bits, 4, 16, {-1, 4, -1, 8}};
  return attnrtCheckTensor(tensor, &spec);
}

static int launchOver(AttnrtKernel &kernel, void *stream, DLTensor *in,
                      DLTensor *out, float factor) {
  AttnrtDevice *device = nullptr;
  if (int code = attnrtDeviceOf(&in, 1, &out, 1, &device))
    return code;
  uint32_t count = elementsOf(in);
  void *params[] = {&in->data, &out->data, &count, &factor};
  return attnrtLaunch(device, stream, &kernel, (count + 127) / 128, 1, 1, 128,
                      1, 1, 0, params);
}

template <typename Visit>
static void eachValue(DLTensor *const *args, int64_t begin, int64_t end,
                      Visit visit) {
  for (int64_t row = begin; row < end; ++row)
    for (int64_t i = 0; i < 8; ++i)
      visit(row * 8 + i,
            loadAsDouble(typeOf(args[0]), args[0]->data, row * 8 + i));
}

// What the functions have in common.

EXPORT int attnpkg_shapes(DLTensor *const *args, int64_t *shapes) {
  for (int i = 0; i < 4; ++i)
    shapes[i] = args[0]->shape[i];
  return ATTNRT_OK;
}

EXPORT int attnpkg_reference(DLTensor *const *args, DLTensor *const *results,
                             int64_t begin, int64_t end) {
  auto *out = static_cast<double *>(results[0]->data);
  eachValue(args, begin, end, [&](int64_t at, double value) {
    out[at] = value * double(kFactor);
  });
  return ATTNRT_OK;
}

EXPORT int attnpkg_baseline(DLTensor *const *args, DLTensor *const *results,
                            int64_t begin, int64_t end) {
  auto *out = static_cast<double *>(results[0]->data);
  eachValue(args, begin, end, [&](int64_t at, double value) {
    out[at] = roundTo(typeOf(args[0]), value * double(kFactor));
  });
  return ATTNRT_OK;
}

EXPORT int attnpkg_flops(DLTensor *const *args, double *flops) {
  *flops = elementsOf(args[0]);
  return ATTNRT_OK;
}

/// Says that it does a lot, so that rows are sampled.
EXPORT int attnpkg_many_flops(DLTensor *const *, double *flops) {
  *flops = 1e12;
  return ATTNRT_OK;
}

// Entries.

EXPORT int attnpkg_scale(void *stream, DLTensor *const *args,
                         DLTensor *const *results) {
  if (int code = checkArgument(args[0], "argument 0"))
    return code;
  ElementType type = typeOf(args[0]);
  AttnrtKernel &kernel = type == ElementType::F16    ? scaleF16
                         : type == ElementType::BF16 ? scaleBf16
                                                     : scaleF32;
  return launchOver(kernel, stream, args[0], results[0], kFactor);
}

EXPORT int attnpkg_wrong(void *stream, DLTensor *const *args,
                         DLTensor *const *results) {
  return launchOver(scaleF32, stream, args[0], results[0], 1.71f);
}

EXPORT int attnpkg_lazy(void *, DLTensor *const *, DLTensor *const *) {
  return ATTNRT_OK;
}

EXPORT int attnpkg_hazard(void *stream, DLTensor *const *args,
                          DLTensor *const *results) {
  return launchOver(pastTheEnd, stream, args[0], results[0], kFactor);
}

EXPORT int attnpkg_refuse(void *, DLTensor *const *, DLTensor *const *) {
  return attnrtFail(ATTNRT_DEVICE, "workspace of %d bytes refused", 42);
}

// Two arguments whose shapes must agree.

EXPORT int attnpkg_pair_shapes(DLTensor *const *args, int64_t *shapes) {
  if (args[1]->shape[2] != args[0]->shape[2])
    return attnrtFail(ATTNRT_BAD_INPUT,
                      "argument 1: expected dimension 2 to be %lld as in "
                      "argument 0, got %lld",
                      static_cast<long long>(args[0]->shape[2]),
                      static_cast<long long>(args[1]->shape[2]));
  return attnpkg_shapes(args, shapes);
}

// A second result with one value per row, -inf in every odd row.

EXPORT int attnpkg_marked(void *stream, DLTensor *const *args,
                          DLTensor *const *results) {
  if (int code = attnpkg_scale(stream, args, results))
    return code;
  AttnrtDevice *device = nullptr;
  if (int code = attnrtDeviceOf(args, 1, results, 2, &device))
    return code;
  uint32_t rows = elementsOf(results[1]);
  void *params[] = {&results[1]->data, &rows};
  return attnrtLaunch(device, stream, &markOdd, (rows + 127) / 128, 1, 1, 128,
                      1, 1, 0, params);
}

EXPORT int attnpkg_marked_shapes(DLTensor *const *args, int64_t *shapes) {
  for (int i = 0; i < 3; ++i)
    shapes[4 + i] = args[0]->shape[i];
  return attnpkg_shapes(args, shapes);
}

EXPORT int attnpkg_marked_reference(DLTensor *const *args,
                                    DLTensor *const *results, int64_t begin,
                                    int64_t end) {
  for (int64_t row = begin; row < end; ++row)
    static_cast<double *>(results[1]->data)[row] = row % 2 ? -INFINITY : 1.0;
  return attnpkg_reference(args, results, begin, end);
}

EXPORT int attnpkg_marked_baseline(DLTensor *const *args,
                                   DLTensor *const *results, int64_t begin,
                                   int64_t end) {
  attnpkg_marked_reference(args, results, begin, end);
  return attnpkg_baseline(args, results, begin, end);
}

// The description.

static constexpr char kJson[] = DESCRIPTION(FIXTURE_FUNCTIONS);

namespace {
struct Section {
  PackageHeader header;
  char json[sizeof kJson];
};
} // namespace

static constexpr Section makeSection() {
  Section section{{kPackageMagic, kPackageSchema, sizeof kJson - 1,
                   fnv1a(kJson, sizeof kJson - 1)},
                  {}};
  for (size_t i = 0; i < sizeof kJson; ++i)
    section.json[i] = kJson[i];
  return section;
}

__attribute__((section(".attn.package"),
               used)) static constexpr Section kSection = makeSection();

#ifdef FIXTURE_NEEDS_MORE
extern "C" int attnrtNotInThisVersion(void);
EXPORT int attnpkg_needs_more() { return attnrtNotInThisVersion(); }
#endif
