//===- ElementType.h - Element types of tensors -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ELEMENTTYPE_H
#define ATTNRT_ELEMENTTYPE_H

#include <dlpack/dlpack.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace attnrt {

/// What a package's arguments and results are made of; F64 is that of
/// reference results on the host only. An I1 is a byte, 0 or 1.
enum class ElementType { F16, BF16, F32, F64, I32, I64, I1, I8 };

size_t sizeInBytes(ElementType type);
bool isFloat(ElementType type);
/// "f16", "bf16", …, as the package and the run record spell them.
const char *nameOf(ElementType type);
std::optional<ElementType> elementTypeFromName(std::string_view name);
DLDataType toDLDataType(ElementType type);

} // namespace attnrt

#endif // ATTNRT_ELEMENTTYPE_H
