//===- Package.h - Compiled functions in a file -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Opens what attn-compile wrote; the format is in PackageFormat.h. A package is
// code: whoever opens it runs it. What protects is that the file is checked
// before it is loaded, so an accident (a truncated copy, another schema, junk)
// is an error with a message.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PACKAGE_H
#define ATTNRT_PACKAGE_H

#include "attnrt/Abi.h"
#include "attnrt/ElementType.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnrt {

/// Shape and type as the function declares them; -1 is a dynamic dimension.
struct TensorType {
  std::vector<int64_t> shape;
  ElementType type;
};

struct ArgumentType : TensorType {
  /// What the argument is to the operations that read it, e.g. "query".
  std::vector<std::string> roles;
};

/// A constant plus multiples of argument dimensions.
struct LinearIndex {
  struct Term {
    int arg, dim;
    int64_t coefficient;
  };
  int64_t constant = 0;
  std::vector<Term> terms;
};

/// How a result is judged. Results that name the same symbols are computed by
/// one call.
struct ResultJudge {
  std::string reference, baseline; // symbols
  /// The dimensions that count rows, the slowest first.
  std::vector<int> rowDims;
  /// Chained MMA k-steps behind a value.
  int64_t chain = 0;
  /// Places along the last of `rowDims` where what is computed changes.
  std::vector<LinearIndex> edges;
};

struct ResultType : TensorType {
  std::string role; // e.g. "output"
  ResultJudge judge;
};

/// Every performance choice of a kernel.
struct Schedule {
  std::string text;                                  // as --schedule takes it
  std::vector<std::pair<std::string, int64_t>> keys; // by name
};

struct KernelDescription {
  std::string name;
  uint32_t block[3];
  uint64_t sharedBytes = 0;
  /// Memory of each thread's own, where the code is for processors.
  std::optional<uint64_t> scratchBytes;
  /// Absent where no ptxas was at hand.
  std::optional<uint64_t> registers, spillBytes;
  std::vector<std::string> ptxasWarnings;
  /// Rows of a result that one tile has.
  int64_t rowsPerTile = 1;
  Schedule schedule;
};

struct FunctionDescription {
  std::string name;
  std::string gradientOf; // the function whose gradients it computes, or empty
  std::string entry, shapes, flops; // symbols
  std::vector<ArgumentType> args;
  std::vector<ResultType> results;
  std::vector<std::string> kernels;
};

/// What a processor must have to run code for a target.
struct HostTarget {
  std::string name; // "x86-64-v4"
  std::vector<std::string> features;
};

struct PackageDescription {
  std::string compiler, target;
  /// Where the code is for processors, the best first; else empty.
  std::vector<HostTarget> hostTargets;
  std::vector<FunctionDescription> functions;
  std::vector<KernelDescription> kernels;

  bool isForHost() const { return !hostTargets.empty(); }
  const KernelDescription *findKernel(std::string_view name) const;
};

/// A function that can be called.
struct Function {
  /// The functions that judge one result.
  struct Judge {
    AttnrtRows reference = nullptr, baseline = nullptr;
  };
  FunctionDescription description;
  AttnrtEntry entry = nullptr;
  AttnrtShapes shapes = nullptr;
  AttnrtFlops flops = nullptr;
  std::vector<Judge> judges; // by result
  /// Of the tiles of each of its kernels.
  std::vector<int64_t> rowsPerTile;
};

struct Package {
  PackageDescription description;
  std::vector<Function> functions;
};

/// Whether the file is meant as a package: an ELF file, or named `.so`.
bool looksLikePackage(const std::string &path);

/// Reads and checks the file without loading it. Failures are BadInput; for
/// another architecture, Device.
Expected<PackageDescription> readPackage(const std::string &path);

/// Checks, then loads. The code stays loaded until the process ends, since
/// devices keep views of its PTX.
Expected<Package> openPackage(const std::string &path);

} // namespace attnrt

#endif // ATTNRT_PACKAGE_H
