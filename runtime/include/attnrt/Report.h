//===- Report.h - The run record and how it is shown ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_REPORT_H
#define ATTNRT_REPORT_H

#include "attnrt/Bench.h"
#include "attnrt/Device.h"
#include "attnrt/HostTensor.h"
#include "attnrt/Package.h"
#include "attnrt/Verify.h"

#include <cstdio>
#include <optional>

namespace attnrt {

/// Everything one run found out. What was not measured is absent, never 0.
struct RunRecord {
  struct Tensor {
    Shape shape;
    ElementType type;
    /// Of one i64, such as the seed of a dropout.
    std::optional<int64_t> number;
  };
  struct Kernel {
    KernelDescription description;
    /// As launched; absent where it was not.
    std::optional<LaunchShape> launch;
  };

  std::string function, target;
  std::string gradientOf; // see FunctionDescription
  DeviceInfo device;
  std::vector<Tensor> args, results;
  std::vector<Kernel> kernels;
  std::optional<Verdict> verify;
  std::optional<Timing> timing;
  uint64_t argumentBytes = 0, resultBytes = 0;
  /// All that a call needs beside its arguments and results.
  std::optional<uint64_t> workspaceBytes;
  std::optional<ExecutionReport> sim;
  /// What the device `host` used.
  struct Host {
    unsigned threads;
    uint64_t scratchBytes; // of all threads
  };
  std::optional<Host> host;
};

/// The record as JSON text: the contract of scripts and tests.
std::string toJson(const RunRecord &record);
/// The object `sim` of the same.
std::string toJson(const ExecutionReport &report);

/// A view of the same for people.
void print(std::FILE *to, const RunRecord &record);
void print(std::FILE *to, const ExecutionReport &report);
/// The first few of them, with their places.
void printHazards(std::FILE *to, const std::vector<Hazard> &hazards);

} // namespace attnrt

#endif // ATTNRT_REPORT_H
