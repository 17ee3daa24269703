//===- ElementType.cpp - Element types of tensors -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/ElementType.h"

#include "attnrt/Abi.h"

#include <cstdint>

using namespace attnrt;

namespace {
struct Row {
  ElementType type;
  const char *name;
  uint8_t code; // DLDataTypeCode
  uint8_t bits;
};
} // namespace

static constexpr Row kRows[] = {
    {ElementType::F16, "f16", kDLFloat, 16},
    {ElementType::BF16, "bf16", kDLBfloat, 16},
    {ElementType::F32, "f32", kDLFloat, 32},
    {ElementType::F64, "f64", kDLFloat, 64},
    {ElementType::I32, "i32", kDLInt, 32},
    {ElementType::I64, "i64", kDLInt, 64},
    {ElementType::I1, "i1", ATTNRT_DL_BOOL, 8},
    {ElementType::I8, "i8", kDLInt, 8},
};

static const Row &rowOf(ElementType type) {
  return kRows[static_cast<size_t>(type)];
}

size_t attnrt::sizeInBytes(ElementType type) { return rowOf(type).bits / 8; }

bool attnrt::isFloat(ElementType type) {
  uint8_t code = rowOf(type).code;
  return code == kDLFloat || code == kDLBfloat;
}

const char *attnrt::nameOf(ElementType type) { return rowOf(type).name; }

std::optional<ElementType> attnrt::elementTypeFromName(std::string_view name) {
  for (const Row &row : kRows)
    if (name == row.name)
      return row.type;
  return std::nullopt;
}

DLDataType attnrt::toDLDataType(ElementType type) {
  const Row &row = rowOf(type);
  return {row.code, row.bits, 1};
}
