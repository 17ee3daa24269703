//===- KernelAssembler.h - From LLVM IR to PTX to machine code --*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_KERNELASSEMBLER_H
#define ATTN_PACKAGE_KERNELASSEMBLER_H

#include "attn/Package/TemporaryFile.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Program.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// Globals of the package's module: PTX text with a terminating zero, and
/// machine code.
inline constexpr char kPtxSymbol[] = "attnpkg.ptx";
inline constexpr char kCubinSymbol[] = "attnpkg.cubin";

/// PTX text of a `gpu.module` in the `llvm` and `nvvm` dialects.
mlir::FailureOr<std::string> emitPtx(mlir::gpu::GPUModuleOp kernels);

/// The resources that ptxas reports for one kernel.
struct KernelResources {
  int64_t registers = 0;
  int64_t spillBytes = 0;            // stores and loads
  std::vector<std::string> warnings; // and remarks with a code
};

struct AssembledKernels {
  std::string cubin;
  llvm::StringMap<KernelResources> resources; // by kernel
};

/// Path of ptxas: $ATTN_PTXAS, else that of PATH, else that of the CUDA
/// toolkit's usual place. An empty $ATTN_PTXAS means that there is none.
std::optional<std::string> findPtxas();

/// ptxas at work, in a process of its own.
class PtxasRun {
public:
  /// Null, with an error at `loc`, where it cannot be started.
  static std::unique_ptr<PtxasRun> start(mlir::Location loc,
                                         llvm::StringRef chip,
                                         llvm::StringRef ptx,
                                         llvm::StringRef ptxas);
  /// Waits for the end of a run that nobody asked the result of.
  ~PtxasRun();

  /// What it made of `ptx`, which start() was given; its complaint is an error
  /// at `loc`.
  mlir::FailureOr<AssembledKernels> finish(mlir::Location loc,
                                           llvm::StringRef ptx);

private:
  PtxasRun() = default;
  TemporaryFile source, cubin, log;
  llvm::sys::ProcessInfo process;
};

/// Reads the output of `ptxas -v`.
llvm::StringMap<KernelResources> parsePtxasLog(llvm::StringRef log);

} // namespace attn

#endif // ATTN_PACKAGE_KERNELASSEMBLER_H
