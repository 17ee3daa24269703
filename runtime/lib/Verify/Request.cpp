//===- Request.cpp - What a package says of its results -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Verify.h"

using namespace attnrt;

Expected<double> attnrt::countFlops(const Function &function,
                                    const std::vector<DLTensor *> &args) {
  double flops = 0;
  int code = function.flops(args.data(), &flops);
  if (code != ATTNRT_OK)
    return Status(static_cast<Code>(code), attnrtLastError());
  return flops;
}

static Status checkResultShape(size_t index, const ResultType &type,
                               const Shape &shape) {
  std::string name = "result " + std::to_string(index);
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] < 0 || (type.shape[i] >= 0 && shape[i] != type.shape[i]))
      return Status::badInput(name + ": the package computes shape " +
                              toString(shape) + ", which its type forbids");
  Expected<int64_t> count = countElements(shape, ElementType::F64);
  if (!count)
    return Status::badInput(name + ": " + count.status().message());
  return Status::ok();
}

Expected<std::vector<Shape>>
attnrt::resultShapes(const Function &function,
                     const std::vector<DLTensor *> &args) {
  size_t dims = 0;
  for (const ResultType &result : function.description.results)
    dims += result.shape.size();
  std::vector<int64_t> flat(dims);
  int code = function.shapes(args.data(), flat.data());
  if (code != ATTNRT_OK)
    return Status(static_cast<Code>(code), attnrtLastError());
  std::vector<Shape> shapes;
  auto next = flat.begin();
  for (const ResultType &result : function.description.results) {
    auto end = next + static_cast<std::ptrdiff_t>(result.shape.size());
    shapes.emplace_back(next, end);
    next = end;
    Status status = checkResultShape(shapes.size() - 1, result, shapes.back());
    if (!status.isOk())
      return status;
  }
  return shapes;
}

Expected<JudgeRequest>
attnrt::judgeRequest(const Function &function, std::vector<DLTensor *> args,
                     std::vector<const HostTensor *> outputs) {
  Expected<double> flops = countFlops(function, args);
  if (!flops)
    return flops.status();
  Expected<std::vector<Shape>> shapes = resultShapes(function, args);
  if (!shapes)
    return shapes.status();
  JudgeRequest request;
  request.function = &function.description;
  for (const Function::Judge &judge : function.judges)
    request.judges.push_back({judge.reference, judge.baseline});
  request.args = std::move(args);
  request.shapes = std::move(*shapes);
  request.outputs = std::move(outputs);
  request.flops = *flops;
  request.rowsPerTile = function.rowsPerTile;
  return request;
}
