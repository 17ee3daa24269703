//===- Conversions.cpp - 16-bit conversions of host code ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM lowers a narrowing to f16 or bf16 on the host to a call into the
// compiler's support library, and Debian's lacks some of them. Packages need
// only libattnrt.so, so it has them all.
//
// The ABIs of x86-64 and AArch64 pass 16-bit floating-point values in the low
// half of a vector register, where the low half of a float is. Compilers that
// build this library need not know the types.
//
//===----------------------------------------------------------------------===//

#include "attnrt/Float16.h"

#include <cstring>

using namespace attnrt;

static float inRegister(uint16_t bits) {
  uint32_t wide = bits;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

static uint16_t fromRegister(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof wide);
  return static_cast<uint16_t>(wide);
}

extern "C" {
float __truncsfbf2(float value) { return inRegister(floatToBfloat(value)); }
float __truncdfbf2(double value) { return inRegister(doubleToBfloat(value)); }
float __truncsfhf2(float value) { return inRegister(floatToHalf(value)); }
float __truncdfhf2(double value) { return inRegister(doubleToHalf(value)); }
float __extendhfsf2(float value) { return halfToFloat(fromRegister(value)); }
}
