//===- Float16.h - 16-bit floating point ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions between f16 (IEEE binary16), bf16 and the host's types. Narrowing
// rounds once, to nearest even, whatever the source; every NaN becomes the
// quiet NaN that GPUs write (0x7fff), with the sign kept.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_FLOAT16_H
#define ATTNRT_FLOAT16_H

#include "attnrt/ElementType.h"

#include <cstdint>

namespace attnrt {

float halfToFloat(uint16_t bits);
float bfloatToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
uint16_t floatToBfloat(float value);
uint16_t doubleToHalf(double value);
uint16_t doubleToBfloat(double value);

/// Element `index` of an array of a floating-point type.
double loadAsDouble(ElementType type, const void *data, int64_t index);
/// Rounds `value` to the type, to nearest even, and stores it.
void storeRounded(ElementType type, void *data, int64_t index, double value);
/// The value that storeRounded() would leave.
double roundTo(ElementType type, double value);

/// Converts `count` elements of f16, bf16 or f32 from or to float.
void convertFromFloat(ElementType type, void *to, const float *from,
                      int64_t count);
void convertToFloat(ElementType type, float *to, const void *from,
                    int64_t count);

/// Distance of neighbouring values of the type at |value|.
double ulpAt(ElementType type, double value);

} // namespace attnrt

#endif // ATTNRT_FLOAT16_H
