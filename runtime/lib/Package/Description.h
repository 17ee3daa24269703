//===- Description.h - JSON of a package ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PACKAGE_DESCRIPTION_H
#define ATTNRT_PACKAGE_DESCRIPTION_H

#include "attnrt/Package.h"

namespace attnrt {

/// Every field is checked for presence, type and range; the message has the
/// path of the one that is wrong, e.g. `functions[0].args[1].shape`.
Expected<PackageDescription> parseDescription(std::string_view json);

} // namespace attnrt

#endif // ATTNRT_PACKAGE_DESCRIPTION_H
