//===- KernelSignature.h - The named arguments of a kernel ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELSIGNATURE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELSIGNATURE_H

#include "FunctionLowering.h"
#include "Host/Grid.h"

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// Values by name; null where there is none.
template <typename NameT>
class NamedValues {
public:
  void set(NameT name, mlir::Value value) {
    assert(!(*this)[name] && "a name is given once");
    entries.emplace_back(name, value);
  }
  mlir::Value operator[](NameT name) const {
    for (auto &[entryName, value] : entries)
      if (entryName == name)
        return value;
    return {};
  }

private:
  llvm::SmallVector<std::pair<NameT, mlir::Value>, 16> entries;
};

/// Makes a kernel with an empty body whose block arguments take the operands,
/// and a launch of it. Use `KernelSignature`.
tile::KernelOp createKernel(FunctionLowering &lowering, mlir::Operation *op,
                            llvm::StringRef suffix,
                            tile::KernelSchedule schedule,
                            mlir::ValueRange inputs, mlir::ValueRange outputs);
tile::LaunchOp createLaunch(HostBuilder &b, tile::KernelOp kernel, Grid grid,
                            mlir::ValueRange inputs, mlir::ValueRange outputs);

/// The arguments of a kernel: for each its name, the host value that a launch
/// passes, and, in the kernel, the block argument. Only this class counts
/// arguments.
template <typename NameT>
class KernelSignature {
public:
  /// Null values are arguments that this kernel does not have.
  void addInput(NameT name, mlir::Value operand) {
    add(inputNames, inputs, name, operand);
  }
  /// A tensor that the kernel fills.
  void addOutput(NameT name, mlir::Value destination) {
    add(outputNames, outputs, name, destination);
  }

  tile::KernelOp createKernel(FunctionLowering &lowering, mlir::Operation *op,
                              llvm::StringRef suffix,
                              tile::KernelSchedule schedule) const {
    return attn::createKernel(lowering, op, suffix, schedule, inputs, outputs);
  }

  /// The block arguments of a kernel of this signature.
  NamedValues<NameT> bind(tile::KernelOp kernel) const {
    NamedValues<NameT> arguments;
    unsigned next = 0;
    for (const auto &names : {inputNames, outputNames})
      for (NameT name : names)
        arguments.set(name, kernel.getBody().getArgument(next++));
    return arguments;
  }

  /// Launches the kernel; the result has the filled tensors by the names of
  /// their destinations.
  NamedValues<NameT> launch(HostBuilder &b, tile::KernelOp kernel,
                            Grid grid) const {
    auto launch = attn::createLaunch(b, kernel, grid, inputs, outputs);
    NamedValues<NameT> results;
    for (auto [name, result] :
         llvm::zip_equal(outputNames, launch.getResults()))
      results.set(name, result);
    return results;
  }

private:
  using Names = llvm::SmallVector<NameT, 16>;
  using Values = llvm::SmallVector<mlir::Value, 16>;
  static void add(Names &names, Values &values, NameT name, mlir::Value value) {
    if (!value)
      return;
    names.push_back(name);
    values.push_back(value);
  }

  Names inputNames, outputNames;
  Values inputs, outputs;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELSIGNATURE_H
