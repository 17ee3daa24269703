//===- Verify.h - The judge -------------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides whether outputs are right. With e = max |out - reference|,
// e0 = max |baseline - reference| and m = max |reference| over an output:
//
//   16-bit   e <= 2 e0 + ulp(m)
//   f32      e <= 2 e0 + ulp(m) + 2^-23 K max(1, m)
//
// with K the number of chained MMA k-steps, since tensor cores round toward
// zero, or of roundings of an angle; 2^-126, below which f32 operations flush,
// is added to each tolerance.
// Infinities and NaN must stand in the same places, and nothing may be
// left of the poison that outputs are filled with before a run.
//
// Above 2 GFLOP only a sample of rows is judged, and the whole output scanned
// for poison and for non-finite values; rows with such values are judged, too.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_VERIFY_H
#define ATTNRT_VERIFY_H

#include "attnrt/HostTensor.h"
#include "attnrt/Package.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attnrt {

/// What every byte of an output holds before a run: as any of the
/// floating-point types a NaN, with a sign that no GPU instruction gives one.
inline constexpr uint8_t kPoisonByte = 0xff;

/// FLOP above which rows are sampled, and how many at least.
inline constexpr double kSampleAboveFlops = 2e9;
inline constexpr int64_t kSampledRows = 256;

/// As AttnrtRows. Called from several threads at once, for rows apart.
using RowFunction =
    std::function<int(DLTensor *const *args, DLTensor *const *results,
                      int64_t rowBegin, int64_t rowEnd)>;

struct OutputVerdict {
  int index = 0;
  bool passed = true;
  /// Not passed, and not wrong either: f32 may overflow on the way to the
  /// value.
  bool isOutside = false;
  /// Empty when passed; else one line.
  std::string reason;
  /// Absent where there was nothing finite to compare.
  std::optional<double> maxAbsError, baselineMaxAbsError, tolerance;
  /// Of the largest error, or of the value that must not be there.
  std::optional<Shape> worstIndex;
  int64_t rowsJudged = 0, rowsTotal = 0;
};

struct Verdict {
  bool passed = true;
  bool isWrong() const {
    for (const OutputVerdict &output : outputs)
      if (!output.passed && !output.isOutside)
        return true;
    return false;
  }
  std::vector<OutputVerdict> outputs;
};

/// What computes the rows of a result.
struct RowFunctions {
  RowFunction reference, baseline;
};

struct JudgeRequest {
  const FunctionDescription *function = nullptr;
  /// By result. Results whose judges have the same symbols are computed by one
  /// call, that of the first.
  std::vector<RowFunctions> judges;
  /// On the host, with any strides that the function takes.
  std::vector<DLTensor *> args;
  /// By result: its shape, and what is judged; null where nothing is.
  std::vector<Shape> shapes;
  std::vector<const HostTensor *> outputs;
  double flops = 0;
  /// Rows per tile of the kernels; edges of such tiles are among the sampled
  /// rows.
  std::vector<int64_t> rowsPerTile;
  uint64_t seed = 0;
};

/// A failure is of the judge (the reference failed, no memory), not a verdict.
/// The verdict has an entry for each output that is not null.
Expected<Verdict> verify(const JudgeRequest &request);

/// FLOP of a function for arguments of these shapes; their data is not read.
Expected<double> countFlops(const Function &function,
                            const std::vector<DLTensor *> &args);

/// The shapes of a function's results for arguments of these shapes, by the
/// package's own rules.
Expected<std::vector<Shape>> resultShapes(const Function &function,
                                          const std::vector<DLTensor *> &args);

/// The request to judge `outputs` of a function of a package.
Expected<JudgeRequest> judgeRequest(const Function &function,
                                    std::vector<DLTensor *> args,
                                    std::vector<const HostTensor *> outputs);

} // namespace attnrt

#endif // ATTNRT_VERIFY_H
