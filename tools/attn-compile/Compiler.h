//===- Compiler.h - The stages of attn-compile ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TOOLS_ATTN_COMPILE_COMPILER_H
#define ATTN_TOOLS_ATTN_COMPILE_COMPILER_H

#include "CommandLine.h"
#include "Remarks.h"

#include "attn/Package/KernelAssembly.h"
#include "attn/Package/PackageWriter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/JSON.h"

namespace attncompile {

/// Takes a module from its stage to the one that is asked for, and keeps the
/// time of each stage.
class Compiler {
public:
  Compiler(const CommandLine &line, mlir::ModuleOp module)
      : line(line), module(module) {
    if (line.reports)
      collectRemarks(*module.getContext(), remarks);
  }

  /// Text, a cubin, or the objects that a package is linked from.
  using Output = std::vector<std::string>;
  mlir::FailureOr<Output> compile();
  /// `{"kernels": […], "compile_seconds": {…}, "remarks": […]}`, after
  /// compile().
  llvm::json::Object report();
  /// Runs `work` as the stage `name`.
  mlir::LogicalResult timed(llvm::StringRef name,
                            llvm::function_ref<mlir::LogicalResult()> work);

private:
  mlir::LogicalResult
  runStage(llvm::StringRef name, mlir::ModuleOp module,
           llvm::function_ref<void(mlir::OpPassManager &)> build);
  mlir::LogicalResult differentiate();
  mlir::LogicalResult lowerToTiles(mlir::ModuleOp module,
                                   const attn::TargetDesc &target);
  mlir::FailureOr<Output> compileOnce(const attn::TargetDesc &target);
  mlir::FailureOr<Output> compileRelaxed(const attn::TargetDesc &target);
  mlir::LogicalResult lowerToVectors(mlir::ModuleOp module);
  mlir::LogicalResult buildEntries(mlir::ModuleOp module);
  mlir::FailureOr<llvm::json::Object>
  lowerToHost(mlir::ModuleOp module, const attn::TargetDesc &target);
  mlir::LogicalResult emitCode(llvm::ArrayRef<mlir::ModuleOp> modules,
                               attn::HostOutput output,
                               const llvm::json::Object *described,
                               Output &objects);
  mlir::LogicalResult emitData(const attn::KernelAssembly &assembly,
                               Output &objects);
  mlir::FailureOr<Output> compileForGpu();
  mlir::FailureOr<Output> assembleForGpu();
  mlir::FailureOr<Output> compileForProcessor(const attn::TargetDesc &target);
  mlir::FailureOr<Output> compileForProcessors();

  const CommandLine &line;
  mlir::ModuleOp module;
  llvm::json::Object description, seconds;
  llvm::json::Array remarks;
  unsigned passesDumped = 0;
  unsigned relaxed = 0; // how often schedules are, for lack of registers
};

/// Writes the module after each pass to numbered files of a directory.
std::unique_ptr<mlir::PassInstrumentation>
createPassDumper(llvm::StringRef directory, unsigned &count);

} // namespace attncompile

#endif // ATTN_TOOLS_ATTN_COMPILE_COMPILER_H
