//===- MlirInput.cpp - MLIR through the stages ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MlirInput.h"

#include "Input.h"
#include "attn/InitAll.h"
#include "attn/Package/Passes.h"
#include "attn/Pipeline/Pipelines.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace {
/// Keeps the first line of the first error, which is the tools' `error:` line.
class FirstError : public ScopedDiagnosticHandler {
public:
  explicit FirstError(MLIRContext *context) : ScopedDiagnosticHandler(context) {
    setHandler([this](Diagnostic &diagnostic) {
      bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
      if (isError && text.empty())
        text = StringRef(diagnostic.str()).split('\n').first.str();
      return success();
    });
  }
  attnrt::Status status() const { return attnrt::Status::badInput(text); }

private:
  std::string text;
};
} // namespace

static LogicalResult runStages(ModuleOp module) {
  PassManager manager(module.getContext());
  attn::buildAttnToTilePipeline(manager, {});
  attn::buildTileToNVVMPipeline(manager);
  manager.addPass(attn::createBuildEntries());
  return manager.run(module);
}

attnrt::Status attn::fuzz::digestMlir(std::string_view input) {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  attn::registerAllDialects(registry);
  auto text = attncompile::toSafeText(
      llvm::MemoryBuffer::getMemBufferCopy(
          StringRef(input.data(), input.size()), "input"),
      registry);
  if (!text)
    return attnrt::Status::badInput(llvm::toString(text.takeError()));
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  FirstError error(&context);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*text), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module || failed(runStages(*module)))
    return error.status();
  return attnrt::Status::ok();
}
