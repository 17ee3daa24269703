//===- Judge.cpp - The judge, as C sees it --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Fail.h"
#include "Abi/HostCopy.h"
#include "Abi/OpenFunction.h"
#include "attnrt/Verify.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace attnrt;

static DLDataType dlTypeOf(ElementType type) {
  TensorView scalar(type, {}, nullptr, {kDLCPU, 0});
  return scalar.dl()->dtype;
}

/// Element type and shape; where the array lies does not matter.
static Status checkArray(const DLTensor *tensor, const TensorType &type,
                         const Shape &shape, const std::string &name) {
  DLDataType dtype = dlTypeOf(type.type);
  AttnrtTensorSpec spec{};
  spec.name = name.c_str();
  spec.typeCode = dtype.code;
  spec.typeBits = dtype.bits;
  spec.rank = static_cast<uint16_t>(shape.size());
  std::copy(shape.begin(), shape.end(), spec.shape);
  if (attnrtCheckTensor(tensor, &spec) == ATTNRT_OK)
    return Status::ok();
  return Status::badInput(attnrtLastError());
}

namespace {
/// What one call of attnrtJudge reads.
class Trial {
public:
  explicit Trial(const Function &function)
      : function(function), description(function.description) {}

  Status addArguments(DLTensor *const *tensors);
  Status addResults(DLTensor *const *tensors);
  Expected<Verdict> judge(uint64_t seed);

private:
  Status addResult(const DLTensor *tensor, size_t index, const Shape &shape);

  const Function &function;
  const FunctionDescription &description;
  std::vector<HostCopy> copies;
  std::vector<DLTensor *> args;
  std::vector<std::unique_ptr<HostTensor>> outputs; // null: not judged
};
} // namespace

Status Trial::addArguments(DLTensor *const *tensors) {
  for (size_t i = 0; i < description.args.size(); ++i) {
    std::string name = "argument " + std::to_string(i);
    const ArgumentType &type = description.args[i];
    Status status = checkArray(tensors[i], type, type.shape, name);
    if (!status.isOk())
      return status;
    Expected<HostCopy> copy = HostCopy::create(*tensors[i], name);
    if (!copy)
      return copy.status();
    copies.push_back(std::move(*copy));
  }
  for (HostCopy &copy : copies)
    args.push_back(copy.dl());
  return Status::ok();
}

Status Trial::addResults(DLTensor *const *tensors) {
  Expected<std::vector<Shape>> shapes = resultShapes(function, args);
  if (!shapes)
    return shapes.status();
  for (size_t i = 0; i < shapes->size(); ++i) {
    outputs.push_back(nullptr);
    if (!tensors[i])
      continue;
    Status status = addResult(tensors[i], i, (*shapes)[i]);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}

Status Trial::addResult(const DLTensor *tensor, size_t index,
                        const Shape &shape) {
  std::string name = "result " + std::to_string(index);
  const ResultType &type = description.results[index];
  Status status = checkArray(tensor, type, shape, name);
  if (!status.isOk())
    return status;
  Expected<HostCopy> copy = HostCopy::create(*tensor, name);
  if (!copy)
    return copy.status();
  Expected<HostTensor> values = compact(*copy->dl(), type.type);
  if (!values)
    return values.status();
  outputs.back() = std::make_unique<HostTensor>(std::move(*values));
  return Status::ok();
}

Expected<Verdict> Trial::judge(uint64_t seed) {
  std::vector<const HostTensor *> judged;
  for (const auto &output : outputs)
    judged.push_back(output.get());
  Expected<JudgeRequest> request = judgeRequest(function, args, judged);
  if (!request)
    return request.status();
  request->seed = seed;
  return verify(*request);
}

static AttnrtVerdict toC(const OutputVerdict &output) {
  AttnrtVerdict verdict{};
  verdict.judged = 1;
  verdict.passed = output.passed;
  verdict.maxAbsError = output.maxAbsError.value_or(NAN);
  verdict.baselineMaxAbsError = output.baselineMaxAbsError.value_or(NAN);
  verdict.tolerance = output.tolerance.value_or(NAN);
  verdict.rowsJudged = output.rowsJudged;
  verdict.rowsTotal = output.rowsTotal;
  verdict.worstRank = -1;
  if (output.worstIndex) {
    verdict.worstRank = static_cast<int32_t>(output.worstIndex->size());
    std::copy(output.worstIndex->begin(), output.worstIndex->end(),
              verdict.worstIndex);
  }
  std::snprintf(verdict.reason, sizeof verdict.reason, "%s%s",
                output.isOutside ? "outside the judged range: " : "",
                output.reason.c_str());
  return verdict;
}

static Status judge(const Function &function, DLTensor *const *args,
                    DLTensor *const *results, uint64_t seed,
                    AttnrtVerdict *verdicts) {
  Trial trial(function);
  Status status = trial.addArguments(args);
  if (status.isOk())
    status = trial.addResults(results);
  if (!status.isOk())
    return status;
  Expected<Verdict> verdict = trial.judge(seed);
  if (!verdict)
    return verdict.status();
  std::fill_n(verdicts, function.description.results.size(), AttnrtVerdict{});
  for (const OutputVerdict &output : verdict->outputs)
    verdicts[output.index] = toC(output);
  return Status::ok();
}

extern "C" int attnrtJudge(const AttnrtFunction *function,
                           DLTensor *const *args, DLTensor *const *results,
                           uint64_t seed, AttnrtVerdict *verdicts) {
  return guarded("judge", [&] {
    return judge(function->function, args, results, seed, verdicts);
  });
}
