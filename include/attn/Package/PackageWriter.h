//===- PackageWriter.h - From a module to a package -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_PACKAGEWRITER_H
#define ATTN_PACKAGE_PACKAGEWRITER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>

namespace attn {

/// Describes the package's functions and kernels; see attnrt/PackageFormat.h.
llvm::json::Object describePackage(mlir::ModuleOp module);
/// Of a package that has the same functions for several kinds of processors.
llvm::json::Object mergeDescriptions(std::vector<llvm::json::Object> ofTargets);

enum class HostOutput {
  /// Position-independent machine code.
  Object,
  /// Text of the kernels alone, after LLVM has optimised them.
  Assembly,
  LLVMIR
};

/// What LLVM makes of a module in the `llvm` dialect. Several modules are the
/// same functions for several kinds of processors, the best first: entries call
/// those of the first kind that they run on. An object holds the description,
/// where one is given, in a section of its own.
mlir::FailureOr<std::string>
emitHostCode(llvm::ArrayRef<mlir::ModuleOp> modules, HostOutput output,
             const llvm::json::Object *description = nullptr);

/// Names the kernels for processors after their targets, so that those of
/// several modules can stand in one package.
void nameKernelsAfterTargets(mlir::ModuleOp module);

/// Path of the linker: $ATTN_LLD, else ld.lld-22 or ld.lld of PATH, else that
/// of the LLVM this was built with.
std::optional<std::string> findLinker();

/// Links objects to the shared object `path`, which appears whole or not at
/// all.
llvm::Error linkPackage(llvm::ArrayRef<std::string> objects,
                        llvm::StringRef path);

} // namespace attn

#endif // ATTN_PACKAGE_PACKAGEWRITER_H
