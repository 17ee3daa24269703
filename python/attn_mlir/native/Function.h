//===- Function.h - Functions of packages -----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls return the status, whose text is attnrtLastError(): what exception fits
// is for Python to say, which knows what the arrays are.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_MLIR_FUNCTION_H
#define ATTN_MLIR_FUNCTION_H

#include "Exchange.h"

#include "attnrt/Abi.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace attnpy {

/// What a package's description gives to call.
struct Entry {
  AttnrtEntry code = nullptr;
  bool isForGpu = false;
  int call(void *stream, const Descriptors &args, DLTensor *const *results,
           size_t numResults) const;
};

/// A function of a package, by the path of the file and its name there.
class Function {
public:
  Function(const std::string &path, const std::string &name, bool isForGpu);

  int call(nanobind::handle args, nanobind::handle results) const;
  /// Calls the same entry `count` times: what a call costs without Python.
  int repeat(nanobind::handle args, nanobind::handle results, int count) const;
  /// Of all results, `sizes` in number, one behind the other.
  std::vector<int64_t> shapes(nanobind::handle args, int sizes) const;
  /// (passed, error, tolerance, reason) for each result.
  nanobind::list judge(nanobind::handle args, nanobind::handle results,
                       uint64_t seed) const;

  /// Whether it was found.
  int status;

  Entry entry() const { return {symbols.entry, isForGpu}; }

private:
  const AttnrtFunction *function = nullptr;
  AttnrtSymbols symbols = {};
  bool isForGpu;
};

} // namespace attnpy

#endif // ATTN_MLIR_FUNCTION_H
