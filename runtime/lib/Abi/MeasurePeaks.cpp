//===- MeasurePeaks.cpp - Peaks of the processor, as C sees them ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Fail.h"
#include "attnrt/Peaks.h"

#include <cstring>
#include <limits>

using namespace attnrt;

template <size_t n>
static double copyProducts(const Peaks::Products &products, char (&name)[n]) {
  static_assert(n > 1, "room for a name");
  std::strncpy(name, products.instructions.c_str(), n - 1);
  name[n - 1] = '\0';
  return products.instructions.empty()
             ? std::numeric_limits<double>::quiet_NaN()
             : products.gflops;
}

extern "C" int attnrtMeasurePeaks(AttnrtPeaks *peaks) {
  return guarded("peaks", [&] {
    Expected<Peaks> found = measurePeaks();
    if (!found)
      return found.status();
    peaks->threads = static_cast<int32_t>(found->threads);
    peaks->f32Gflops = copyProducts(found->f32, peaks->f32Instructions);
    peaks->bf16Gflops = copyProducts(found->bf16, peaks->bf16Instructions);
    peaks->readGbytesPerSecond = found->readGbytesPerSecond;
    peaks->copyGbytesPerSecond = found->copyGbytesPerSecond;
    return Status::ok();
  });
}
