//===- Exp2.h - Powers of two of vectors ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_EXP2_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_EXP2_H

#include "Frame.h"

namespace attn::tile {

/// 2^x of f32, a scalar or a vector, within 2 ulp of the exact value, also of
/// results that are subnormal. Infinities and NaN are as IEEE 754 has them.
mlir::Value emitExp2(Frame &frame, mlir::Value x);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_EXP2_H
