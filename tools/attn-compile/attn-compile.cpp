//===- attn-compile.cpp - From MLIR to a package --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn-compile IN.mlir [-o OUT] [--target=sm_80]
//   [--emit=so|cubin|ptx|nvvm|tile]
//                [--schedule=q=128,…] [--report=json] [--dump-after-each=DIR]
//
// Exit status: 0 done, 2 the input cannot be used, 3 a tool or resource is
// missing. One line `error: …` on stderr; nothing is written unless all is
// well.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "Compiler.h"
#include "Input.h"

#include "attn/InitAll.h"
#include "attn/Package/KernelAssembler.h"
#include "attn/Package/PackageWriter.h"
#include "attn/Target/TargetRegistry.h"
#include "attnrt/Device.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace attncompile;

namespace {

constexpr int kOk = 0, kBadInput = 2, kMissingResource = 3;

/// Lets one error through, with its notes.
class FirstErrorOnly : public ScopedDiagnosticHandler {
public:
  explicit FirstErrorOnly(MLIRContext *context)
      : ScopedDiagnosticHandler(context) {
    setHandler([this](Diagnostic &diagnostic) -> LogicalResult {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return failure();
      bool isFirst = !hasError;
      hasError = true;
      return success(!isFirst);
    });
  }
  bool hasError = false;
};

} // namespace

static int fail(int status, const Twine &message) {
  llvm::errs() << "error: " << message << '\n';
  return status;
}

/// The chip to compile for: as asked, else what the GPU present runs best.
static std::string resolveTarget(const std::string &asked) {
  if (!asked.empty())
    return asked;
  if (auto device = attnrt::openDevice("cuda")) {
    const attnrt::DeviceInfo &info = (*device)->info();
    if (const auto *target =
            attn::bestTargetFor(info.computeMajor, info.computeMinor))
      return target->name.str();
  }
  return attn::defaultTarget().name.str();
}

/// Empty for standard output.
static std::string outputPath(const CommandLine &line) {
  if (line.output == "-")
    return "";
  if (!line.output.empty())
    return line.output;
  bool isText = line.emit != Emit::Package && line.emit != Emit::Cubin;
  if (isText && !line.reports)
    return "";
  StringRef stem =
      line.input == "-" ? "attention" : llvm::sys::path::stem(line.input);
  return (stem + "." + nameOf(line.emit)).str();
}

/// Fills line.targets.
static int findTargets(CommandLine &line) {
  SmallVector<StringRef> names;
  StringRef(line.target).split(names, ',');
  for (StringRef name : names) {
    const attn::TargetDesc *target = attn::lookupTarget(name);
    if (!target)
      return fail(kBadInput, "unknown target '" + name + "'; known are " +
                                 attn::knownTargetNames());
    if (llvm::is_contained(line.targets, target))
      return fail(kBadInput, "--target: '" + name + "' is given twice");
    line.targets.push_back(target);
  }
  return kOk;
}

/// Several targets are processors of one architecture, and go into a package.
static int checkSeveral(CommandLine &line) {
  if (line.targets.size() == 1)
    return kOk;
  const attn::TargetDesc &first = *line.targets.front();
  for (const attn::TargetDesc *target : line.targets)
    if (!target->isProcessor() || !first.isProcessor() ||
        target->processor->triple != first.processor->triple)
      return fail(kBadInput,
                  "--target: expected processors of one architecture, got '" +
                      line.target + "'");
  if (line.emit != Emit::Package)
    return fail(kBadInput, Twine("--emit=") + nameOf(line.emit) +
                               " takes one target, got '" + line.target + "'");
  // What asks for more is better where it runs.
  llvm::sort(line.targets, [](const auto *a, const auto *b) {
    return a->processor->required.size() > b->processor->required.size();
  });
  return kOk;
}

/// Each kind of target has its own stages.
static int checkEmit(const CommandLine &line) {
  bool isOfGpus = line.emit == Emit::Ptx || line.emit == Emit::Cubin ||
                  line.emit == Emit::NVVM;
  bool isOfProcessors = line.emit == Emit::Vector ||
                        line.emit == Emit::LLVMIR ||
                        line.emit == Emit::Assembly;
  bool isProcessor = line.targets.front()->isProcessor();
  if (isProcessor ? !isOfGpus : !isOfProcessors)
    return kOk;
  return fail(kBadInput, Twine("--emit=") + nameOf(line.emit) + " is for " +
                             (isProcessor ? "GPUs" : "processors") +
                             ", and target '" + line.target + "' is a " +
                             (isProcessor ? "processor" : "GPU"));
}

static int checkTools(const CommandLine &line) {
  if (line.emit == Emit::Cubin && !attn::findPtxas())
    return fail(kMissingResource, "--emit=cubin needs ptxas, and there is none "
                                  "in PATH or /usr/local/cuda/bin");
  if (line.emit == Emit::Package && !attn::findLinker())
    return fail(kMissingResource, "a package needs ld.lld, and there is none "
                                  "in PATH");
  return kOk;
}

static int writeResult(const CommandLine &line, Compiler &compiler,
                       ArrayRef<std::string> output) {
  std::string path = outputPath(line);
  if (line.emit == Emit::Package) {
    if (path.empty())
      return fail(kBadInput, "a package cannot go to standard output");
    std::string message;
    if (failed(compiler.timed("link", [&] {
          llvm::Error error = attn::linkPackage(output, path);
          message = llvm::toString(std::move(error));
          return success(message.empty());
        })))
      return fail(kBadInput, message);
    return kOk;
  }
  if (path.empty()) {
    llvm::outs() << output.front();
    return kOk;
  }
  if (auto error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
        stream << output.front();
        return llvm::Error::success();
      }))
    return fail(kBadInput, "cannot write `" + path +
                               "`: " + llvm::toString(std::move(error)));
  return kOk;
}

static int compileModule(const CommandLine &line, ModuleOp module) {
  Compiler compiler(line, module);
  FailureOr<Compiler::Output> output = compiler.compile();
  if (failed(output))
    return kBadInput;
  if (int status = writeResult(line, compiler, *output))
    return status;
  if (line.reports)
    llvm::outs() << llvm::json::Value(compiler.report()) << '\n';
  return kOk;
}

/// Whether there is anything to compile: attention, or what it becomes.
static bool hasWork(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        StringRef dialect = op->getName().getDialectNamespace();
        bool isWork =
            dialect == "attn" || dialect == "tile" || dialect == "gpu";
        return isWork ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

static int run(const CommandLine &line) {
  std::string message;
  auto file = openInputFile(line.input, &message);
  if (!file)
    return fail(kBadInput, message);
  DialectRegistry registry;
  // Anything may stand around attention.
  mlir::registerAllDialects(registry);
  attn::registerAllDialects(registry);
  auto text = toSafeText(std::move(file), registry);
  if (!text)
    return fail(kBadInput, "cannot read `" + line.input +
                               "`: " + llvm::toString(text.takeError()));
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*text), llvm::SMLoc());
  SourceMgrDiagnosticHandler printer(sources, &context);
  FirstErrorOnly filter(&context);

  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module) {
    if (!filter.hasError)
      return fail(kBadInput, "`" + line.input + "` could not be read");
    return kBadInput;
  }
  if (!hasWork(*module))
    return fail(kBadInput,
                "`" + line.input + "` has no function with an attn operation");
  return compileModule(line, *module);
}

int main(int argc, char **argv) {
  std::string error;
  std::optional<CommandLine> line = parseCommandLine(argc, argv, error);
  if (!error.empty())
    return fail(kBadInput, error);
  if (!line)
    return kOk;
  line->target = resolveTarget(line->target);
  for (auto check : {findTargets, checkSeveral})
    if (int status = check(*line))
      return status;
  if (int status = checkEmit(*line))
    return status;
  if (!line->dumpDirectory.empty())
    if (auto code = llvm::sys::fs::create_directories(line->dumpDirectory))
      return fail(kBadInput, "cannot make `" + line->dumpDirectory +
                                 "`: " + code.message());
  if (int status = checkTools(*line))
    return status;
  return run(*line);
}
