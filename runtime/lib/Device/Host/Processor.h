//===- Processor.h - What this processor is and can -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_HOST_PROCESSOR_H
#define ATTNRT_DEVICE_HOST_PROCESSOR_H

#include <string>
#include <string_view>

namespace attnrt {

/// As the processor, or the system, calls itself.
std::string processorName();
/// Whether code may use a feature, by the name that /proc/cpuinfo has for it
/// ("avx512f", "avx512_bf16", "asimdhp"), underscores aside: the processor has
/// it, and the system saves its registers. False for a name that is unknown.
bool processorHas(std::string_view feature);
/// The first of some features, separated by spaces, that is missing; empty
/// where none is.
std::string_view missingFeature(std::string_view features);

} // namespace attnrt

#endif // ATTNRT_DEVICE_HOST_PROCESSOR_H
