//===- Function.cpp - Functions of packages -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Function.h"

#include "Simulated.h"

namespace nb = nanobind;

namespace attnpy {

int Entry::call(void *stream, const Descriptors &args, DLTensor *const *results,
                size_t numResults) const {
  if (isForGpu)
    return callForGpu(code, stream, args, results, numResults);
  return code(stream, args.pointers(), results);
}

Function::Function(const std::string &path, const std::string &name,
                   bool isForGpu)
    : isForGpu(isForGpu) {
  nb::gil_scoped_release release;
  status = attnrtOpenFunction(path.c_str(), name.c_str(), &function);
  if (status == ATTNRT_OK)
    attnrtSymbolsOf(function, &symbols);
}

int Function::call(nb::handle args, nb::handle results) const {
  return repeat(args, results, 1);
}

int Function::repeat(nb::handle args, nb::handle results, int count) const {
  Descriptors read, written;
  read.read(args);
  written.read(results);
  void *stream = read.stream();
  nb::gil_scoped_release release;
  int code = ATTNRT_OK;
  for (int i = 0; i < count && code == ATTNRT_OK; ++i)
    code = entry().call(stream, read, written.pointers(), written.size());
  return code;
}

std::vector<int64_t> Function::shapes(nb::handle args, int sizes) const {
  Descriptors read;
  read.read(args);
  std::vector<int64_t> flat(sizes);
  if (symbols.shapes(read.pointers(), flat.data()) != ATTNRT_OK)
    throw nb::value_error(attnrtLastError());
  return flat;
}

nb::list Function::judge(nb::handle args, nb::handle results,
                         uint64_t seed) const {
  Descriptors read, written;
  read.read(args);
  written.read(results);
  std::vector<AttnrtVerdict> verdicts(written.size());
  int code = ATTNRT_OK;
  {
    nb::gil_scoped_release release;
    code = attnrtJudge(function, read.pointers(), written.pointers(), seed,
                       verdicts.data());
  }
  if (code != ATTNRT_OK)
    throw nb::value_error(attnrtLastError());
  nb::list said;
  for (const AttnrtVerdict &verdict : verdicts)
    said.append(nb::make_tuple(verdict.passed != 0, verdict.maxAbsError,
                               verdict.tolerance, verdict.reason));
  return said;
}

} // namespace attnpy
