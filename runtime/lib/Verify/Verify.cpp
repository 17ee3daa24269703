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
      : request(request), function(*request.function) {}

  Expected<Verdict> run();

private:
  /// One of the functions that fill `reference`, or `baseline`.
  struct Call {
    const RowFunction *function;
    const std::string *symbol;
    bool isReference;
  };

  void layOutRows();
  Status createExpected();
  void chooseRanges();
  void addNonFiniteRows(std::vector<int64_t> &rows);
  std::vector<int64_t> edgesOf(size_t result) const;
  void listCalls();
  void addCall(const RowFunction &rows, const std::string &symbol,
               bool isReference);
  Status compute();
  std::vector<int64_t> sampleOutputs() const;
  OutputVerdict judgeOutput(size_t i) const;
  void excuse(OutputVerdict &verdict) const;

  size_t count() const { return request.outputs.size(); }
  const HostTensor *output(size_t i) const { return request.outputs[i]; }

  const JudgeRequest &request;
  const FunctionDescription &function;
  std::vector<RowLayout> layouts;
  std::vector<HostTensor> reference, baseline;
  std::vector<Call> calls;
  /// First poisoned value of each output as the scan saw it, or -1.
  std::vector<int64_t> poison;
  /// Rows of the largest output; smaller ones end earlier.
  int64_t rows = 0;
  std::vector<RowRange> ranges;
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
  listCalls();
  status = compute();
  if (!status.isOk())
    return status;

  Verdict verdict;
  for (size_t i = 0; i < count(); ++i) {
    if (!output(i))
      continue;
    verdict.outputs.push_back(judgeOutput(i));
    verdict.passed &= verdict.outputs.back().passed;
  }
  return verdict;
}

void Judge::layOutRows() {
  for (size_t i = 0; i < count(); ++i) {
    layouts.emplace_back(request.shapes[i], function.results[i].judge.rowDims);
    if (output(i))
      rows = std::max(rows, layouts[i].rows());
  }
  poison.assign(count(), -1);
}

/// Also for what is not judged: a call fills all results that it can.
Status Judge::createExpected() {
  for (const Shape &shape : request.shapes)
    for (std::vector<HostTensor> *list : {&reference, &baseline}) {
      Expected<HostTensor> tensor = HostTensor::create(ElementType::F64, shape);
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
  choice.rowsPerTile = request.rowsPerTile;
  choice.seed = request.seed;
  for (size_t i = 0; i < count(); ++i) {
    if (!output(i) || layouts[i].rows() == 0)
      continue;
    choice.edges = edgesOf(i);
    choice.rows = layouts[i].rows();
    choice.lastExtent = layouts[i].lastExtent();
    std::vector<int64_t> rowsOfOutput = sampleRows(choice, kSampledRows);
    sample.insert(rowsOfOutput.begin(), rowsOfOutput.end());
  }
  return {sample.begin(), sample.end()};
}

std::vector<int64_t> Judge::edgesOf(size_t result) const {
  std::vector<int64_t> edges;
  for (const LinearIndex &edge : function.results[result].judge.edges) {
    int64_t row = edge.constant;
    for (const LinearIndex::Term &term : edge.terms)
      row += term.coefficient * request.args[term.arg]->shape[term.dim];
    edges.push_back(row);
  }
  return edges;
}

/// Scans the outputs and adds the rows whose values only the reference can say
/// to be right. Of very many it takes some evenly.
void Judge::addNonFiniteRows(std::vector<int64_t> &sample) {
  std::vector<int64_t> found;
  std::mutex mutex;
  for (size_t i = 0; i < count(); ++i) {
    if (!output(i))
      continue;
    std::vector<RowRange> parts = toRanges(layouts[i].rows(), 1024);
    parallelFor(static_cast<int64_t>(parts.size()), [&](int64_t part) {
      Scan scan = scanRows(*output(i), layouts[i], parts[part]);
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

void Judge::addCall(const RowFunction &rows, const std::string &symbol,
                    bool isReference) {
  for (const Call &call : calls)
    if (call.isReference == isReference && *call.symbol == symbol)
      return;
  calls.push_back({&rows, &symbol, isReference});
}

void Judge::listCalls() {
  for (size_t i = 0; i < count(); ++i) {
    if (!output(i))
      continue;
    const ResultJudge &names = function.results[i].judge;
    addCall(request.judges[i].reference, names.reference, true);
    addCall(request.judges[i].baseline, names.baseline, false);
  }
}

Status Judge::compute() {
  TensorViews references(reference), baselines(baseline);
  Status failure;
  std::mutex mutex;
  std::atomic<bool> failed{false};
  auto tasks = static_cast<int64_t>(ranges.size() * calls.size());
  parallelFor(tasks, [&](int64_t task) {
    if (failed)
      return;
    const Call &call = calls[task % calls.size()];
    RowRange range = ranges[task / calls.size()];
    TensorViews &results = call.isReference ? references : baselines;
    int code = (*call.function)(request.args.data(), results.pointers().data(),
                                range.begin, range.end);
    if (code == ATTNRT_OK)
      return;
    // The text belongs to this thread.
    std::lock_guard<std::mutex> lock(mutex);
    failed = true;
    failure = Status(static_cast<Code>(code),
                     std::string(call.isReference ? "reference" : "baseline") +
                         ": " + attnrtLastError());
  });
  return failure;
}

/// What misses the rule is not wrong where sums over an argument may overflow.
void Judge::excuse(OutputVerdict &verdict) const {
  size_t arguments = std::min(request.args.size(), function.args.size());
  for (size_t i = 0; i < arguments && !verdict.isOutside; ++i)
    if (auto why =
            whySumsMayOverflow(function.args[i].type, *request.args[i])) {
      verdict.isOutside = true;
      verdict.reason += "; argument " + std::to_string(i) + " " + *why;
    }
}

OutputVerdict Judge::judgeOutput(size_t i) const {
  Comparison comparison{*output(i), reference[i], baseline[i]};
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
      judge(comparison, total, function.results[i].judge.chain);
  if (!verdict.passed && total.poison < 0)
    excuse(verdict);
  verdict.index = static_cast<int>(i);
  verdict.rowsJudged = rowsJudged;
  verdict.rowsTotal = layouts[i].rows();
  return verdict;
}
