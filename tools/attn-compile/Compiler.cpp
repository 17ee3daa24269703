//===- Compiler.cpp - The stages of attn-compile --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Compiler.h"

#include "attn/Package/Passes.h"
#include "attn/Pipeline/Pipelines.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

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
  double before = seconds.getNumber(name).value_or(0);
  seconds[name] =
      before + std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

/// The result of a stage is verified, not that of each of its passes, which
/// would take a fifth of the time; attn-opt verifies after each.
LogicalResult Compiler::runStage(StringRef name, ModuleOp module,
                                 function_ref<void(OpPassManager &)> build) {
  return timed(name, [&] {
    PassManager manager(module.getContext());
    manager.enableVerifier(false);
    if (!line.dumpDirectory.empty())
      manager.addInstrumentation(
          createPassDumper(line.dumpDirectory, passesDumped));
    build(manager);
    return success(succeeded(manager.run(module)) && succeeded(verify(module)));
  });
}

static std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << module << '\n';
  return text;
}

LogicalResult Compiler::buildEntries(ModuleOp module) {
  BuildEntriesOptions options;
  options.needsFunctions = line.emit == Emit::Package;
  return runStage("entries", module, [&](OpPassManager &manager) {
    manager.addPass(createBuildEntries(options));
  });
}

/// The last stage: LLVM makes of the modules what is asked for.
LogicalResult Compiler::emitCode(ArrayRef<ModuleOp> modules, HostOutput output,
                                 const json::Object *described,
                                 Output &objects) {
  return timed("object", [&]() -> LogicalResult {
    FailureOr<std::string> emitted = emitHostCode(modules, output, described);
    if (failed(emitted))
      return failure();
    objects.push_back(std::move(*emitted));
    return success();
  });
}

/// What is known when ptxas is done: kernels, and the package's description.
LogicalResult Compiler::emitData(const KernelAssembly &assembly,
                                 Output &objects) {
  OwningOpRef<ModuleOp> data = ModuleOp::create(module.getLoc());
  assembly.embed(*data);
  return emitCode(*data, HostOutput::Object, &description, objects);
}

/// While ptxas runs, LLVM compiles the host's code.
FailureOr<Compiler::Output> Compiler::assembleForGpu() {
  KernelAssembly assembly;
  if (failed(timed("kernels", [&] {
        return assembly.start(module, line.emit != Emit::Ptx);
      })))
    return failure();
  Output objects;
  if (line.emit == Emit::Package &&
      (failed(runStage("host", module,
                       [](OpPassManager &manager) {
                         buildHostPipeline(manager, /*target=*/nullptr);
                       })) ||
       failed(emitCode(module, HostOutput::Object, /*described=*/nullptr,
                       objects))))
    return failure();
  if (failed(timed("kernels", [&] { return assembly.finish(module); })))
    return failure();
  description = describePackage(module);
  if (line.emit == Emit::Ptx)
    return Output{assembly.getPtx().str()};
  if (line.emit == Emit::Cubin)
    return Output{assembly.getCubin().str()};
  if (failed(emitData(assembly, objects)))
    return failure();
  return objects;
}

FailureOr<Compiler::Output> Compiler::compileForGpu() {
  if (failed(runStage("tile_to_nvvm", module, [](OpPassManager &manager) {
        buildTileToNVVMPipeline(manager);
      })))
    return failure();
  if (line.emit == Emit::NVVM)
    return Output{printed(module)};
  if (failed(buildEntries(module)))
    return failure();
  return assembleForGpu();
}

LogicalResult Compiler::lowerToTiles(ModuleOp module,
                                     const TargetDesc &target) {
  AttnToTileOptions options;
  options.target = target.name.str();
  options.schedule = line.schedule;
  options.relaxed = relaxed;
  options.numerics = line.numerics;
  return runStage("attn_to_tile", module, [&](OpPassManager &manager) {
    buildAttnToTilePipeline(manager, options);
  });
}

LogicalResult Compiler::lowerToVectors(ModuleOp module) {
  return runStage("tile_to_vector", module, [](OpPassManager &manager) {
    buildTileToVectorPipeline(manager);
  });
}

/// From tiles to code that LLVM takes, and what the package says of it.
FailureOr<json::Object> Compiler::lowerToHost(ModuleOp module,
                                              const TargetDesc &target) {
  if (failed(buildEntries(module)))
    return failure();
  json::Object described = describePackage(module);
  if (failed(runStage("host", module, [&](OpPassManager &manager) {
        buildHostPipeline(manager, &target);
        manager.addPass(createListHostCode());
      })))
    return failure();
  return described;
}

FailureOr<Compiler::Output>
Compiler::compileForProcessor(const TargetDesc &target) {
  if (failed(lowerToVectors(module)))
    return failure();
  if (line.emit == Emit::Vector)
    return Output{printed(module)};
  FailureOr<json::Object> described = lowerToHost(module, target);
  if (failed(described))
    return failure();
  description = std::move(*described);
  HostOutput output = line.emit == Emit::LLVMIR     ? HostOutput::LLVMIR
                      : line.emit == Emit::Assembly ? HostOutput::Assembly
                                                    : HostOutput::Object;
  Output objects;
  if (failed(emitCode(module, output, &description, objects)))
    return failure();
  return objects;
}

/// Each target has its own schedules and its own kernels, named after it.
FailureOr<Compiler::Output> Compiler::compileForProcessors() {
  std::vector<OwningOpRef<ModuleOp>> owned;
  std::vector<ModuleOp> modules;
  std::vector<json::Object> descriptions;
  for (const TargetDesc *target : line.targets) {
    ModuleOp copy = *owned.emplace_back(module.clone());
    if (failed(lowerToTiles(copy, *target)) || failed(lowerToVectors(copy)))
      return failure();
    nameKernelsAfterTargets(copy);
    FailureOr<json::Object> described = lowerToHost(copy, *target);
    if (failed(described))
      return failure();
    descriptions.push_back(std::move(*described));
    modules.push_back(copy);
  }
  description = mergeDescriptions(std::move(descriptions));
  Output objects;
  if (failed(emitCode(modules, HostOutput::Object, &description, objects)))
    return failure();
  return objects;
}

namespace {

/// Keeps what is reported back until it is known whether it matters.
class HeldDiagnostics : public ScopedDiagnosticHandler {
public:
  explicit HeldDiagnostics(MLIRContext *context)
      : ScopedDiagnosticHandler(context) {
    setHandler([this](Diagnostic &diagnostic) {
      held.push_back(std::move(diagnostic));
      return success();
    });
  }
  std::vector<Diagnostic> held;
};

} // namespace

FailureOr<Compiler::Output> Compiler::compileOnce(const TargetDesc &target) {
  if (failed(lowerToTiles(module, target)))
    return failure();
  if (line.emit == Emit::Tile)
    return Output{printed(module)};
  return target.isProcessor() ? compileForProcessor(target) : compileForGpu();
}

/// Whether a kernel spills is known when ptxas has assembled it. What the
/// schedule table gave is then relaxed; what the user chose is not.
FailureOr<Compiler::Output> Compiler::compileRelaxed(const TargetDesc &target) {
  constexpr unsigned kMostRelaxed = 2;
  OwningOpRef<ModuleOp> original = module.clone();
  while (true) {
    std::vector<Diagnostic> reports;
    FailureOr<Output> code;
    {
      HeldDiagnostics held(module.getContext());
      code = compileOnce(target);
      reports = std::move(held.held);
    }
    bool spills = failed(code) && takeSpills(module);
    if (!spills || relaxed == kMostRelaxed) {
      for (Diagnostic &report : reports)
        module.getContext()->getDiagEngine().emit(std::move(report));
      return code;
    }
    ++relaxed;
    OwningOpRef<ModuleOp> again = original->clone();
    module.getBodyRegion().takeBody(again->getBodyRegion());
  }
}

/// Gradients take the place of their functions, which remain where something
/// else refers to them.
LogicalResult Compiler::differentiate() {
  bool isSaved = line.vjp == Vjp::FromSaved;
  if (failed(runStage("differentiate", module, [&](OpPassManager &manager) {
        buildGradientPipeline(manager, isSaved);
      })))
    return failure();
  SymbolTable symbols(module);
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    bool isReplaced = symbols.lookup((function.getSymName() + "_vjp").str());
    if (isReplaced && SymbolTable::symbolKnownUseEmpty(function, module))
      symbols.erase(function);
  }
  return success();
}

FailureOr<Compiler::Output> Compiler::compile() {
  const TargetDesc &target = *line.targets.front();
  if (line.vjp != Vjp::None && failed(differentiate()))
    return failure();
  if (failed(checkKernelTargets(module, target)))
    return failure();
  if (line.targets.size() > 1)
    return compileForProcessors();
  bool mayRelax = !target.isProcessor() && !line.mustNotRelax &&
                  !StringRef(line.schedule).contains("kv=");
  return mayRelax ? compileRelaxed(target) : compileOnce(target);
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
                      {"compile_seconds", json::Object(seconds)},
                      {"remarks", json::Array(remarks)}};
}

} // namespace attncompile
