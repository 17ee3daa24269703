//===- PackageWriter.cpp - From a module to a package ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/PackageWriter.h"

#include "AbiTypes.h"
#include "attnrt/PackageFormat.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace mlir;
using namespace attn;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Description
//===----------------------------------------------------------------------===//

static json::Value toJson(Attribute attr) {
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attr))
    return integer.getInt();
  if (auto text = dyn_cast_or_null<StringAttr>(attr))
    return text.getValue().str();
  if (auto array = dyn_cast_or_null<ArrayAttr>(attr)) {
    json::Array values;
    for (Attribute element : array)
      values.push_back(toJson(element));
    return values;
  }
  if (auto dictionary = dyn_cast_or_null<DictionaryAttr>(attr)) {
    json::Object object;
    for (NamedAttribute entry : dictionary)
      object[entry.getName().str()] = toJson(entry.getValue());
    return object;
  }
  return nullptr;
}

static json::Object toObject(Attribute dictionary) {
  return std::move(*toJson(dictionary).getAsObject());
}

/// The type, beside what else is said of the argument or result.
static json::Object describeTensor(Type type, Attribute more) {
  auto tensor = cast<RankedTensorType>(type);
  json::Array shape;
  for (int64_t size : tensor.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? json::Value(nullptr)
                                                : json::Value(size));
  std::string element;
  llvm::raw_string_ostream(element) << tensor.getElementType();
  json::Object object = toObject(more);
  object["shape"] = std::move(shape);
  object["type"] = element;
  return object;
}

static json::Object describeFunction(LLVM::LLVMFuncOp entry,
                                     DictionaryAttr facts) {
  auto type = cast<FunctionType>(facts.getAs<TypeAttr>("type").getValue());
  std::string symbol = entry.getSymName().str();
  json::Array args, results;
  for (auto [argument, more] :
       llvm::zip_equal(type.getInputs(), facts.getAs<ArrayAttr>("args")))
    args.push_back(describeTensor(argument, more));
  for (auto [result, more] :
       llvm::zip_equal(type.getResults(), facts.getAs<ArrayAttr>("results"))) {
    json::Object object = describeTensor(result, more);
    json::Object &judge = *object.getObject("judge");
    judge["reference"] = symbol + attnrt::kReferenceSuffix;
    judge["baseline"] = symbol + attnrt::kBaselineSuffix;
    results.push_back(std::move(object));
  }
  return json::Object{{"name", toJson(facts.get("name"))},
                      {"entry", symbol},
                      {"shapes", symbol + attnrt::kShapesSuffix},
                      {"flops", symbol + attnrt::kFlopsSuffix},
                      {"args", std::move(args)},
                      {"results", std::move(results)},
                      {"kernels", toJson(facts.get("kernels"))}};
}

static json::Object describeKernel(DictionaryAttr facts) {
  auto warnings = facts.getAs<ArrayAttr>("ptxas_warnings");
  return json::Object{
      {"name", toJson(facts.get("name"))},
      {"block", json::Array{toJson(facts.get("threads")), 1, 1}},
      {"smem_bytes", toJson(facts.get("smem_bytes"))},
      {"registers", toJson(facts.get("registers"))},
      {"spill_bytes", toJson(facts.get("spill_bytes"))},
      {"ptxas_warnings", warnings ? toJson(warnings) : json::Array()},
      {"rows_per_tile", toJson(facts.get("rows_per_tile"))},
      {"schedule", toJson(facts.get("schedule"))}};
}

json::Object attn::describePackage(ModuleOp module) {
  json::Array functions, kernels;
  json::Value target = nullptr;
  for (auto entry : module.getOps<LLVM::LLVMFuncOp>())
    if (auto facts = entry->getAttrOfType<DictionaryAttr>(abi::kFunctionAttr))
      functions.push_back(describeFunction(entry, facts));
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (auto facts = global->getAttrOfType<DictionaryAttr>(abi::kKernelAttr)) {
      target = toJson(facts.get("target"));
      kernels.push_back(describeKernel(facts));
    }
  // Globals were put in front of one another.
  std::reverse(kernels.begin(), kernels.end());
  return json::Object{{"schema", attnrt::kPackageSchema},
                      {"compiler", "attn-mlir " ATTN_VERSION},
                      {"target", std::move(target)},
                      {"functions", std::move(functions)},
                      {"kernels", std::move(kernels)}};
}

//===----------------------------------------------------------------------===//
// Object
//===----------------------------------------------------------------------===//

/// A package runs on other machines than it is made on: a baseline that all
/// with a GPU have, not the features of this one.
static StringRef hostCpu(const llvm::Triple &triple) {
  return triple.getArch() == llvm::Triple::x86_64 ? "x86-64-v3" : "generic";
}

static std::unique_ptr<llvm::TargetMachine> makeHostMachine() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, hostCpu(triple), "", llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// Only the C entries are visible outside.
static void hideInternals(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration() &&
        !function.getName().starts_with(attnrt::kSymbolPrefix))
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
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

/// Called values are not followed: host code calls by name only, and LLVM
/// takes time for it that grows with the square of a function's arguments.
static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [](StringRef pass, llvm::Any) {
        return pass != "CalledValuePropagationPass";
      });
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, llvm::PipelineTuningOptions(),
                            std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

FailureOr<std::string> attn::emitHostObject(ModuleOp module,
                                            const json::Object &description) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "attn-package");
  std::unique_ptr<llvm::TargetMachine> machine = makeHostMachine();
  if (!llvmModule || !machine)
    return module.emitError("host code could not be translated to LLVM IR");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration())
      function.addFnAttr("target-cpu", machine->getTargetCPU());
  hideInternals(*llvmModule);
  addDescription(*llvmModule, description);
  optimise(*llvmModule, *machine);

  SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
    return module.emitError("the host's target emits no objects");
  codegen.run(*llvmModule);
  return std::string(object.begin(), object.end());
}

//===----------------------------------------------------------------------===//
// Link
//===----------------------------------------------------------------------===//

std::optional<std::string> attn::findLinker() {
  if (const char *path = std::getenv("ATTN_LLD"))
    return std::string(path);
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  if (auto found =
          llvm::sys::findProgramByName("ld.lld", {ATTN_LLVM_TOOLS_DIR}))
    return *found;
  return std::nullopt;
}

static llvm::Error linkError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The file that a package at `path` replaces: what a link leads to, and nothing
/// that is no file, such as a device.
static llvm::Expected<std::string> replaceableFile(StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status))
    return path.str(); // nothing is there yet
  if (!llvm::sys::fs::is_regular_file(status))
    return linkError("cannot write `" + path + "`: not a regular file");
  SmallString<128> resolved;
  if (auto error = llvm::sys::fs::real_path(path, resolved))
    return linkError("cannot write `" + path + "`: " + error.message());
  return resolved.str().str();
}

llvm::Error attn::linkPackage(StringRef object, StringRef path) {
  llvm::Expected<std::string> target = replaceableFile(path);
  if (!target)
    return target.takeError();
  std::optional<std::string> linker = findLinker();
  if (!linker)
    return linkError("no linker found (ld.lld)");
  SmallString<128> objectPath, sharedPath, logPath;
  auto cleanUp = llvm::scope_exit([&] {
    for (StringRef file :
         {StringRef(objectPath), StringRef(sharedPath), StringRef(logPath)})
      if (!file.empty())
        llvm::sys::fs::remove(file);
  });
  // The file is made beside the result, so that it can be renamed into place.
  if (auto error =
          llvm::sys::fs::createUniqueFile(*target + ".tmp-%%%%%%", sharedPath))
    return linkError("cannot write `" + path + "`: " + error.message());
  if (llvm::sys::fs::createTemporaryFile("attn", "o", objectPath) ||
      llvm::sys::fs::createTemporaryFile("attn", "log", logPath))
    return linkError("no temporary file could be made");
  std::error_code code;
  {
    llvm::raw_fd_ostream stream(objectPath, code);
    stream << object;
  }
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(logPath),
                                          StringRef(logPath)};
  int status = llvm::sys::ExecuteAndWait(
      *linker,
      {*linker, "-shared", "--build-id=none", "-z", "noexecstack",
       "--hash-style=gnu", "-soname", llvm::sys::path::filename(path),
       objectPath, "-o", sharedPath},
      std::nullopt, redirects);
  if (status != 0) {
    auto log = llvm::MemoryBuffer::getFile(logPath);
    return linkError(
        "linking failed: " +
        (log ? (*log)->getBuffer().split('\n').first : StringRef()));
  }
  // Temporary files are private; a package is as the user's umask says.
  llvm::sys::fs::setPermissions(
      sharedPath,
      static_cast<llvm::sys::fs::perms>(0777 & ~llvm::sys::fs::getUmask()));
  if (auto error = llvm::sys::fs::rename(sharedPath, *target))
    return linkError("cannot write `" + path + "`: " + error.message());
  return llvm::Error::success();
}
