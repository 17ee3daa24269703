//===- Npy.h - NumPy array files --------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads and writes `.npy`, versions 1 to 3, strictly: little-endian, row-major,
// exactly as many bytes as the header promises. Nothing is allocated on a
// header's word alone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_NPY_H
#define ATTNRT_NPY_H

#include "attnrt/HostTensor.h"

namespace attnrt {

/// Reads float16, float32, float64, int32 or int64. Failures are BadInput and
/// name the file.
Expected<HostTensor> readNpy(const std::string &path);

/// The bytes of a float32 `.npy` file with the tensor's values.
std::string toNpy(const HostTensor &tensor);

} // namespace attnrt

#endif // ATTNRT_NPY_H
