//===- BuildEntries.cpp - The C entries of each function ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, …) {                 llvm.func @attnpkg_f(%stream, %args,
//     cf.assert …                             %results) -> i32 {
//     %e = tensor.empty(…)                  check every tensor and rule
//     %o = tile.launch @kernels::@f_0  =>   attnrtLaunch(…)
//     return %o                             return 0
//   }                                     }
//                                         llvm.func @attnpkg_f__shapes(…) …
//
// Kernels are launched by a call of the runtime and not by gpu.launch_func:
// that operation has no way to say that a launch failed.
//
//===----------------------------------------------------------------------===//

#include "HostEntry.h"
#include "JudgeEntry.h"
#include "Kernels.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Symbols.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Package/Passes.h"
#include "attnrt/PackageFormat.h"
#include "llvm/ADT/StringSet.h"

namespace attn {
#define GEN_PASS_DEF_BUILDENTRIES
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr StringLiteral kJudgeSuffixes[] = {
    attnrt::kReferenceSuffix, attnrt::kBaselineSuffix, attnrt::kFlopsSuffix};

namespace {

struct BuildEntries : public attn::impl::BuildEntriesBase<BuildEntries> {
  void getDependentDialects(DialectRegistry &registry) const override {
    BuildEntriesBase::getDependentDialects(registry);
    registerHostSteps(registry);
  }
  using BuildEntriesBase::BuildEntriesBase;
  void runOnOperation() override;

private:
  LogicalResult buildFor(func::FuncOp function, SymbolTable &symbols);
  LogicalResult buildJudges(func::FuncOp function, SymbolTable &symbols);
  void describe(func::FuncOp function, LLVM::LLVMFuncOp entry);
  LogicalResult checkKind(LaunchOp launch, Operation *kernel);
  LogicalResult emitKernelDescriptor(LaunchOp launch, SymbolTable &symbols);

  std::optional<bool> isForProcessors; // of the kernels so far
};

} // namespace

/// A package has code for GPUs or for processors.
LogicalResult BuildEntries::checkKind(LaunchOp launch, Operation *kernel) {
  bool isForProcessor = processorOf(kernel);
  if (!isForProcessors)
    isForProcessors = isForProcessor;
  if (*isForProcessors == isForProcessor)
    return success();
  return launch.emitOpError("expected all kernels to be for GPUs, or all for "
                            "processors");
}

/// AttnrtKernel of a launched kernel, and what the package says of it.
LogicalResult BuildEntries::emitKernelDescriptor(LaunchOp launch,
                                                 SymbolTable &symbols) {
  Operation *kernel =
      SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr());
  if (!kernel || !isLoweredKernel(kernel))
    return launch.emitOpError("expected a lowered kernel; run "
                              "convert-tile-to-nvvm, or convert-tile-to-vector "
                              "for a processor, first");
  if (failed(checkKind(launch, kernel)))
    return failure();
  StringAttr name = SymbolTable::getSymbolName(kernel);
  std::string symbol = abi::kernelSymbol(name);
  if (symbols.lookup(symbol))
    return success();
  Location loc = launch.getLoc();
  Type pointer = abi::pointerType(&getContext());
  auto atModule = OpBuilder::atBlockBegin(getOperation().getBody());
  if (!symbols.lookup(abi::kModuleSymbol)) {
    auto declaration =
        LLVM::GlobalOp::create(atModule, loc, abi::moduleType(&getContext()),
                               /*isConstant=*/false, LLVM::Linkage::External,
                               abi::kModuleSymbol, Attribute());
    abi::makeHidden(declaration);
    symbols.insert(declaration);
  }
  auto descriptor = abi::emitStruct(
      atModule, loc, getOperation(), symbol, abi::kernelType(&getContext()),
      /*isConstant=*/false, [&](OpBuilder &body) -> SmallVector<Value> {
        return {
            LLVM::AddressOfOp::create(body, loc, pointer, abi::kModuleSymbol),
            abi::emitString(body, loc, symbols, name),
            LLVM::ZeroOp::create(body, loc, pointer)};
      });
  descriptor->setAttr(abi::kKernelAttr, describeKernel(kernel));
  symbols.insert(descriptor);
  return success();
}

/// The facts of the package's JSON, kept on the entry until it is written.
void BuildEntries::describe(func::FuncOp function, LLVM::LLVMFuncOp entry) {
  Builder builder(&getContext());
  SmallVector<StringRef> kernels;
  function.walk([&](LaunchOp launch) {
    kernels.push_back(launch.getKernel().getLeafReference().getValue());
  });
  SmallVector<NamedAttribute> facts = {
      builder.getNamedAttr("name", builder.getStringAttr(userNameOf(function))),
      builder.getNamedAttr("type", TypeAttr::get(function.getFunctionType())),
      builder.getNamedAttr("args", function->getAttr(kArgsAttr)),
      builder.getNamedAttr("results", function->getAttr(kResultsAttr)),
      builder.getNamedAttr("kernels", builder.getStrArrayAttr(kernels))};
  if (Attribute of = function->getAttr(kGradientOfAttr))
    facts.push_back(builder.getNamedAttr("gradient_of", of));
  entry->setAttr(abi::kFunctionAttr, builder.getDictionaryAttr(facts));
}

/// The types that attnrt/PackageFormat.h knows.
static bool isKnown(Type type, bool isResult) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() > ATTNRT_MAX_RANK)
    return false;
  Type element = tensor.getElementType();
  if (element.isF16() || element.isBF16() || element.isF32())
    return true;
  return !isResult && element.isSignlessInteger() &&
         llvm::is_contained({1, 8, 32, 64}, element.getIntOrFloatBitWidth());
}

/// * arguments and results are tensors that packages can describe;
/// * `tile.args` and `tile.results` describe them. The dialect verifies how.
static LogicalResult checkDescription(func::FuncOp function) {
  StringRef name = function.getSymName();
  auto checkTypes = [&](TypeRange types, StringRef what, bool isResult) {
    for (auto [i, type] : llvm::enumerate(types))
      if (!isKnown(type, isResult))
        return LogicalResult(emitError(function.getLoc())
                             << "expected " << what << " " << i << " of `"
                             << name << "` to be a tensor of "
                             << (isResult
                                     ? "f16, bf16 or f32"
                                     : "f16, bf16, f32, i1, i8, i32 or i64")
                             << " with at most " << int(ATTNRT_MAX_RANK)
                             << " dimensions, got " << type);
    return success();
  };
  if (failed(checkTypes(function.getArgumentTypes(), "argument",
                        /*isResult=*/false)) ||
      failed(checkTypes(function.getResultTypes(), "result",
                        /*isResult=*/true)))
    return failure();
  for (auto [attribute, what] :
       {std::pair(kArgsAttr, "argument"), std::pair(kResultsAttr, "result")})
    if (!function->hasAttr(attribute))
      return emitError(function.getLoc())
             << "expected `" << attribute << "` on `" << name
             << "`, which describes each " << what;
  return success();
}

/// * all work fills `tensor.empty`s, results that the caller allocates or what
///   only later work reads, or results that earlier work may have filled;
/// * results of work are returned, and nothing else is.
/// Views may stand between.
static LogicalResult checkFunction(func::FuncOp function) {
  for (Value value : function.front().getTerminator()->getOperands())
    if (!withoutViews(value).getDefiningOp<HostWork>())
      return emitError(function.getLoc())
             << "expected `" << function.getSymName()
             << "` to return results of launches only";
  for (Operation &op : function.front()) {
    if (!isa<HostWork>(op))
      continue;
    for (OpResult result : op.getResults()) {
      Value filled = withoutViews(destinationOf(result));
      if (!filled.getDefiningOp<tensor::EmptyOp>() &&
          !filled.getDefiningOp<HostWork>())
        return op.emitOpError("expected destinations made by tensor.empty, or "
                              "results that are filled again");
    }
  }
  return success();
}

/// The wrappers of what convert-attn-to-reference made, or the user wrote.
LogicalResult BuildEntries::buildJudges(func::FuncOp function,
                                        SymbolTable &symbols) {
  Type pointer = abi::pointerType(&getContext());
  Type i64 = IntegerType::get(&getContext(), 64);
  for (StringRef suffix : kJudgeSuffixes) {
    std::string name = (function.getSymName() + suffix).str();
    auto judge = symbols.lookup<func::FuncOp>(name);
    if (!judge)
      return emitError(function.getLoc())
             << "expected `" << name << "` beside `" << function.getSymName()
             << "`, which computes what its results are judged by";
    if (failed(checkJudge(function, judge, suffix)))
      return failure();
    judge.setPrivate();
    if (suffix == attnrt::kFlopsSuffix)
      JudgeWriter(function, judge, suffix, {pointer}, symbols).writeFlops();
    else
      JudgeWriter(function, judge, suffix, {pointer, i64, i64}, symbols)
          .writeRows();
  }
  return success();
}

LogicalResult BuildEntries::buildFor(func::FuncOp function,
                                     SymbolTable &symbols) {
  if (failed(checkFunction(function)) || failed(checkDescription(function)))
    return failure();
  WalkResult result = function.walk([&](LaunchOp launch) {
    return WalkResult(emitKernelDescriptor(launch, symbols));
  });
  if (result.wasInterrupted())
    return failure();

  HostEntry entry(function, HostEntry::Purpose::Launch, symbols);
  HostEntry shapes(function, HostEntry::Purpose::Shapes, symbols);
  if (failed(entry.write()) || failed(shapes.write()) ||
      failed(buildJudges(function, symbols)))
    return failure();
  describe(function, entry.getEntry());
  symbols.erase(function);
  return success();
}

static bool hasWork(func::FuncOp function) {
  return !function.isExternal() &&
         llvm::any_of(function.getOps(), llvm::IsaPred<HostWork>);
}

/// The symbols of a module that some of its operations refer to, at any
/// distance.
static llvm::StringSet<> symbolsBehind(ModuleOp module,
                                       ArrayRef<Operation *> roots) {
  llvm::StringSet<> symbols;
  SmallVector<Operation *> open(roots);
  while (!open.empty()) {
    Operation *op = open.pop_back_val();
    symbols.insert(SymbolTable::getSymbolName(op));
    auto uses = SymbolTable::getSymbolUses(op);
    for (SymbolTable::SymbolUse use :
         uses ? *uses : SymbolTable::UseRange({})) {
      StringAttr name = use.getSymbolRef().getRootReference();
      Operation *used = module.lookupSymbol(name);
      if (used && !symbols.contains(name))
        open.push_back(used);
    }
  }
  return symbols;
}

/// What a module or function says to other compilers (a data layout, assembly,
/// a linkage) is not for the host code of a package, which is compiled for the
/// machine that compiles.
static void dropAttributes(ModuleOp module, ArrayRef<func::FuncOp> described) {
  module->setDiscardableAttrs(ArrayRef<NamedAttribute>());
  for (auto function : module.getOps<func::FuncOp>()) {
    function.removeArgAttrsAttr();
    function.removeResAttrsAttr();
    if (!llvm::is_contained(described, function) && !isLoweredKernel(function))
      function->setDiscardableAttrs(ArrayRef<NamedAttribute>());
  }
}

/// A package has the functions that launch kernels, their judges, and what
/// these refer to. What else the module holds is left out.
static void eraseOthers(ModuleOp module, ArrayRef<func::FuncOp> functions) {
  SmallVector<Operation *> roots(functions.begin(), functions.end());
  for (func::FuncOp function : functions)
    for (StringRef suffix : kJudgeSuffixes)
      if (Operation *judge =
              module.lookupSymbol((function.getSymName() + suffix).str()))
        roots.push_back(judge);
  llvm::StringSet<> kept = symbolsBehind(module, roots);
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    auto name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
    if (!name || !kept.contains(name))
      op.erase();
  }
}

/// Callers choose functions by the names that users gave.
static LogicalResult checkNames(ArrayRef<func::FuncOp> functions) {
  llvm::StringSet<> names;
  for (func::FuncOp function : functions)
    if (!names.insert(userNameOf(function)).second)
      return emitError(function.getLoc())
             << "expected another name than that of a function before, got `"
             << userNameOf(function) << "`";
  return success();
}

/// A package is called through its functions only.
static LogicalResult expectNoKernels(ModuleOp module) {
  SmallVector<FunctionOpInterface> kernels;
  for (auto ofGpus : module.getOps<gpu::GPUModuleOp>())
    llvm::append_range(kernels, ofGpus.getOps<FunctionOpInterface>());
  for (auto function : module.getOps<func::FuncOp>())
    if (processorOf(function))
      kernels.push_back(function);
  for (FunctionOpInterface kernel : kernels)
    if (!kernel.isExternal())
      return emitError(kernel.getLoc())
             << "expected a function that launches `" << kernel.getName()
             << "`; a package is called through its functions";
  return success();
}

void BuildEntries::runOnOperation() {
  isForProcessors.reset();
  auto functions =
      llvm::filter_to_vector(getOperation().getOps<func::FuncOp>(), hasWork);
  if (functions.empty()) {
    if (needsFunctions && failed(expectNoKernels(getOperation())))
      signalPassFailure();
    return;
  }
  if (failed(checkNames(functions)))
    return signalPassFailure();
  eraseOthers(getOperation(), functions);
  dropAttributes(getOperation(), functions);
  SymbolTable symbols(getOperation());
  for (func::FuncOp function : functions)
    if (failed(buildFor(function, symbols)))
      return signalPassFailure();
}
