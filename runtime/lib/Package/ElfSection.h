//===- ElfSection.h - One section of a shared object ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PACKAGE_ELFSECTION_H
#define ATTNRT_PACKAGE_ELFSECTION_H

#include "attnrt/Status.h"

#include <string_view>

namespace attnrt {

/// The bytes of section `name` of an ELF64 little-endian shared object for this
/// machine. Every header must lie inside `file`, so a truncated file fails here
/// even where the section itself is whole.
Expected<std::string_view> findElfSection(std::string_view file,
                                          std::string_view name);

} // namespace attnrt

#endif // ATTNRT_PACKAGE_ELFSECTION_H
