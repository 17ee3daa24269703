//===- Types.cpp - The fundamental types of PTX ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ptx/Types.h"

namespace attnrt::sim::ptx {

namespace {
struct Row {
  std::string_view name;
  Type type;
  unsigned bytes;
};
} // namespace

static constexpr Row kTypes[] = {
    {"pred", Type::Pred, 0},     {"b8", Type::B8, 1},
    {"b16", Type::B16, 2},       {"b32", Type::B32, 4},
    {"b64", Type::B64, 8},       {"u8", Type::U8, 1},
    {"u16", Type::U16, 2},       {"u32", Type::U32, 4},
    {"u64", Type::U64, 8},       {"s8", Type::S8, 1},
    {"s16", Type::S16, 2},       {"s32", Type::S32, 4},
    {"s64", Type::S64, 8},       {"f16", Type::F16, 2},
    {"f16x2", Type::F16x2, 4},   {"bf16", Type::BF16, 2},
    {"bf16x2", Type::BF16x2, 4}, {"tf32", Type::TF32, 4},
    {"f32", Type::F32, 4},       {"f64", Type::F64, 8},
};

std::optional<Type> typeNamed(std::string_view name) {
  for (const Row &row : kTypes)
    if (row.name == name)
      return row.type;
  return std::nullopt;
}

unsigned bytesOf(Type type) { return kTypes[static_cast<int>(type)].bytes; }

bool isFloat(Type type) { return type >= Type::F16; }

bool isSigned(Type type) { return type >= Type::S8 && type <= Type::S64; }

} // namespace attnrt::sim::ptx
