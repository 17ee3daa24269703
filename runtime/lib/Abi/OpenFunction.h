//===- OpenFunction.h - Functions of packages by name -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_OPENFUNCTION_H
#define ATTNRT_ABI_OPENFUNCTION_H

#include "attnrt/Package.h"

struct AttnrtFunction {
  attnrt::Function function;
  bool isForHost; // its code is for processors
};

namespace attnrt {

/// As attnrtOpenFunction, and remembered: the file is read once.
Expected<const AttnrtFunction *> knownFunction(const char *path,
                                               const char *name);

} // namespace attnrt

#endif // ATTNRT_ABI_OPENFUNCTION_H
