//===- Verify.cpp - The judge ---------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Verify.h"

#include "Support/Parallel.h"
#include "Verify/Compare.h"
#include "Verify/Domain.h"
#include "Verify/Rows.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

using namespace attnrt;

/// Rows judged beyond the sample because they hold non-finite values.
static constexpr size_t kExtraRows = 1024;

namespace {
class Judge {
public:
  explicit Judge(const JudgeRequest &request)
      : request(request), function(*request.function),
        outputs(*request.outputs) {}

  Expected<Verdict> run();

private:
  void layOutRows();
  Status createExpected();
  void chooseRanges();
  void addNonFiniteRows(std::vector<int64_t> &rows);
  std::vector<int64_t> maskEdges() const;
  Status compute();
  std::vector<int64_t> sampleOutputs() const;
  OutputVerdict judgeOutput(size_t i) const;
  void excuse(OutputVerdict &verdict) const;

  const JudgeRequest &request;
  const FunctionDescription &function;
  const std::vector<HostTensor> &outputs;
  std::vector<RowLayout> layouts;
  std::vector<HostTensor> reference, baseline;
  /// First poisoned value of each output as the scan saw it, or -1.
  std::vector<int64_t> poison;
  /// Rows of the largest output; smaller ones end earlier.
  int64_t rows = 0;
  std::vector<RowRange> ranges;
};

/// One call's argument list.
struct Descriptors {
  explicit Descriptors(const std::vector<HostTensor> &tensors) {
    for (const HostTensor &tensor : tensors)
      views.push_back(tensor.view());
    for (TensorView &view : views)
      pointers.push_back(view.dl());
  }
  std::vector<TensorView> views;
  std::vector<DLTensor *> pointers;
};
} // namespace

Expected<Verdict> attnrt::verify(const JudgeRequest &request) {
  return Judge(request).run();
}

Expected<Verdict> Judge::run() {
  layOutRows();
  Status status = createExpected();
  if (!status.isOk())
    return status;
  chooseRanges();
  status = compute();
  if (!status.isOk())
    return status;

  Verdict verdict;
  for (size_t i = 0; i < outputs.size(); ++i) {
    verdict.outputs.push_back(judgeOutput(i));
    verdict.passed &= verdict.outputs.back().passed;
  }
  return verdict;
}

void Judge::layOutRows() {
  for (size_t i = 0; i < outputs.size(); ++i) {
    layouts.emplace_back(outputs[i].shape(), function.results[i].rowDims);
    rows = std::max(rows, layouts[i].rows());
  }
  poison.assign(outputs.size(), -1);
}

Status Judge::createExpected() {
  for (const HostTensor &output : outputs)
    for (std::vector<HostTensor> *list : {&reference, &baseline}) {
      Expected<HostTensor> tensor =
          HostTensor::create(ElementType::F64, output.shape());
      if (!tensor)
        return tensor.status();
      list->push_back(std::move(*tensor));
    }
  return Status::ok();
}

void Judge::chooseRanges() {
  if (rows == 0)
    return;
  int64_t longest = std::max<int64_t>(1, rows / (int64_t(hostThreads()) * 16));
  if (request.flops <= kSampleAboveFlops) {
    ranges = toRanges(rows, longest);
    return;
  }
  std::vector<int64_t> sample = sampleOutputs();
  addNonFiniteRows(sample);
  ranges = toRanges(sample, std::min<int64_t>(longest, 8));
}

/// Enough rows of each output, together.
std::vector<int64_t> Judge::sampleOutputs() const {
  std::set<int64_t> sample;
  RowChoice choice;
  choice.edges = maskEdges();
  choice.tileRows = request.tileRows;
  choice.seed = request.seed;
  for (const RowLayout &layout : layouts) {
    if (layout.rows() == 0)
      continue;
    choice.rows = layout.rows();
    choice.queries = layout.queries();
    std::vector<int64_t> rowsOfOutput = sampleRows(choice, kSampledRows);
    sample.insert(rowsOfOutput.begin(), rowsOfOutput.end());
  }
  return {sample.begin(), sample.end()};
}

std::vector<int64_t> Judge::maskEdges() const {
  std::vector<int64_t> edges;
  for (const LinearIndex &edge : function.edgeRows) {
    int64_t row = edge.constant;
    for (const LinearIndex::Term &term : edge.terms)
      row += term.coefficient * (*request.args)[term.arg].shape()[term.dim];
    edges.push_back(row);
  }
  return edges;
}

/// Scans the outputs and adds the rows whose values only the reference can say
/// to be right. Of very many it takes some evenly.
void Judge::addNonFiniteRows(std::vector<int64_t> &sample) {
  std::vector<int64_t> found;
  std::mutex mutex;
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::vector<RowRange> parts = toRanges(layouts[i].rows(), 1024);
    parallelFor(static_cast<int64_t>(parts.size()), [&](int64_t part) {
      Scan scan = scanRows(outputs[i], layouts[i], parts[part]);
      std::lock_guard<std::mutex> lock(mutex);
      if (scan.poison >= 0 && (poison[i] < 0 || scan.poison < poison[i]))
        poison[i] = scan.poison;
      found.insert(found.end(), scan.nonFiniteRows.begin(),
                   scan.nonFiniteRows.end());
    });
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  size_t step = (found.size() + kExtraRows - 1) / kExtraRows;
  for (size_t i = 0; i < found.size(); i += step)
    sample.push_back(found[i]);
  std::sort(sample.begin(), sample.end());
  sample.erase(std::unique(sample.begin(), sample.end()), sample.end());
}

Status Judge::compute() {
  Descriptors args(*request.args), references(reference), baselines(baseline);
  Status failure;
  std::mutex mutex;
  std::atomic<bool> failed{false};
  parallelFor(static_cast<int64_t>(ranges.size()) * 2, [&](int64_t task) {
    if (failed)
      return;
    bool isReference = task % 2 == 0;
    RowRange range = ranges[task / 2];
    const RowFunction &call =
        isReference ? request.reference : request.baseline;
    Descriptors &results = isReference ? references : baselines;
    int code = call(args.pointers.data(), results.pointers.data(), range.begin,
                    range.end);
    if (code == ATTNRT_OK)
      return;
    // The text belongs to this thread.
    std::lock_guard<std::mutex> lock(mutex);
    failed = true;
    failure = Status(static_cast<Code>(code),
                     std::string(isReference ? "reference" : "baseline") +
                         ": " + attnrtLastError());
  });
  return failure;
}

/// What misses the rule is not wrong where sums over an argument may overflow.
void Judge::excuse(OutputVerdict &verdict) const {
  Descriptors args(*request.args);
  size_t count = std::min(args.pointers.size(), function.args.size());
  for (size_t i = 0; i < count && !verdict.isOutside; ++i)
    if (auto why =
            whySumsMayOverflow(function.args[i].type, *args.pointers[i])) {
      verdict.isOutside = true;
      verdict.reason += "; argument " + std::to_string(i) + " " + *why;
    }
}

OutputVerdict Judge::judgeOutput(size_t i) const {
  Comparison comparison{outputs[i], reference[i], baseline[i]};
  Tally total;
  int64_t rowsJudged = 0;
  std::mutex mutex;
  parallelFor(static_cast<int64_t>(ranges.size()), [&](int64_t part) {
    RowRange range = ranges[part];
    range.end = std::min(range.end, layouts[i].rows());
    if (range.begin >= range.end)
      return;
    Tally tally = compareRows(comparison, layouts[i], range);
    std::lock_guard<std::mutex> lock(mutex);
    total.merge(tally);
    rowsJudged += range.end - range.begin;
  });
  if (poison[i] >= 0)
    total.poison = poison[i];
  OutputVerdict verdict =
      judge(comparison, total, function.results[i].mmaSteps);
  if (!verdict.passed && total.poison < 0)
    excuse(verdict);
  verdict.index = static_cast<int>(i);
  verdict.rowsJudged = rowsJudged;
  verdict.rowsTotal = layouts[i].rows();
  return verdict;
}
