//===- HostCode.cpp - Machine code of a package ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/PackageWriter.h"

#include "AbiTypes.h"
#include "Kernels.h"
#include "TargetDispatch.h"

#include "attnrt/PackageFormat.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace mlir;
using namespace attn;
namespace json = llvm::json;

namespace {

/// From modules, one for each kind of processor, to what machines run.
class CodeWriter {
public:
  explicit CodeWriter(ArrayRef<ModuleOp> sources) : sources(sources) {}

  FailureOr<std::string> write(HostOutput output,
                               const json::Object *description);

private:
  void readNames();
  bool makeMachine();
  std::unique_ptr<llvm::Module> translate(ModuleOp source);
  LogicalResult translateAll();
  void useRow(llvm::Function &function, const ProcessorDesc &processor);
  void useRows(llvm::Module &module);
  void keepKernels();
  std::string printed() const;
  FailureOr<std::string> emitFile(llvm::CodeGenFileType type);

  ArrayRef<ModuleOp> sources;
  llvm::StringMap<const TargetDesc *> kernels; // by name
  std::vector<const TargetDesc *> targets;     // by module
  std::vector<std::string> entries;            // of each module
  std::unique_ptr<llvm::TargetMachine> machine;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
};

} // namespace

static void initializeTargets() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  // Both, since either compiles for the other.
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
}

/// What every function but the kernels may use. A package runs on other
/// machines than it is made on. Where its kernels are for GPUs, machines that
/// have one have more than the least of their architecture; where they are for
/// processors, the runtime must be able to refuse them.
static StringRef baseCpu(const llvm::Triple &triple, bool hasHostKernels) {
  if (triple.getArch() != llvm::Triple::x86_64)
    return "generic";
  return hasHostKernels ? "x86-64" : "x86-64-v3";
}

bool CodeWriter::makeMachine() {
  initializeTargets();
  llvm::Triple triple(kernels.empty()
                          ? llvm::sys::getDefaultTargetTriple()
                          : kernels.begin()->second->processor->triple.str());
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (target)
    machine.reset(target->createTargetMachine(
        triple, baseCpu(triple, !kernels.empty()), "", llvm::TargetOptions(),
        llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
  return machine != nullptr;
}

/// Code and tuning are those of the kernel's row.
void CodeWriter::useRow(llvm::Function &function,
                        const ProcessorDesc &processor) {
  function.addFnAttr("target-cpu", processor.cpu);
  if (!processor.features.empty())
    function.addFnAttr("target-features", processor.features);
  if (!processor.tuning.empty())
    function.addFnAttr("tune-cpu", processor.tuning);
  // Some rows' tuning would halve the vectors that kernels are written with.
  function.addFnAttr("prefer-vector-width", llvm::utostr(processor.vectorBits));
}

/// What a kernel calls is compiled as the kernel is: vectors are passed in the
/// registers of its row.
void CodeWriter::useRows(llvm::Module &module) {
  SmallVector<std::pair<llvm::Function *, const TargetDesc *>> open;
  for (const auto &kernel : kernels)
    open.emplace_back(module.getFunction(kernel.getKey()), kernel.second);
  llvm::SmallPtrSet<llvm::Function *, 8> seen;
  while (!open.empty()) {
    auto [function, target] = open.pop_back_val();
    if (!function || function->isDeclaration() || !seen.insert(function).second)
      continue;
    useRow(*function, *target->processor);
    for (llvm::Instruction &instruction : llvm::instructions(*function))
      if (auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction))
        open.emplace_back(call->getCalledFunction(), target);
  }
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && !seen.contains(&function))
      function.addFnAttr("target-cpu", machine->getTargetCPU());
}

void CodeWriter::readNames() {
  for (ModuleOp source : sources) {
    const TargetDesc *ofModule = nullptr;
    for (auto function : source.getOps<LLVM::LLVMFuncOp>()) {
      if (const TargetDesc *target = processorOf(function))
        ofModule = kernels[function.getSymName()] = target;
      if (source == sources.front() && function->hasAttr(abi::kFunctionAttr))
        entries.push_back(function.getSymName().str());
    }
    targets.push_back(ofModule);
  }
}

/// Only the C entries are visible outside.
static void hideInternals(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration() &&
        !function.getName().starts_with(attnrt::kSymbolPrefix))
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
}

/// Null where it cannot be.
std::unique_ptr<llvm::Module> CodeWriter::translate(ModuleOp source) {
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(source, context, "attn-package");
  if (!translated)
    return nullptr;
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  useRows(*translated);
  hideInternals(*translated);
  return translated;
}

LogicalResult CodeWriter::translateAll() {
  readNames();
  std::vector<TargetModule> modules;
  if (makeMachine())
    for (auto [source, target] : llvm::zip_equal(sources, targets))
      if (auto translated = translate(source))
        modules.push_back({target, std::move(translated)});
  if (modules.size() == sources.size())
    module = modules.size() == 1 ? std::move(modules.front().module)
                                 : mergeTargets(std::move(modules), entries);
  if (module)
    return success();
  return sources.front()->emitError(
      "host code could not be translated to LLVM IR");
}

static void addDescription(llvm::Module &module, const json::Object &object) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(json::Object(object));
  attnrt::PackageHeader header{attnrt::kPackageMagic, attnrt::kPackageSchema,
                               text.size(),
                               attnrt::fnv1a(text.data(), text.size())};
  std::string bytes(reinterpret_cast<const char *>(&header), sizeof(header));
  bytes += text;
  auto *data = llvm::ConstantDataArray::getString(module.getContext(), bytes,
                                                  /*AddNull=*/false);
  auto *global = new llvm::GlobalVariable(
      module, data->getType(), /*isConstant=*/true,
      llvm::GlobalValue::PrivateLinkage, data, "attnpkg.description");
  global->setSection(attnrt::kPackageSection);
  global->setAlignment(llvm::Align(alignof(attnrt::PackageHeader)));
  llvm::appendToUsed(module, {global});
}

/// Kernels for processors are written in vectors and blocks of registers,
/// behind MLIR's canonicalisation, and entries are calls: what more than O1
/// looks for takes a third of the time and finds nothing. Loops unrolled by
/// counts that only the run knows cost kernels a fifth of the time, too, and
/// make them no faster. The judge's loops gain from both vectors and that.
/// Called values are not followed: host code calls by name only, and LLVM takes
/// time for it that grows with the square of a function's arguments.
static void optimise(llvm::Module &module, llvm::TargetMachine &machine,
                     bool hasHostKernels) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopUnrolling = !hasHostKernels;
  tuning.SLPVectorization = tuning.LoopInterleaving = false;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [](StringRef pass, llvm::Any) {
        return pass != "CalledValuePropagationPass";
      });
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O1)
      .run(module, modules);
}

/// Leaves what kernels are made of.
void CodeWriter::keepKernels() {
  for (llvm::Function &function : *module)
    if (function.getName().starts_with(attnrt::kSymbolPrefix))
      function.deleteBody();
  for (const auto &kernel : kernels)
    if (llvm::Function *function = module->getFunction(kernel.getKey()))
      function->setLinkage(llvm::GlobalValue::ExternalLinkage);
  llvm::ModuleAnalysisManager none;
  llvm::GlobalDCEPass().run(*module, none);
}

std::string CodeWriter::printed() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << *module;
  return text;
}

FailureOr<std::string> CodeWriter::emitFile(llvm::CodeGenFileType type) {
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, stream, nullptr, type))
    return sources.front()->emitError("the host's target emits no objects");
  codegen.run(*module);
  return std::string(bytes.begin(), bytes.end());
}

FailureOr<std::string> CodeWriter::write(HostOutput output,
                                         const json::Object *description) {
  if (failed(translateAll()))
    return failure();
  if (output != HostOutput::Object)
    keepKernels();
  else if (description)
    addDescription(*module, *description);
  optimise(*module, *machine, !kernels.empty());
  switch (output) {
  case HostOutput::LLVMIR:
    return printed();
  case HostOutput::Assembly:
    return emitFile(llvm::CodeGenFileType::AssemblyFile);
  case HostOutput::Object:
    return emitFile(llvm::CodeGenFileType::ObjectFile);
  }
  llvm_unreachable("all outputs are handled");
}

FailureOr<std::string> attn::emitHostCode(ArrayRef<ModuleOp> modules,
                                          HostOutput output,
                                          const json::Object *description) {
  return CodeWriter(modules).write(output, description);
}
