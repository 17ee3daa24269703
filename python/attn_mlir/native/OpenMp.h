//===- OpenMp.h - Launches on the threads of OpenMP -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_MLIR_OPENMP_H
#define ATTN_MLIR_OPENMP_H

namespace attnpy {

/// Has launches on processors run on the threads of the OpenMP library that the
/// process has loaded, as many as it would use. Returns false, and changes
/// nothing, where there is none.
bool useOpenMp();

} // namespace attnpy

#endif // ATTN_MLIR_OPENMP_H
