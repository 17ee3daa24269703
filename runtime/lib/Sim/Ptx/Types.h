//===- Types.h - The fundamental types of PTX -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_TYPES_H
#define ATTNRT_SIM_PTX_TYPES_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace attnrt::sim::ptx {

enum class Type : uint8_t {
  Pred,
  B8,
  B16,
  B32,
  B64,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F64,
};

std::optional<Type> typeNamed(std::string_view name);
/// Bytes of a value of the type; 0 for predicates.
unsigned bytesOf(Type type);
bool isFloat(Type type);
bool isSigned(Type type);

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_TYPES_H
