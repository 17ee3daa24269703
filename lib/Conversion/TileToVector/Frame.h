//===- Frame.h - The function that computes a CTA ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_FRAME_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_FRAME_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn::tile {

/// The function, its arguments as the kernel sees them, and the scratch memory
/// of a CTA.
class Frame {
public:
  Frame(KernelOp kernel, const ProcessorDesc &processor);

  /// Builds where the body goes on.
  mlir::ImplicitLocOpBuilder b;
  const ProcessorDesc &processor;

  mlir::func::FuncOp getFunction() { return function; }
  /// The kernel's arguments: memrefs and indices.
  llvm::ArrayRef<mlir::Value> getArguments() const { return arguments; }
  mlir::Value blockId(GridDim dim) { return loadFromCta(int(dim)); }
  mlir::Value gridDim(GridDim dim) { return loadFromCta(3 + int(dim)); }
  /// Memory of the CTA's own, row-major.
  mlir::Value allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// Ends the function; nothing may be allocated any more.
  void finish();

  mlir::Value index(int64_t value);
  mlir::VectorType vectorOf(mlir::Type element) const {
    return mlir::VectorType::get(processor.lanes(), element);
  }
  mlir::Value splat(float value);

private:
  mlir::Value loadFromCta(int word);
  mlir::Value loadParameter(mlir::Type type);
  mlir::Value unpackMemRef(mlir::MemRefType type);

  mlir::func::FuncOp function;
  mlir::Value cta, params, scratch; // scratch: memref<?xi8>
  llvm::SmallVector<mlir::Value> arguments;
  unsigned nextParameter = 0;
  int64_t scratchBytes = 0;
};

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_FRAME_H
