//===- KernelAssembly.h - A package's kernels, in the making ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_KERNELASSEMBLY_H
#define ATTN_PACKAGE_KERNELASSEMBLY_H

#include "attn/Package/KernelAssembler.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attn {

/// The kernels of a package on their way to PTX and machine code. ptxas takes
/// the most time of a compilation, and runs while the caller does other things:
/// start, then finish, then embed.
class KernelAssembly {
public:
  /// Takes the `gpu.module` out of `package`, if there is one, and makes PTX of
  /// it. Starts ptxas where that is found and `machineCode` is wanted.
  mlir::LogicalResult start(mlir::ModuleOp package, bool machineCode);

  /// Waits for ptxas. Kernels that spill, or draw a performance warning, are
  /// errors; what ptxas said of the others is noted at their descriptors in
  /// `package`.
  mlir::LogicalResult finish(mlir::ModuleOp package);

  /// Defines the descriptor of the kernels' module, with PTX and machine code,
  /// in `module`. Nothing where there are no kernels.
  void embed(mlir::ModuleOp module) const;

  /// Without a terminating zero.
  llvm::StringRef getPtx() const { return ptx; }
  /// Empty without ptxas.
  llvm::StringRef getCubin() const { return cubin; }

private:
  mlir::LogicalResult record(mlir::ModuleOp package,
                             const AssembledKernels &assembled);

  mlir::OwningOpRef<mlir::gpu::GPUModuleOp> kernels;
  std::string ptx, cubin;
  std::unique_ptr<PtxasRun> ptxas;
};

} // namespace attn

#endif // ATTN_PACKAGE_KERNELASSEMBLY_H
