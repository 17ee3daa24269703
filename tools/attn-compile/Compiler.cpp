//===- Compiler.cpp - The stages of attn-compile --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Compiler.h"

#include "attn/Package/KernelAssembler.h"
#include "attn/Package/Passes.h"
#include "attn/Pipeline/Pipelines.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <chrono>

using namespace mlir;
using namespace attn;
namespace json = llvm::json;

namespace attncompile {

LogicalResult Compiler::timed(StringRef name,
                              function_ref<LogicalResult()> work) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  LogicalResult result = work();
  seconds[name] = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

LogicalResult Compiler::runStage(StringRef name,
                                 function_ref<void(OpPassManager &)> build) {
  return timed(name, [&] {
    PassManager manager(module.getContext());
    if (!line.dumpDirectory.empty())
      manager.addInstrumentation(
          createPassDumper(line.dumpDirectory, passesDumped));
    build(manager);
    return manager.run(module);
  });
}

std::string Compiler::printed() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << module << '\n';
  return text;
}

/// The bytes that package-assemble-kernels embedded under `name`.
static std::string embedded(ModuleOp module, StringRef name) {
  auto global = module.lookupSymbol<LLVM::GlobalOp>(name);
  if (!global)
    return "";
  return cast<StringAttr>(global.getValueOrNull()).getValue().str();
}

LogicalResult Compiler::buildEntries() {
  BuildEntriesOptions options;
  options.needsFunctions = line.emit == Emit::Package;
  return runStage("entries", [&](OpPassManager &manager) {
    manager.addPass(createBuildEntries(options));
  });
}

/// The last stage: LLVM makes of the module what is asked for.
FailureOr<std::string> Compiler::emitCode(HostOutput output) {
  std::string code;
  if (failed(timed("object", [&]() -> LogicalResult {
        FailureOr<std::string> emitted =
            emitHostCode(module, description, output);
        if (failed(emitted))
          return failure();
        code = std::move(*emitted);
        return success();
      })))
    return failure();
  return code;
}

FailureOr<std::string> Compiler::compileForGpu() {
  if (failed(runStage("tile_to_nvvm", [](OpPassManager &manager) {
        buildTileToNVVMPipeline(manager);
      })))
    return failure();
  if (line.emit == Emit::NVVM)
    return printed();

  if (failed(buildEntries()))
    return failure();
  AssembleKernelsOptions assembling;
  assembling.cubin = line.emit != Emit::Ptx;
  if (failed(runStage("kernels", [&](OpPassManager &manager) {
        manager.addPass(createAssembleKernels(assembling));
      })))
    return failure();
  description = describePackage(module);
  if (line.emit == Emit::Ptx) {
    std::string ptx = embedded(module, kPtxSymbol);
    ptx.pop_back(); // its terminating zero
    return ptx;
  }
  if (line.emit == Emit::Cubin)
    return embedded(module, kCubinSymbol);
  if (failed(runStage("host", buildHostPipeline)))
    return failure();
  return emitCode(HostOutput::Object);
}

FailureOr<std::string> Compiler::compileForProcessor() {
  if (failed(runStage("tile_to_vector", [](OpPassManager &manager) {
        buildTileToVectorPipeline(manager);
      })))
    return failure();
  if (line.emit == Emit::Vector)
    return printed();

  if (failed(buildEntries()))
    return failure();
  description = describePackage(module);
  if (failed(runStage("host", [](OpPassManager &manager) {
        buildHostPipeline(manager);
        manager.addPass(createListHostCode());
      })))
    return failure();
  return emitCode(line.emit == Emit::LLVMIR     ? HostOutput::LLVMIR
                  : line.emit == Emit::Assembly ? HostOutput::Assembly
                                                : HostOutput::Object);
}

FailureOr<std::string> Compiler::compile() {
  AttnToTileOptions options;
  options.target = line.target;
  options.schedule = line.schedule;
  if (failed(runStage("attn_to_tile", [&](OpPassManager &manager) {
        buildAttnToTilePipeline(manager, options);
      })))
    return failure();
  if (line.emit == Emit::Tile)
    return printed();
  return lookupTarget(line.target)->isProcessor() ? compileForProcessor()
                                                  : compileForGpu();
}

json::Object Compiler::report() {
  json::Array kernels;
  if (json::Array *described = description.getArray("kernels"))
    for (json::Value &kernel : *described) {
      json::Object entry = *kernel.getAsObject();
      // As the run record has it, which knows the grid besides.
      entry["grid"] = nullptr;
      json::Value schedule = *entry.getObject("schedule")->get("text");
      entry["schedule"] = std::move(schedule);
      entry.erase("rows_per_tile");
      kernels.push_back(std::move(entry));
    }
  return json::Object{{"kernels", std::move(kernels)},
                      {"compile_seconds", json::Object(seconds)}};
}

} // namespace attncompile
