//===- PassDumper.cpp - The IR after each pass ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Compiler.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace attncompile {
namespace {

class PassDumper : public PassInstrumentation {
public:
  PassDumper(StringRef directory, unsigned &count)
      : directory(directory.str()), count(count) {}

  void runAfterPass(Pass *pass, Operation *op) override;

private:
  std::string directory;
  unsigned &count;
};

} // namespace

/// NNN-pass.mlir, or NNN-pass-symbol.mlir where a pass runs on one symbol.
void PassDumper::runAfterPass(Pass *pass, Operation *op) {
  if (pass->getArgument().empty())
    return; // an adaptor that runs nested passes
  std::string name = llvm::formatv("{0,0+3}-{1}", ++count, pass->getArgument());
  if (auto symbol = dyn_cast<SymbolOpInterface>(op);
      symbol && op->getParentOp())
    name += ("-" + symbol.getName()).str();
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name + ".mlir");
  Operation *top = op;
  while (Operation *parent = top->getParentOp())
    top = parent;
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  if (!error)
    stream << *top << '\n';
}

std::unique_ptr<PassInstrumentation> createPassDumper(StringRef directory,
                                                      unsigned &count) {
  return std::make_unique<PassDumper>(directory, count);
}

} // namespace attncompile
